/** When the console is built anew: what its build depends on, and what it does not. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const { buildConsole, consoleSources, consoleUpToDate } = (await import('./console.mjs' as string)) as {
  buildConsole(root: string, node: string): Promise<void>;
  consoleSources(root: string): string;
  consoleUpToDate(root: string): boolean;
};

let root: string;
const write = (file: string, text: string) => writeFileSync(join(root, file), text);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'openecd-build-'));
  for (const folder of ['src', 'dist', '.build'])
    mkdirSync(join(root, 'console', folder), { recursive: true });
  write('console/src/a.ts', 'one');
  write('package-lock.json', '{}');
});
afterEach(() => rmSync(root, { recursive: true }));

test('sources and locked packages count; tests and what was built do not', () => {
  const before = consoleSources(root);
  write('console/src/a.test.ts', 'x');
  write('console/dist/index.html', 'x');
  write('console/.build/index.html', 'x');
  expect(consoleSources(root)).toBe(before);
  write('console/src/a.ts', 'two');
  const changed = consoleSources(root);
  expect(changed).not.toBe(before);
  write('package-lock.json', '{"new": 1}');
  expect(consoleSources(root)).not.toBe(changed);
});

test('a build is up to date as long as its sources are the same', () => {
  expect(consoleUpToDate(root)).toBe(false);
  write('console/dist/.sources', consoleSources(root));
  expect(consoleUpToDate(root)).toBe(true);
  write('console/src/b.tsx', 'new');
  expect(consoleUpToDate(root)).toBe(false);
});

test('a build that fails says why and leaves the one that is there', async () => {
  write('console/vite.config.ts', '');
  write('console/dist/index.html', 'the old one');
  const failed = buildConsole(root, process.execPath);
  await expect(failed).rejects.toThrow(/could not be built:[\s\S]*vite/);
  expect(readFileSync(join(root, 'console/dist/index.html'), 'utf8')).toBe('the old one');
});
