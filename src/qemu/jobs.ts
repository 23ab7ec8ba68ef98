/**
 * Runs a job of QEMU's block layer (block-commit, block-stream, blockdev-create) to its end.
 *
 * Invariants: it answers only when the job is gone from QEMU, whatever happened, unless QEMU itself is lost or does not
 * answer; a job that dismisses itself and one that waits to be dismissed look the same from outside. A job that
 * completed although it was to be cancelled counts as completed: its effect is there, and the caller must know.
 */
import { EcdError } from '../errors.ts';
import type { QmpClient } from './qmp.ts';
import { cancelled, throwIfAborted } from './wait.ts';

export interface JobOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes (or QEMU's own unit) done and to do, about every `pollMs`. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** How often the job is looked at. Default 500 ms. */
  readonly pollMs?: number;
  /** Called again and again while the job runs, never twice at once; its failure cancels the job. */
  readonly tick?: { readonly everyMs: number; readonly run: () => Promise<void> } | undefined;
  /** How long the job may take to end after it was told to. Default 60 s. */
  readonly cancelTimeoutMs?: number;
}

interface JobInfo {
  readonly id: string;
  readonly status: string;
  readonly 'current-progress': number;
  readonly 'total-progress': number;
  readonly error?: string;
}

/**
 * Calls `start` (which issues the command with this job id, and is not given the signal) and waits for the end. Throws what `start` throws,
 * Qemu.CommandFailed with the job's error, Cancelled, Qemu.ConnectionLost, or what `tick` threw.
 */
export async function runJob(
  qmp: QmpClient,
  jobId: string,
  start: () => Promise<unknown>,
  options: JobOptions = {},
): Promise<void> {
  throwIfAborted(options.signal, `job ${jobId}`);
  const watch = new JobWatch(qmp, jobId, options);
  try {
    try {
      await start();
    } catch (error) {
      // A late start may still have made the job: it must not run on with nobody to look at it.
      if (EcdError.is(error, 'Qemu.TimedOut')) await watch.endCancelled(error).catch(() => {});
      throw error;
    }
    await watch.end();
  } finally {
    await watch.stop();
  }
}

class JobWatch {
  readonly #qmp: QmpClient;
  readonly #id: string;
  readonly #options: JobOptions;
  readonly #end = Promise.withResolvers<void>();
  readonly #undo: (() => void)[] = [];
  #timers: NodeJS.Timeout[] = [];
  #error: string | undefined;
  #wasCancelled = false;
  #cause: unknown;
  #cancelling = false;
  #looking = false;
  #beat: Promise<void> = Promise.resolve();

  constructor(qmp: QmpClient, id: string, options: JobOptions) {
    this.#qmp = qmp;
    this.#id = id;
    this.#options = options;
    this.#end.promise.catch(() => {});
    this.#undo.push(
      qmp.on('JOB_STATUS_CHANGE', (data) => {
        if (data['id'] !== id) return;
        if (data['status'] === 'null') this.#end.resolve();
        else if (data['status'] === 'concluded') void this.#look();
      }),
      qmp.on('BLOCK_JOB_COMPLETED', (data) => {
        if (data['device'] === id && data['error'] !== undefined) this.#error = String(data['error']);
      }),
      qmp.on('BLOCK_JOB_CANCELLED', (data) => {
        if (data['device'] === id) this.#wasCancelled = true;
      }),
    );
  }

  /** Waits for the end and judges it. */
  async end(): Promise<void> {
    const { signal, tick, pollMs = 500, cancelTimeoutMs = 60_000 } = this.#options;
    const onAbort = (): void => this.#giveUp(cancelled(signal!, `job ${this.#id}`), cancelTimeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#undo.push(() => signal?.removeEventListener('abort', onAbort));
    if (signal?.aborted) onAbort();
    this.#timers.push(setInterval(() => void this.#look(), pollMs));
    if (tick !== undefined) this.#startTick(tick, cancelTimeoutMs);
    // A job that ended before the first look, with its events, is found gone.
    void this.#look();
    await this.#end.promise;
    if (this.#cause !== undefined && (this.#wasCancelled || this.#error !== undefined)) throw this.#cause;
    if (this.#wasCancelled) throw new EcdError('Cancelled', { reason: `QEMU cancelled job ${this.#id}` });
    if (this.#error !== undefined) {
      throw new EcdError('Qemu.CommandFailed', {
        command: `job ${this.#id}`,
        reason: this.#error,
        class: 'GenericError',
      });
    }
    if (this.#cause !== undefined && !EcdError.is(this.#cause, 'Cancelled')) throw this.#cause;
  }

  async endCancelled(cause: unknown): Promise<void> {
    this.#giveUp(cause, this.#options.cancelTimeoutMs ?? 60_000);
    await this.end();
  }

  /** Nothing of the watch is left behind, nor a tick under way. */
  async stop(): Promise<void> {
    for (const undo of this.#undo) undo();
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    await this.#beat;
  }

  #giveUp(cause: unknown, timeoutMs: number): void {
    if (this.#cancelling) return;
    this.#cancelling = true;
    this.#cause = cause;
    // Refused when the job is already ending by itself, which is what is waited for anyway.
    this.#qmp.execute('job-cancel', { id: this.#id }).catch(() => {});
    const late = new EcdError(
      'Qemu.TimedOut',
      { command: `job-cancel of ${this.#id}`, ms: timeoutMs },
      cause,
    );
    this.#timers.push(setTimeout(() => this.#end.reject(late), timeoutMs));
  }

  #startTick(tick: NonNullable<JobOptions['tick']>, cancelTimeoutMs: number): void {
    let busy = false;
    const beat = async (): Promise<void> => {
      busy = true;
      try {
        await tick.run();
      } catch (error) {
        this.#giveUp(error, cancelTimeoutMs);
      } finally {
        busy = false;
      }
    };
    this.#timers.push(
      setInterval(() => {
        if (!busy && !this.#cancelling) this.#beat = beat();
      }, tick.everyMs),
    );
  }

  /** Reads the job's progress; a job that waits for it is dismissed, one that is gone has ended. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const job = (await this.#qmp.execute<JobInfo[]>('query-jobs')).find((each) => each.id === this.#id);
      if (job === undefined) {
        this.#end.resolve();
        return;
      }
      this.#options.onProgress?.(job['current-progress'], job['total-progress']);
      if (job.status !== 'concluded') return;
      this.#error ??= job.error;
      await this.#qmp.execute('job-dismiss', { id: this.#id });
      this.#end.resolve();
    } catch (error) {
      // Else the next look or the job's own event decides.
      if (!this.#qmp.isOpen) {
        this.#end.reject(
          new EcdError('Qemu.ConnectionLost', { what: `QEMU, which ran job ${this.#id}` }, error),
        );
      }
    } finally {
      this.#looking = false;
    }
  }
}
