/**
 * Runs a short program to its end.
 *
 * Invariants: it has a deadline, and is killed at it or on abort, and is gone when the call answers; its output is
 * bounded; nothing goes through a shell's parser; its language is C, so that its words can be read.
 */
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { EcdError } from '../errors.ts';
import type { User } from './process.ts';
import { cancelled, throwIfAborted } from './wait.ts';

export interface RunOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Default 60 s. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Kept of each stream (the first bytes of output, the last of errors). Default 4 MiB. */
  readonly maxOutputBytes?: number;
  readonly onStdout?: ((text: string) => void) | undefined;
  readonly user?: User | undefined;
  /** Address space in KiB and processor seconds it may use: for programs that read what nobody vouches for. */
  readonly limits?: { readonly memoryKiB: number; readonly cpuSeconds: number } | undefined;
}

export interface RunResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Gives exit code and output, whatever they are. Throws Qemu.StartFailed, Qemu.TimedOut or Cancelled. */
export async function runProgram(options: RunOptions): Promise<RunResult> {
  const { timeoutMs = 60_000, signal, maxOutputBytes = 4 * 1024 * 1024 } = options;
  const name = basename(options.program);
  throwIfAborted(signal, name);
  const [program, args] = command(options);
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    ...(options.user ? { uid: options.user.uid, gid: options.user.gid } : {}),
  });
  let stdout = Buffer.alloc(0);
  let stderr = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    options.onStdout?.(chunk.toString('latin1'));
    if (stdout.length < maxOutputBytes) stdout = Buffer.concat([stdout, chunk]).subarray(0, maxOutputBytes);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-maxOutputBytes);
  });
  let failure: EcdError | undefined;
  const end = (error: EcdError): void => {
    failure ??= error;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(
    () => end(new EcdError('Qemu.TimedOut', { command: name, ms: timeoutMs })),
    timeoutMs,
  );
  const onAbort = (): void => end(cancelled(signal!, name));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) =>
        reject(new EcdError('Qemu.StartFailed', { program: name, reason: error.message }, error)),
      );
      child.once('close', resolve);
    });
    if (failure !== undefined) throw failure;
    return { exitCode, stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Like runProgram; throws Qemu.CommandFailed with its last words when it does not end with 0. */
export async function runOk(options: RunOptions): Promise<RunResult> {
  const result = await runProgram(options);
  if (result.exitCode !== 0) throw programFailed(options, result);
  return result;
}

export function programFailed(options: RunOptions, result: RunResult): EcdError {
  const words = result.stderr.trim().split('\n').slice(-3).join(' ').slice(-600);
  const reason = words || `it ended with ${result.exitCode ?? 'a signal'}`;
  const name = `${basename(options.program)} ${options.args[0] ?? ''}`.trim();
  return new EcdError('Qemu.CommandFailed', { command: name, reason, class: 'ExitCode' });
}

function command(options: RunOptions): [string, string[]] {
  const { limits } = options;
  if (limits === undefined) return [options.program, [...options.args]];
  const script = 'ulimit -v "$1" && ulimit -t "$2" && shift 2 && exec "$@"';
  const numbers = [String(limits.memoryKiB), String(limits.cpuSeconds)];
  return ['/bin/sh', ['-c', script, 'sh', ...numbers, options.program, ...options.args]];
}
