/** What the documents say of the checkout. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SOURCE = /`((?:src|test|acceptance|bench|images|scripts|console)\/[\w./-]+\.(?:ts|tsx|mjs|sh))`/g;

test.each([
  'README.md',
  'CONTRIBUTING.md',
  'acceptance/COVERAGE.md',
  'src/vault/README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
])('%s names only files that are there', (document) => {
  const named = [...readFileSync(join(ROOT, document), 'utf8').matchAll(SOURCE)].map(([, file]) => file!);
  expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});
