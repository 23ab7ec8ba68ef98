/**
 * Lets one settle of a disk run at a time, and whoever needs the disk's files to stand still stop it.
 *
 * Invariants: when `pause` has answered, no settle of the disk runs and none begins until every pause was resumed; a
 * settle that is told to stop ends as Cancelled, or as done when it was just finished.
 */
import { EcdError } from '../errors.ts';

interface Entry {
  pauses: number;
  running: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
}

export class SettleGate {
  readonly #disks = new Map<string, Entry>();
  readonly #resumed: (diskId: string) => void;

  /** `resumed` is called when the last pause of a disk has ended. */
  constructor(resumed: (diskId: string) => void) {
    this.#resumed = resumed;
  }

  /** Runs a settle. Throws Cancelled at once while the disk is paused. */
  async run<T>(diskId: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const entry = this.#entry(diskId);
    if (entry.pauses > 0 || entry.running !== undefined) {
      throw new EcdError('Cancelled', { reason: `the settle of ${diskId} is paused` });
    }
    const abort = new AbortController();
    const done = Promise.withResolvers<void>();
    entry.running = { abort, done: done.promise };
    try {
      return await work(abort.signal);
    } finally {
      entry.running = undefined;
      done.resolve();
      this.#forget(diskId, entry);
    }
  }

  /** Stops the settle of a disk, waits for its end and keeps new ones off until `resume` is called (once). */
  async pause(diskId: string): Promise<{ resume(): void }> {
    const entry = this.#entry(diskId);
    entry.pauses++;
    entry.running?.abort.abort();
    await entry.running?.done;
    let resumed = false;
    return {
      resume: () => {
        if (resumed) return;
        resumed = true;
        entry.pauses--;
        if (entry.pauses === 0) this.#resumed(diskId);
        this.#forget(diskId, entry);
      },
    };
  }

  #entry(diskId: string): Entry {
    let entry = this.#disks.get(diskId);
    if (entry === undefined) {
      entry = { pauses: 0, running: undefined };
      this.#disks.set(diskId, entry);
    }
    return entry;
  }

  #forget(diskId: string, entry: Entry): void {
    if (entry.pauses === 0 && entry.running === undefined) this.#disks.delete(diskId);
  }
}
