/**
 * Progress of what takes longer than a moment, on standard error.
 *
 * Invariants: nothing is shown of what is over within two seconds (one on a terminal); on a terminal it is one line that
 * is drawn over and gone at the end; elsewhere it is a plain line now and then, so that a log stays readable; it never
 * writes to standard output.
 */
import type { Output } from './command.ts';
import { bytesText, timeText } from './output.ts';

const TERMINAL = { firstMs: 1000, everyMs: 200 };
const PLAIN = { firstMs: 2000, everyMs: 10_000 };

export interface ProgressOptions {
  readonly out: Output;
  /** `bytes`: done and total are bytes; `percent`: total is 100. */
  readonly unit: 'bytes' | 'percent';
  /** Milliseconds of a steady clock. */
  readonly now?: () => number;
}

export class Progress {
  readonly #label: string;
  readonly #out: Output;
  readonly #unit: 'bytes' | 'percent';
  readonly #now: () => number;
  readonly #began: number;
  readonly #timer: NodeJS.Timeout | undefined;
  #shownAt: number | null = null;
  #done = 0;
  #total = 0;

  constructor(label: string, options: ProgressOptions) {
    this.#label = label;
    this.#out = options.out;
    this.#unit = options.unit;
    this.#now = options.now ?? (() => performance.now());
    this.#began = this.#now();
    // A task that tells nothing for a while must still be seen to live.
    this.#timer = setInterval(() => this.#draw(), this.#out.isTTY ? TERMINAL.everyMs : 1000);
    this.#timer.unref();
  }

  update(done: number, total: number): void {
    this.#done = done;
    this.#total = total;
    this.#draw();
  }

  /** Ends the display; it is said how long it took if it was shown at all. */
  end(result = 'done'): void {
    clearInterval(this.#timer);
    if (this.#shownAt === null) return;
    this.#clear();
    this.#out.write(`${this.#label}: ${result} (${timeText(this.#now() - this.#began)})\n`);
  }

  /** Ends the display without a word: a failure says what there is to say. */
  abandon(): void {
    clearInterval(this.#timer);
    if (this.#shownAt !== null) this.#clear();
  }

  #draw(): void {
    const now = this.#now();
    const { firstMs, everyMs } = this.#out.isTTY ? TERMINAL : PLAIN;
    if (now - this.#began < firstMs) return;
    if (this.#shownAt !== null && now - this.#shownAt < everyMs) return;
    this.#shownAt = now;
    const line = `${this.#label}: ${this.#text(now - this.#began)}`;
    if (this.#out.isTTY) this.#out.write(`\r\x1b[2K${line.slice(0, (this.#out.columns ?? 80) - 1)}`);
    else this.#out.write(`${line}\n`);
  }

  #clear(): void {
    if (this.#out.isTTY) this.#out.write('\r\x1b[2K');
  }

  #text(elapsedMs: number): string {
    if (this.#total <= 0) return `working, ${timeText(elapsedMs)}`;
    const share = Math.min(1, this.#done / this.#total);
    const bar = `[${'#'.repeat(Math.round(share * 20)).padEnd(20, '-')}] ${Math.floor(share * 100)}%`;
    const amount =
      this.#unit === 'bytes'
        ? `, ${bytesText(this.#done)} of ${bytesText(this.#total)}, ${bytesText((this.#done / elapsedMs) * 1000)}/s`
        : '';
    const left = share > 0.02 && share < 1 ? `, ${timeText((elapsedMs / share) * (1 - share))} left` : '';
    return `${bar}${amount}${left}`;
  }
}

/** Runs `work` with a progress display that ends however the work does. */
export async function withProgress<T>(
  label: string,
  options: ProgressOptions,
  work: (update: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  const progress = new Progress(label, options);
  try {
    const result = await work((done, total) => progress.update(done, total));
    progress.end();
    return result;
  } catch (error) {
    progress.abandon();
    throw error;
  }
}
