/** The most recently used pages, decoded and verified. Invariant: never more than `limit` pages. */
import type { Name } from './codec.ts';

export class PageCache {
  readonly #pages = new Map<string, Buffer>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(name: Name): Buffer | undefined {
    const key = name.toString('latin1');
    const page = this.#pages.get(key);
    if (page !== undefined) {
      this.#pages.delete(key);
      this.#pages.set(key, page);
    }
    return page;
  }

  set(name: Name, page: Buffer): void {
    this.#pages.set(name.toString('latin1'), page);
    if (this.#pages.size > this.#limit) this.#pages.delete(this.#pages.keys().next().value!);
  }

  /** Forgets everything: what was deleted shall not be found here. */
  clear(): void {
    this.#pages.clear();
  }
}
