/**
 * Runs the programs that make the image.
 *
 * Invariant: a program that fails ends the build with what it said and what to do.
 */
import { execFile } from 'node:child_process';
import { EcdError } from '../src/errors.ts';

const DEADLINE_MS = 600_000;
const NO_SPACE = 'The disk is full: free 1 GB and try again.';

/** A build error: what went wrong, what to do. */
export function failed(reason: string, advice: string, cause?: unknown): EcdError {
  return new EcdError('Image.BuildFailed', { reason, advice }, cause);
}

/** Standard output of a program; `input` is fed to it. Throws Image.BuildFailed when it fails or takes over 10 minutes. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: Buffer; signal?: AbortSignal } = {},
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const child = execFile(
    program,
    [...args],
    {
      cwd: options.cwd,
      signal: options.signal,
      env: { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, ...options.env },
      encoding: 'buffer',
      maxBuffer: 256 << 20,
      timeout: DEADLINE_MS,
    },
    (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const said = stderr.toString().trim().split('\n').slice(-6).join('\n');
      const advice = missing
        ? `Install ${program}: node scripts/setup.mjs does it.`
        : /No space left/.test(said)
          ? NO_SPACE
          : /resolv|connect|Failed to fetch/i.test(said)
            ? 'Look whether the package server of this system can be reached.'
            : 'Look at the message.';
      reject(
        failed(missing ? `${program} is missing` : `${program}: ${said || error.message}`, advice, error),
      );
    },
  );
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input ?? '');
  return promise;
}
