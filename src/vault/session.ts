/**
 * A session: the only way to write into a vault.
 *
 * Invariants: what a session was told is known, or has put, stays until the session is closed: so publish a root (so
 * that collection's `roots()` answers it) before closing; nothing is counted before `flush`, and what is not flushed
 * leaves no file; after a failure a session can only be closed; memory is one piece of a pack, 48 bytes an unflushed
 * object and a set of their names: a session over many GiB flushes now and then.
 */
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { buildTree, type Changes, type TreeSink } from './build-tree.ts';
import { decode, type Encoded, hex, type Name } from './codec.ts';
import type { VaultContext } from './context.ts';
import type { Ticket } from './holds.ts';
import { NameSet } from './name-set.ts';
import { decodeEntries, type PackEntry, packKey } from './pack-format.ts';
import { PackWriter } from './pack-writer.ts';
import { pageBytes, type Root } from './root.ts';
import { isZeroName } from './tree.ts';

/** What a session has stored so far, flushed or not. */
export interface SessionCounters {
  /** Stored bytes (compressed) and number of objects that were not there. */
  readonly newBytes: number;
  readonly newChunks: number;
  readonly newPages: number;
  /** Content bytes of the new objects. */
  readonly newRawBytes: number;
}

export class VaultSession implements TreeSink {
  readonly #context: VaultContext;
  readonly #ticket: Ticket;
  readonly #onClose: (session: VaultSession) => void;
  #current: PackWriter | null = null;
  /** Sealed or being sealed, not yet published. */
  #full: PackWriter[] = [];
  #pending = new NameSet(4);
  #pendingPages = new Map<string, { pack: PackWriter; entry: PackEntry }>();
  #queue: Promise<unknown> = Promise.resolve();
  #failure: unknown = null;
  #closing: Promise<void> | null = null;
  #counters = { newBytes: 0, newChunks: 0, newPages: 0, newRawBytes: 0 };

  /** Made by `Vault.session`. */
  constructor(context: VaultContext, onClose: (session: VaultSession) => void) {
    this.#context = context;
    this.#ticket = context.holds.begin();
    this.#onClose = onClose;
  }

  get chunkSize(): number {
    return this.#context.chunkSize;
  }

  get fanout(): number {
    return this.#context.fanout;
  }

  get counters(): SessionCounters {
    return { ...this.#counters };
  }

  /** For each name: whether it is there and stays while this session lives. The zero name is always known. */
  async known(names: readonly Name[]): Promise<boolean[]> {
    this.#assertUsable();
    return names.map((name) => isZeroName(name) || this.#holds(name));
  }

  /** Stores objects; those that are there already cost nothing. The buffers may be used again when it answers. */
  async put(objects: readonly Encoded[]): Promise<void> {
    await this.#inTurn(async () => {
      for (const object of objects) await this.#add(asBuffers(object));
    });
  }

  putPage(page: Encoded): Promise<void> {
    return this.put([page]);
  }

  async ensure(names: readonly Name[]): Promise<void> {
    this.#assertUsable();
    const missing = names.find((name) => !this.#holds(name));
    if (missing !== undefined) {
      throw new EcdError('Vault.Damaged', { what: `chunk ${hex(missing)} was not stored before its tree` });
    }
  }

  async page(name: Name): Promise<Buffer> {
    const pending = this.#pendingPages.get(name.toString('latin1'));
    if (pending === undefined) return this.#context.page(name);
    const cached = this.#context.cache.get(name);
    if (cached !== undefined) return cached;
    const { entry } = pending;
    const data = await this.#inTurn(() => pending.pack.readBack(entry));
    return decode({ type: 'p', name, codec: entry.codec, rawLength: entry.raw, data });
  }

  /** Keeps a whole tree until this session ends. Throws `Vault.Damaged` when it is not in the vault (any more). */
  hold(root: Root): void {
    this.#assertUsable();
    this.#context.holds.take(this.#ticket, root);
  }

  /**
   * The tree of a disk of `size` bytes with the parent's leaves (null: all zero) but for the changes, which ascend.
   * Changed chunks have been put or are known. When the disk grew or shrank, the chunks at the old and the new end
   * belong to the changes if their content did change.
   */
  async buildTree(parent: Root | null, size: number, changes: Changes): Promise<Root> {
    this.#assertUsable();
    const unflushed = parent !== null && this.#pendingPages.has(parent.name.toString('latin1'));
    if (parent !== null && !unflushed) this.#context.holds.take(this.#ticket, parent);
    return buildTree(this, parent, size, changes);
  }

  /** Makes all that was put durable and counted. The figures are those of the whole session. */
  async flush(): Promise<{ newBytes: number; newChunks: number }> {
    await this.#inTurn(async () => {
      if (this.#current !== null) this.#full.push(this.#current);
      this.#current = null;
      while (this.#full.length > 0) await this.#publish(this.#full[0]!);
      this.#pending = new NameSet(4);
      this.#pendingPages.clear();
    });
    return { newBytes: this.#counters.newBytes, newChunks: this.#counters.newChunks };
  }

  /** Ends the session; what was not flushed is thrown away. Never throws. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#queue.catch(() => {});
    await this.#current?.abort();
    for (const pack of this.#full) await pack.abort();
    this.#context.holds.end(this.#ticket);
    this.#onClose(this);
  }

  #holds(name: Name): boolean {
    return this.#pending.has(name) || this.#context.holds.holds(this.#ticket, name);
  }

  async #add(object: Encoded): Promise<void> {
    const { type, name, rawLength } = object;
    if (isZeroName(name) || this.#holds(name)) return;
    const expected = type === 'c' ? this.chunkSize : pageBytes(this.fanout);
    if (rawLength !== expected) {
      throw new EcdError('InternalError', {}, new Error(`an object of ${rawLength} bytes, not ${expected}`));
    }
    this.#current ??= await PackWriter.start(this.#context.store);
    const entry = await this.#current.add(object);
    this.#pending.add(name);
    if (type === 'p') this.#pendingPages.set(name.toString('latin1'), { pack: this.#current, entry });
    this.#counters[type === 'c' ? 'newChunks' : 'newPages']++;
    this.#counters.newBytes += object.data.length;
    this.#counters.newRawBytes += rawLength;
    if (this.#current.full) await this.#sealCurrent();
  }

  /** The full pack is synced while the next one fills; never more than one at a time. */
  async #sealCurrent(): Promise<void> {
    await this.#full.at(-1)?.seal();
    const pack = this.#current!;
    this.#full.push(pack);
    this.#current = null;
    pack.seal().catch(() => {}); // Asked again, and so heard, by the next seal or by publish.
  }

  async #publish(pack: PackWriter): Promise<void> {
    const { store, index, holds } = this.#context;
    let counted = false;
    try {
      const size = await pack.publish();
      index.addPack(pack.id, size, decodeEntries(pack.index), (row) =>
        holds.hiddenFrom(this.#ticket, row.name),
      );
      counted = true;
      this.#full.shift();
      await faults.hit('vault.index.committed');
    } catch (error) {
      if (!counted) {
        await pack.abort();
        await store.delete(packKey(pack.id)).catch(() => {});
      }
      throw error;
    }
  }

  #assertUsable(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#closing !== null) throw new EcdError('Cancelled', { reason: 'the vault session is closed' });
  }

  /** One step after the other; after a failed one none. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      this.#assertUsable();
      try {
        return await act();
      } catch (error) {
        this.#failure = error;
        throw error;
      }
    });
    this.#queue = turn.catch(() => {});
    return turn;
  }
}

/** Buffers that came from another thread arrive as plain Uint8Arrays. */
function asBuffers(object: Encoded): Encoded {
  const buffer = (b: Uint8Array): Buffer =>
    Buffer.isBuffer(b) ? b : Buffer.from(b.buffer, b.byteOffset, b.byteLength);
  return { ...object, name: buffer(object.name), data: buffer(object.data) };
}
