#!/usr/bin/env node
/**
 * `npm run pack`: the npm package as a file. Plain JavaScript for Node 20 and newer.
 *
 * Not npm's `prepack`: this project runs no install scripts (.npmrc), and that setting ends `prepack` too.
 *
 * Invariant: the file appears whole or not at all, and nothing else is left behind.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { npm, setup } from './setup.mjs';
import { run, tail, UserError } from './terminal.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const HELP = `Usage: npm run pack [-- --out DIR]

Makes openecd-VERSION.tgz, which \`npm install FILE\` takes: JavaScript, and production dependencies only.

  --out DIR  where it goes (the current directory)
`;

/**
 * Lays the installed form out in a new folder, with a Node that can. @param {string} node @param {string} folder
 * @param {string[]} version none: the checkout's
 */
export async function layOutWith(node, folder, ...version) {
  const script = join(ROOT, 'scripts/package-tree.mjs');
  const { code, output } = await run(node, [
    '--disable-warning=ExperimentalWarning',
    script,
    folder,
    ...version,
  ]);
  if (code !== 0) throw new UserError(`The package could not be laid out:\n${tail(output)}`);
}

/** A folder for unfinished work, on the checkout's own file system. @param {string} name */
export function workFolder(name) {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  return mkdtempSync(join(ROOT, '.cache', `${name}-`));
}

async function main() {
  const { values } = parseArgs({ options: { out: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) return void process.stdout.write(HELP);
  const out = resolve(values.out ?? '.');
  const { node } = await setup({ yes: true, programs: false });
  mkdirSync(out, { recursive: true });
  const work = workFolder('pack');
  const made = mkdtempSync(join(out, '.pack-'));
  try {
    const tree = join(work, 'package');
    await layOutWith(node, tree);
    const said = await npm(['pack', '--json', '--pack-destination', made, tree], node);
    const { filename } = JSON.parse(said.slice(said.indexOf('[')))[0];
    renameSync(join(made, filename), join(out, filename));
    process.stdout.write(`${join(out, filename)}\n`);
  } finally {
    for (const one of [work, made]) rmSync(one, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error) => {
    process.stderr.write(`${error instanceof UserError ? error.message : error.stack}\n`);
    process.exitCode = 1;
  });
}
