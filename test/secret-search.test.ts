/** Every test that starts a service looks for secrets at its end in what the service has told and left. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
/** By the command, by the unit of the Debian package, by the demo, or by the crash tests' child. */
const STARTS = /\['serve'|spawn\([^;]*'serve'|\^ExecStart=|scripts\/demo\.mjs|'\.\/child\.ts'/;
const SEARCHES = /\b(searchLeft|demandNoLeaks)\(/;

/** The product and its scripts, and unit tests, whose `serve` runs in their own process by run-cli.ts, which searches. */
const NOT_BEDS = /^(src|scripts)\/(?!.*(\.integ\.ts$|\/testing\/))|\.test\.ts$/;

const files = ['acceptance', 'test', 'src', 'images', 'scripts'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);
const beds = files.filter(
  (file) => !NOT_BEDS.test(file) && STARTS.test(readFileSync(join(ROOT, file), 'utf8')),
);

test('the beds that start a service are those that are known', () => {
  expect(beds.sort()).toEqual([
    'acceptance/support/service.ts',
    'src/cli/serve.integ.ts',
    'test/crash/bed.ts',
    'test/deb.integ.ts',
    'test/demo.e2e.ts',
    'test/package.integ.ts',
  ]);
});

test.each(beds)('%s searches', (file) => {
  expect(readFileSync(join(ROOT, file), 'utf8')).toMatch(SEARCHES);
});
