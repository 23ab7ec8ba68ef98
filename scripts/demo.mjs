#!/usr/bin/env node
/**
 * `npm run demo`: the set-up, then the demo itself (scripts/demo/main.ts) with the Node that the set-up found or fetched.
 * Plain JavaScript for Node 20 and newer.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setup } from './setup.mjs';
import { UserError } from './terminal.mjs';

const HELP = `Usage: npm run demo [-- --once | --detach | --stop] [--data DIR] [--yes]

Sets everything up, builds the demo guest image once, starts the service on 127.0.0.1, and shows in front of you, through
the API alone, that a snapshot of a running desktop brings its disk back.

  --once      stop desktop and service at the end; exit code 0 only if the content was the first one again
  --detach    leave desktop and service running and print the command that stops them
  --stop      stop what --detach left running
  --data DIR  where the service keeps its data (/var/lib/openecd-demo as root, else ~/.local/share/openecd-demo)
  --yes       install missing Debian packages without asking

Without --once or --detach it runs on until Ctrl-C.
`;

async function main() {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(HELP);
  const { node } = await setup({ yes: args.includes('--yes') });
  const script = join(import.meta.dirname, 'demo/main.ts');
  const passed = args.filter((arg) => arg !== '--yes');
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, ...passed], {
    stdio: 'inherit',
  });
  // Ctrl-C reaches the demo itself, which stops what it started; this process only waits for it.
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
