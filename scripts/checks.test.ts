/** The check of the length of files, and the set-up's command line as a user with an old machine meets it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openecd-checks-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('a source file of 301 lines is found, one of 300 is not, other files do not count', async () => {
  const { tooLong } = (await import('./checks.mjs' as string)) as { tooLong: (root: string) => string[] };
  mkdirSync(join(folder, 'src/deep'), { recursive: true });
  writeFileSync(join(folder, 'src/deep/long.ts'), '//\n'.repeat(301));
  writeFileSync(join(folder, 'src/just.mjs'), '//\n'.repeat(300));
  writeFileSync(join(folder, 'src/data.json'), '\n'.repeat(1000));
  expect(tooLong(folder)).toEqual(['src/deep/long.ts: 301 lines, 300 at the most']);
});

function setup(args: string[], path: string) {
  const env = { PATH: path };
  return spawnSync(process.execPath, [join(ROOT, 'scripts/setup.mjs'), ...args], { encoding: 'utf8', env });
}

test('--check lists each missing program with its package and fails', () => {
  const { status, stdout } = setup(['--check'], folder);
  expect(status).toBe(1);
  expect(stdout).toMatch(/qemu-system-x86_64 \(Debian: qemu-system-x86\)/);
  expect(stdout).toMatch(/qemu-img \(Debian: qemu-utils\)/);
});

test('without apt it says exactly what to install, and installs nothing', () => {
  const { status, stderr } = setup([], folder);
  expect(status).toBe(1);
  expect(stderr).toMatch(/These programs are missing:\nqemu-system-x86_64: .*\(Debian: qemu-system-x86\)/);
  expect(stderr).toMatch(/package manager of this system/);
});

test('an unknown option is refused with the usage', () => {
  const { status, stderr } = setup(['--chekc'], folder);
  expect(status).toBe(1);
  expect(stderr).toMatch(/Unknown option --chekc[\s\S]*Usage:/);
});

test('the launcher with an old Node says which set-up to run', () => {
  for (const part of ['bin', 'scripts', 'old']) mkdirSync(join(folder, part));
  spawnSync('cp', [join(ROOT, 'bin/openecd'), join(folder, 'bin/')]);
  writeFileSync(join(folder, 'scripts/setup.mjs'), '');
  writeFileSync(join(folder, 'old/node'), '#!/bin/sh\necho v20.20.2\n', { mode: 0o755 });
  const env = { PATH: `${join(folder, 'old')}:/usr/bin:/bin` };
  const { status, stderr } = spawnSync(join(folder, 'bin/openecd'), ['help'], { encoding: 'utf8', env });
  expect(status).toBe(1);
  expect(stderr).toContain(
    `needs Node 24.14 or newer (found: v20.20.2). Set it up with: node ${folder}/scripts/setup.mjs`,
  );
});

test('the launcher of a package of TypeScript, which Node would refuse, says how a right one is made', () => {
  const root = join(folder, 'node_modules/openecd');
  for (const part of ['bin', 'src/cli', 'node_modules']) mkdirSync(join(root, part), { recursive: true });
  spawnSync('cp', [join(ROOT, 'bin/openecd'), join(root, 'bin/')]);
  writeFileSync(join(root, 'src/cli/main.ts'), '');
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
  const { status, stderr } = spawnSync(join(root, 'bin/openecd'), ['help'], { encoding: 'utf8', env });
  expect([status, stderr]).toEqual([1, expect.stringContaining('`npm run pack`')]);
});
