/** Waiting, one at a time, and giving up: the few tools of that kind everything shares. */
import { EcdError } from './errors.ts';

/** Waits `ms` milliseconds, or throws `Cancelled` when the signal is aborted first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new EcdError('Cancelled', { reason: 'stopped while waiting' }));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Waits for `work`, or throws Cancelled as soon as the signal is aborted; nothing stays behind on the signal. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(new EcdError('Cancelled', { reason: 'it was called off' }));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Runs tasks one after another in the order of their call. A task that throws does not stop the next. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task, task);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** One mutex for each key; a key costs nothing once its queue is empty. */
export class KeyedMutex {
  readonly #queues = new Map<string, { mutex: Mutex; users: number }>();

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? { mutex: new Mutex(), users: 0 };
    this.#queues.set(key, queue);
    queue.users++;
    try {
      return await queue.mutex.run(task);
    } finally {
      if (--queue.users === 0) this.#queues.delete(key);
    }
  }
}

/** Like Mutex, but tasks that are shared run beside each other: only not beside one that runs alone. */
export class SharedMutex {
  #alone: Promise<unknown> = Promise.resolve();
  /** Shared tasks begun, or waiting, since the last one that runs alone. */
  #shared = new Set<Promise<unknown>>();

  /** Alone: after all tasks before it, and before all after it. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const before = Promise.all([this.#alone, ...this.#shared]);
    this.#shared = new Set();
    const result = before.then(task);
    this.#alone = result.catch(() => {});
    return result;
  }

  share<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#alone.then(task);
    const shared = this.#shared;
    const ended = result.catch(() => {}).finally(() => shared.delete(ended));
    shared.add(ended);
    return result;
  }
}

/** At most `size` tasks at once; the others wait in the order of their call. */
export class Limiter {
  #free: number;
  readonly #size: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
    this.#size = size;
  }

  /** Nothing runs or waits. */
  get idle(): boolean {
    return this.#free === this.#size;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
