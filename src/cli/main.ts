/**
 * The entry of `openecd`: connects the process with `run`.
 *
 * Invariants: the first Ctrl-C or SIGTERM asks the command to end, the second ends the process; a reader that goes away
 * (`openecd ... | head`) is no failure worth a word.
 */
import { run } from './run.ts';

// Whatever is made here is the owner's, unless a part says otherwise.
process.umask(0o077);

const controller = new AbortController();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    if (controller.signal.aborted) process.exit(code);
    controller.abort(signal);
  });
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  binary: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: controller.signal,
});
