/**
 * Verification.
 *
 * Invariants: it changes nothing and never throws for damage; beside writers and collection nothing sound is reported: a
 * pack that went meanwhile is asked for again, and the trees to verify are held from the first moment.
 */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { describeError, EcdError } from '../errors.ts';
import { decode, hex, NAME_BYTES, type Name } from './codec.ts';
import type { VaultContext } from './context.ts';
import { NameSet } from './name-set.ts';
import {
  decodeFooter,
  decodeIndex,
  ENTRY_BYTES,
  FOOTER_BYTES,
  HEADER_BYTES,
  type PackEntry,
  packId,
  packKey,
} from './pack-format.ts';
import { decodeRecord } from './record.ts';
import { type Root, rootKey } from './root.ts';
import { isZeroName, nodePage, viewOf } from './tree.ts';

export interface Damage {
  /**
   * `pack`: a file; `object`: one in it; `missing`: needed by a root and not there; `record`: a snapshot's record;
   * `index`: the cache says something else than the pack (delete the index file: it is made anew).
   */
  readonly kind: 'pack' | 'object' | 'missing' | 'record' | 'index';
  /** Pack id, object name as hex, or record id. */
  readonly id: string;
  readonly what: string;
  /** The root (see `rootKey`) that needs it, for `missing`. */
  readonly root?: string;
}

export interface VerifyOptions {
  readonly roots: readonly Root[];
  /** Also decompresses and hashes every object of every pack. */
  readonly data?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: { doneBytes: number; totalBytes: number }) => void;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly packs: number;
  readonly bytes: number;
  /** Objects decompressed and hashed. */
  readonly objects: number;
  /** Distinct pages and places of chunks that the roots reach. */
  readonly reached: number;
  readonly records: number;
  /** All of it counts; the list ends at 10,000. */
  readonly damageCount: number;
  readonly damage: readonly Damage[];
}

const LISTED = 10_000;
const PIECE = 4 * 1024 * 1024;

export async function verify(context: VaultContext, options: VerifyOptions): Promise<VerifyReport> {
  const ticket = context.holds.begin();
  for (const root of options.roots) context.holds.keep(ticket, root);
  try {
    return await new Verification(context, options).run();
  } catch (error) {
    if (!options.signal?.aborted || error instanceof EcdError) throw error;
    throw new EcdError('Cancelled', { reason: 'the verification was stopped' }, error);
  } finally {
    context.holds.end(ticket);
  }
}

class Verification {
  readonly #context: VaultContext;
  readonly #options: VerifyOptions;
  readonly #damage: Damage[] = [];
  #damageCount = 0;
  #bytes = 0;
  #objects = 0;
  #reached = 0;
  #records = 0;
  #packs = 0;
  /** Names of damaged objects, so that a tree that needs one is reported with it. */
  readonly #bad = new Set<string>();

  constructor(context: VaultContext, options: VerifyOptions) {
    this.#context = context;
    this.#options = options;
  }

  async run(): Promise<VerifyReport> {
    if (this.#context.readonly) await this.#context.refresh();
    await this.#verifyPacks();
    await this.#verifyRecords();
    const pages = new NameSet(4);
    for (const root of this.#options.roots) await this.#verifyTree(root, pages);
    return {
      ok: this.#damageCount === 0,
      packs: this.#packs,
      bytes: this.#bytes,
      objects: this.#objects,
      reached: this.#reached,
      records: this.#records,
      damageCount: this.#damageCount,
      damage: this.#damage,
    };
  }

  #report(damage: Damage): void {
    this.#damageCount++;
    if (this.#damage.length < LISTED) this.#damage.push(damage);
  }

  async #verifyPacks(): Promise<void> {
    const { store, index } = this.#context;
    const known = new Map(index.packs().map((pack) => [pack.hex, pack]));
    const files = (await store.list('packs/')).filter(({ key }) => packId(key) !== null);
    const totalBytes = files.reduce((sum, file) => sum + file.size, 0);
    for (const { key, size } of files) {
      this.#options.signal?.throwIfAborted();
      const id = packId(key)!;
      known.delete(id);
      await this.#verifyPack(id, size);
      this.#packs++;
      this.#bytes += size;
      this.#options.onProgress?.({ doneBytes: this.#bytes, totalBytes });
    }
    for (const pack of known.values()) {
      if (index.packHex(pack.id) !== undefined && (await store.read(packKey(pack.hex), 0, 1)) === null) {
        this.#report({ kind: 'pack', id: pack.hex, what: 'is missing' });
      }
    }
  }

  async #verifyPack(id: string, size: number): Promise<void> {
    let entries: PackEntry[];
    let pack: Buffer | null;
    let sound = true;
    try {
      pack = await this.#context.store.read(packKey(id), 0, size);
      if (pack === null) return;
      const footerBytes = pack.subarray(Math.max(0, pack.length - FOOTER_BYTES));
      const footer = decodeFooter(id, pack.length, footerBytes);
      const index = pack.subarray(footer.indexOffset, footer.indexOffset + footer.count * ENTRY_BYTES);
      entries = decodeIndex(id, pack.subarray(0, HEADER_BYTES), index, footerBytes);
      const hash = await this.#hash(pack.subarray(0, footer.indexOffset + index.length));
      if (!hash.equals(footer.packHash)) {
        sound = false;
        this.#report({ kind: 'pack', id, what: 'does not have its hash' });
      }
    } catch (error) {
      this.#report({ kind: 'pack', id, what: describeError(error) });
      return;
    }
    this.#compareIndex(id, entries);
    if (this.#options.data || !sound) await this.#verifyObjects(id, pack, entries);
  }

  #compareIndex(id: string, entries: readonly PackEntry[]): void {
    const { index } = this.#context;
    for (const entry of entries) {
      const row = index.locate(entry.name);
      if (row === null || index.packHex(row.pack) !== id) continue;
      const same = (['type', 'codec', 'offset', 'stored', 'raw'] as const).every((k) => row[k] === entry[k]);
      if (!same) this.#report({ kind: 'index', id: hex(entry.name), what: `does not agree with pack ${id}` });
    }
  }

  async #hash(data: Buffer): Promise<Buffer> {
    const hash = createHash('sha256');
    for (let at = 0; at < data.length; at += PIECE) {
      hash.update(data.subarray(at, at + PIECE));
      await setImmediate();
    }
    return hash.digest();
  }

  async #verifyObjects(id: string, pack: Buffer, entries: readonly PackEntry[]): Promise<void> {
    for (const entry of entries) {
      if (this.#objects++ % 16 === 0) {
        await setImmediate();
        this.#options.signal?.throwIfAborted();
      }
      try {
        const data = pack.subarray(entry.offset, entry.offset + entry.stored);
        decode({ ...entry, rawLength: entry.raw, data });
      } catch (error) {
        this.#bad.add(entry.name.toString('latin1'));
        this.#report({ kind: 'object', id: hex(entry.name), what: `in pack ${id}: ${describeError(error)}` });
      }
    }
  }

  async #verifyRecords(): Promise<void> {
    const { store } = this.#context;
    for (const { key } of await store.list('snapshots/')) {
      this.#options.signal?.throwIfAborted();
      const id = key.slice('snapshots/'.length, -'.json'.length);
      const data = await store.getRecord(key);
      if (data === null) continue;
      this.#records++;
      try {
        decodeRecord(id, data);
      } catch (error) {
        this.#report({ kind: 'record', id, what: describeError(error) });
      }
    }
  }

  async #verifyTree(root: Root, pages: NameSet): Promise<void> {
    const source = { ...this.#context.format, page: (n: Name) => this.#context.object('p', n) };
    const view = viewOf(source, root);
    const missing = (name: Name, what: string) =>
      this.#report({ kind: 'missing', id: hex(name), what, root: rootKey(root) });
    const stack = [{ name: root.name, level: view.height }];
    while (stack.length > 0) {
      const { name, level } = stack.pop()!;
      if (isZeroName(name) || !pages.add(name)) continue;
      this.#options.signal?.throwIfAborted();
      this.#reached++;
      let page: Buffer;
      try {
        page = await nodePage(source, view, name, level);
      } catch (error) {
        missing(name, describeError(error));
        continue;
      }
      for (let at = 0; at < page.length; at += NAME_BYTES) {
        const child = Buffer.from(page.subarray(at, at + NAME_BYTES));
        if (isZeroName(child)) continue;
        if (level > 1) stack.push({ name: child, level: level - 1 });
        else {
          this.#reached++;
          const what = this.#lacks(child);
          if (what !== null) missing(child, what);
        }
      }
    }
  }

  #lacks(chunk: Name): string | null {
    if (this.#context.index.locate(chunk) === null) return 'chunk is missing';
    return this.#bad.has(chunk.toString('latin1')) ? 'chunk is damaged' : null;
  }
}
