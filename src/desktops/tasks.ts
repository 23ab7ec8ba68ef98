/**
 * Work that goes on after a request was answered.
 *
 * Invariants: tasks of one desktop run one after another in the order of their call; a task never throws to anybody
 * (it is logged); `cancel` aborts what was given before it and nothing after; after `close` no task begins.
 */
import type { Logger } from 'pino';
import { KeyedMutex } from '../async.ts';

export type Task = (signal: AbortSignal) => Promise<void>;

export class Tasks {
  readonly #queues = new KeyedMutex();
  readonly #controllers = new Map<string, Set<AbortController>>();
  readonly #running = new Set<Promise<void>>();
  readonly #log: Logger;
  #closed = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Queues a task; the promise resolves when it has ended, whatever its end. */
  start(desktopId: string, name: string, task: Task): Promise<void> {
    const controller = new AbortController();
    const set = this.#controllers.get(desktopId) ?? new Set();
    this.#controllers.set(desktopId, set.add(controller));
    const done = this.#queues
      .run(desktopId, async () => {
        if (!this.#closed) await task(controller.signal);
      })
      .catch((err: unknown) => {
        if (!controller.signal.aborted)
          this.#log.error({ err, desktop: desktopId, task: name }, 'a task failed');
      })
      .finally(() => {
        set.delete(controller);
        if (set.size === 0 && this.#controllers.get(desktopId) === set) this.#controllers.delete(desktopId);
        this.#running.delete(done);
      });
    this.#running.add(done);
    return done;
  }

  cancel(desktopId: string): void {
    for (const controller of this.#controllers.get(desktopId) ?? []) controller.abort();
  }

  /** Resolves when nothing runs any more, also of what was begun meanwhile. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const set of this.#controllers.values()) for (const controller of set) controller.abort();
    await this.settled();
  }
}
