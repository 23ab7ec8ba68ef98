/**
 * What the parts of an open vault share: store, index, cache, holds, and reading objects.
 *
 * Invariants: nothing is answered that does not have its name; a pack that is gone is looked up again, for collection
 * may just have moved the object; a vault that cannot be reached is told apart from one that has lost a pack.
 */
import { EcdError } from '../errors.ts';
import { decode, hex, type Name, type ObjectType } from './codec.ts';
import type { Holds } from './holds.ts';
import type { IndexDb, Located } from './index-db.ts';
import { readStored } from './pack-reader.ts';
import { PageCache } from './page-cache.ts';
import { type Log, reconcile } from './reconcile.ts';
import type { Store } from './store.ts';
import type { PageSource } from './tree.ts';

/** 1,024 pages of 8 KiB. */
const CACHED_PAGES = 1024;
const ATTEMPTS = 4;

export interface Format {
  readonly id: string;
  readonly chunkSize: number;
  readonly fanout: number;
}

export class VaultContext implements PageSource {
  readonly cache = new PageCache(CACHED_PAGES);
  readonly store: Store;
  readonly index: IndexDb;
  readonly holds: Holds;
  readonly format: Format;
  readonly log: Log;
  readonly readonly: boolean;
  #refreshing: Promise<unknown> | null = null;

  constructor(parts: {
    store: Store;
    index: IndexDb;
    holds: Holds;
    format: Format;
    log: Log;
    readonly: boolean;
  }) {
    this.store = parts.store;
    this.index = parts.index;
    this.holds = parts.holds;
    this.format = parts.format;
    this.log = parts.log;
    this.readonly = parts.readonly;
  }

  get chunkSize(): number {
    return this.format.chunkSize;
  }

  get fanout(): number {
    return this.format.fanout;
  }

  async page(name: Name): Promise<Buffer> {
    const cached = this.cache.get(name);
    if (cached !== undefined) return cached;
    const page = await this.object('p', name);
    this.cache.set(name, page);
    return page;
  }

  /** An object's verified content. Throws `Vault.Damaged` when it is missing or damaged. */
  async object(type: ObjectType, name: Name): Promise<Buffer> {
    let why = 'is missing';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const at = this.index.locate(name);
      const id = at === null ? undefined : this.index.packHex(at.pack);
      if (at !== null && id !== undefined) {
        const data = await readStored(this.store, id, at);
        if (data !== null) {
          return decode({ type, name, codec: at.codec, rawLength: at.raw, data });
        }
        why = `is missing: its pack ${id} is gone`;
        if (this.#moved(name, at)) continue;
      }
      // Another process may have written or moved it since this one looked.
      if (!this.readonly || attempt > 0) break;
      await this.refresh();
    }
    await this.assertReachable();
    throw new EcdError('Vault.Damaged', { what: `object ${hex(name)} ${why}` });
  }

  #moved(name: Name, was: Located): boolean {
    const now = this.index.locate(name);
    return now !== null && now.pack !== was.pack;
  }

  /** Brings a reader's index up to date; callers at the same time share one run. */
  async refresh(): Promise<void> {
    this.#refreshing ??= reconcile(this.store, this.index, this.log).finally(() => {
      this.#refreshing = null;
    });
    await this.#refreshing;
  }

  /** Throws `Vault.Unavailable` when the vault is not where it was. */
  async assertReachable(): Promise<void> {
    if ((await this.store.getRecord('vault.json')) === null) {
      throw new EcdError('Vault.Unavailable', { reason: `no vault.json in ${this.store.location}` });
    }
  }
}
