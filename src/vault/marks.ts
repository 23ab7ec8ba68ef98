/**
 * Marks what trees reach.
 *
 * Invariants: a page is walked once, however many trees share it; an unreadable page ends the marking with an error,
 * for what lies under it is unknown and nothing may be deleted; memory is 16 to 40 bytes a page and 6 to 12 a chunk.
 */
import { setImmediate } from 'node:timers/promises';
import { NAME_BYTES, type Name } from './codec.ts';
import type { VaultContext } from './context.ts';
import { NameSet } from './name-set.ts';
import type { Root } from './root.ts';
import { isZeroName, nodePage, viewOf } from './tree.ts';

/** Pages after which other work gets its turn although every page came from memory. */
const SLICE = 64;

export class Marks {
  readonly #context: VaultContext;
  readonly #pages: NameSet;
  readonly #chunks: NameSet;

  constructor(context: VaultContext) {
    this.#context = context;
    const packs = context.index.packs();
    const sum = (count: (pack: (typeof packs)[number]) => number) =>
      packs.reduce((total, pack) => total + count(pack), 0);
    this.#pages = new NameSet(
      4,
      sum((pack) => pack.livePages),
    );
    this.#chunks = new NameSet(
      1,
      sum((pack) => pack.liveChunks),
    );
  }

  has(name: Name): boolean {
    return this.#chunks.has(name) || this.#pages.has(name);
  }

  /** Marks a tree. Throws `Vault.Damaged` for a page that cannot be read. */
  async root(root: Root, signal: AbortSignal): Promise<void> {
    const view = viewOf(this.#context, root);
    const stack = [{ name: root.name, level: view.height }];
    for (let walked = 0; stack.length > 0; ) {
      const { name, level } = stack.pop()!;
      if (isZeroName(name) || !this.#pages.add(name)) continue;
      signal.throwIfAborted();
      if (++walked % SLICE === 0) await setImmediate();
      const source = { ...this.#context.format, page: (n: Name) => this.#context.object('p', n) };
      const page = await nodePage(source, view, name, level);
      for (let at = 0; at < page.length; at += NAME_BYTES) {
        const child = page.subarray(at, at + NAME_BYTES);
        if (isZeroName(child)) continue;
        if (level === 1) this.#chunks.add(child);
        else if (!this.#pages.has(child)) stack.push({ name: Buffer.from(child), level: level - 1 });
      }
    }
  }
}
