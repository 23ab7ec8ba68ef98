/**
 * Builds the web console into console/dist, when it is not there or its sources have changed since.
 * Plain JavaScript for Node 20 and newer; Vite runs with the Node that the set-up found.
 *
 * Invariants: console/dist always holds one whole build: a new one takes its place when it is done; what it was built from
 * stands in it as a hash, so that an up-to-date build costs the reading of the sources only.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tail, task, UserError } from './terminal.mjs';

const STAMP = '.sources';
const MADE = /^(dist|\.build)/;

/** The hash of all that the build depends on. @param {string} root @returns {string} */
export function consoleSources(root) {
  const folder = join(root, 'console');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .filter((file) => !MADE.test(file) && !file.endsWith('.test.ts'))
    .sort();
  const hash = createHash('sha256');
  for (const file of [...files.map((file) => join('console', file)), 'package-lock.json']) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** @param {string} root @returns {boolean} */
export function consoleUpToDate(root) {
  try {
    return readFileSync(join(root, 'console/dist', STAMP), 'utf8') === consoleSources(root);
  } catch {
    return false;
  }
}

/** Builds it if that is needed. @param {string} root @param {string} node */
export async function buildConsole(root, node) {
  // An installed package holds the build and no sources.
  if (!existsSync(join(root, 'console/vite.config.ts')) || consoleUpToDate(root)) return;
  await task('web console', async () => {
    const sources = consoleSources(root);
    const vite = join(root, 'node_modules/vite/bin/vite.js');
    const args = ['build', '--config', join(root, 'console/vite.config.ts'), '--logLevel', 'warn'];
    const { code, output } = await run(node, [vite, ...args], { cwd: root });
    if (code !== 0) throw new UserError(`The web console could not be built:\n${tail(output, 30)}`);
    const [made, dist] = [join(root, 'console/.build'), join(root, 'console/dist')];
    writeFileSync(join(made, STAMP), sources);
    rmSync(dist, { recursive: true, force: true });
    renameSync(made, dist);
  });
}
