/**
 * Archives images that a command put into the data directory while the service runs.
 *
 * Invariant: one image at a time; a failed one is marked by its archive and not tried again.
 */
import { describeError } from './errors.ts';
import { archiveImage, type ImageArchive } from './snapshots/image-archive.ts';

const LOOK_EVERY_MS = 1000;

export class ImageWatch {
  readonly #deps: ImageArchive;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #busy: Promise<void> | undefined;

  constructor(deps: Omit<ImageArchive, 'signal'>) {
    this.#deps = { ...deps, signal: this.#stop.signal };
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#look();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#busy;
  }

  #look(): void {
    this.#busy ??= this.#archiveAll()
      .catch((error: unknown) =>
        this.#deps.log.warn({ error: describeError(error) }, 'looking for new images failed'),
      )
      .finally(() => {
        this.#busy = undefined;
      });
  }

  async #archiveAll(): Promise<void> {
    const rows = await this.#deps.catalogue.db
      .selectFrom('images')
      .select('id')
      .where('status', '=', 'Creating')
      .execute();
    for (const { id } of rows) {
      if (this.#stop.signal.aborted) return;
      await archiveImage(this.#deps, id);
    }
  }
}
