/** Waits that always end: by a deadline or by an abort. */
import { EcdError } from '../errors.ts';

/** The error of an aborted wait. */
export function cancelled(signal: AbortSignal, what: string): EcdError {
  return new EcdError('Cancelled', { reason: what }, signal.reason);
}

/** Throws `Cancelled` when the signal is already aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw cancelled(signal, what);
}

/** Sleeps `ms` milliseconds; an abort ends it early with `Cancelled`. */
export function sleep(ms: number, signal?: AbortSignal, what = 'a wait'): Promise<void> {
  return bounded(new Promise<void>(() => {}), {
    ms,
    signal,
    what,
    onDeadline: () => undefined,
  }) as Promise<void>;
}

export interface BoundedOptions<T> {
  readonly ms: number;
  readonly signal: AbortSignal | undefined;
  readonly what: string;
  /** Gives the answer in place of the late one, or throws. */
  readonly onDeadline: () => T;
}

/** A timer later than this tells that this process, or the whole machine, stood still. */
export const STALL_MS = 500;

/** `promise`, or what `onDeadline` says after `ms`, or `Cancelled` on abort. Never leaves a timer or listener behind. */
export function bounded<T>(promise: Promise<T>, options: BoundedOptions<T>): Promise<T> {
  const { ms, signal, what, onDeadline } = options;
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) {
      promise.catch(() => {});
      reject(cancelled(signal, what));
      return;
    }
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = (): void => settle(() => reject(cancelled(signal!, what)));
    const onTimer = (): void => {
      // Whoever did not run itself cannot tell that the other is late: the answer may lie there unread.
      const late = performance.now() - due;
      if (late > STALL_MS && !again) {
        again = true;
        arm(Math.min(ms, late));
      } else
        settle(() => {
          try {
            resolve(onDeadline());
          } catch (error) {
            reject(error);
          }
        });
    };
    let due = 0;
    let again = false;
    let timer: NodeJS.Timeout;
    const arm = (wait: number): void => {
      due = performance.now() + wait;
      timer = setTimeout(onTimer, wait);
    };
    arm(ms);
    signal?.addEventListener('abort', onAbort, { once: true });
    promise.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
  });
}
