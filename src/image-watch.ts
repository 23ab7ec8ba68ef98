/**
 * Makes images that are Creating: those that a request made, and those that a command put into the data directory.
 *
 * Invariant: one image at a time; one that fails, or waits, keeps no other from being made.
 */
import type { Logger } from 'pino';
import type { Catalogue } from './catalogue/catalogue.ts';
import { describeError } from './errors.ts';

const LOOK_EVERY_MS = 1000;

export interface ImageWatchOptions {
  readonly catalogue: Catalogue;
  readonly images: { make(id: string, signal: AbortSignal): Promise<void> };
  readonly log: Logger;
}

export class ImageWatch {
  readonly #options: ImageWatchOptions;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #busy: Promise<void> | undefined;

  constructor(options: ImageWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    void this.look();
  }

  /** Does what can be done now; resolves when it is done. */
  look(): Promise<void> {
    this.#busy ??= this.#makeAll()
      .catch((error: unknown) =>
        this.#options.log.warn({ error: describeError(error) }, 'looking for new images failed'),
      )
      .finally(() => {
        this.#busy = undefined;
      });
    return this.#busy;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#busy;
  }

  async #makeAll(): Promise<void> {
    const { catalogue, images, log } = this.#options;
    const rows = await catalogue.db
      .selectFrom('images')
      .select('id')
      .where('status', '=', 'Creating')
      .orderBy('created_at')
      .execute();
    for (const { id } of rows) {
      if (this.#stop.signal.aborted) return;
      await images.make(id, this.#stop.signal).catch((error: unknown) => {
        log.warn({ image: id, error: describeError(error) }, 'an image could not be made yet');
      });
    }
  }
}
