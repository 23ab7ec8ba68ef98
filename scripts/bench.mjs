#!/usr/bin/env node
/**
 * `npm run bench`: the set-up with what only benchmarks need, then bench/main.ts with the Node that the set-up found or
 * fetched. Plain JavaScript for Node 20 and newer.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { setup } from './setup.mjs';
import { UserError } from './terminal.mjs';

const HELP = `Usage: npm run bench [-- --only PART[,PART...]] [--quick] [--no-keep] [--results DIR] [--yes]

Measures OpenECD and what it is compared with, in one run, on this machine. Takes about 25 minutes on two cores, and once,
some more for a disk made of Debian packages (kept in .cache/bench). Nothing else should run meanwhile.

  --only PART    only these parts: freeze, peers, io, archive, memory, api, scale, vault
  --quick        small sizes and counts, to try that it works; the figures are no results and are not kept
  --no-keep      do not write bench/results/<date>-<machine>.md and .json
  --results DIR  where to write them instead
  --yes          install missing Debian packages without asking
`;

async function main() {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(HELP);
  const { node } = await setup({ yes: args.includes('--yes'), bench: true });
  const script = join(import.meta.dirname, '../bench/main.ts');
  const passed = args.filter((arg) => arg !== '--yes');
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, ...passed], {
    stdio: 'inherit',
    env,
  });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.exitCode = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? (signal ? 128 : 1)));
  });
}

main().catch((error) => {
  process.stderr.write(`${error instanceof UserError ? error.message : error.stack}\n`);
  process.exitCode = 1;
});
