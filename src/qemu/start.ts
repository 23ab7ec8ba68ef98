/** Waiting for a program that was just started to open its monitor, or saying why it did not. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { describeError, EcdError } from '../errors.ts';
import type { Log } from './log.ts';
import { isAlive, type ProcessRef } from './process.ts';
import type { QmpClient, QmpOptions } from './qmp.ts';
import { sleep } from './wait.ts';

export interface StartWait {
  readonly program: string;
  readonly process: ProcessRef;
  readonly connect: (how: QmpOptions & { readonly timeoutMs: number }) => Promise<QmpClient>;
  readonly logFile: string;
  readonly timeoutMs: number;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A session with the new program. Throws Qemu.StartFailed with its last words (`state`: whether it is `running` all the
 * same, or `ended`), or Cancelled; the caller ends it.
 */
export async function connectOrExplain(start: StartWait): Promise<QmpClient> {
  const ended = new AbortController();
  const done = new AbortController();
  const signal = start.signal === undefined ? ended.signal : AbortSignal.any([ended.signal, start.signal]);
  const watch = (async () => {
    while (isAlive(start.process)) await sleep(20, done.signal);
    ended.abort(new Error('the program has ended'));
  })().catch(() => {});
  try {
    const { timeoutMs, log } = start;
    return await start.connect({ timeoutMs, log, signal });
  } catch (error) {
    if (start.signal?.aborted) throw error;
    const words = await lastLines(start.logFile, 4);
    const reason = words || (error as Error).message;
    const state = isAlive(start.process) ? 'running' : 'ended';
    throw new EcdError('Qemu.StartFailed', { program: start.program, reason, state }, error);
  } finally {
    done.abort();
    await watch;
  }
}

/**
 * Starts a program anew when it runs and there is no talking to it: seen of QEMU 7.2's monitor once in some thousand
 * starts, when a client connects while it is being set up. `start` is given its deadline, growing from try to try, and
 * leaves no process when it throws.
 */
export async function untilAnswered<T>(
  deadlinesMs: readonly number[],
  log: Log,
  start: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  for (const [tried, timeoutMs] of deadlinesMs.entries()) {
    try {
      return await start(timeoutMs);
    } catch (error) {
      const silent = EcdError.is(error, 'Qemu.StartFailed') && error.details['state'] === 'running';
      if (!silent || tried === deadlinesMs.length - 1) throw error;
      log.warn({ error: describeError(error) }, 'a program that runs does not answer and is started anew');
    }
  }
  throw new EcdError('InternalError', {}, new Error('no deadline was given'));
}

/** The last lines of a log, at most 2,000 characters. */
export async function lastLines(file: string, lines: number): Promise<string> {
  // The folder is writable by QEMU's user: a link there must not show another file's lines.
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => null);
  if (handle === null) return '';
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, 8192);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8').trim().split('\n').slice(-lines).join('\n').slice(-2000);
  } finally {
    await handle.close();
  }
}
