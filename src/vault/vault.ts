/**
 * An open vault: the door of this folder. README.md describes the format; the invariants stand with the parts.
 *
 * Invariants: one process writes (it holds the lock), any number read; reading answers only content that has its name;
 * writing goes through sessions; one collection runs at a time.
 */
import { randomUUID } from 'node:crypto';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { isZero, type Name } from './codec.ts';
import { type CollectOptions, type CollectReport, collect } from './collect.ts';
import { type Format, VaultContext } from './context.ts';
import { DirectoryStore } from './directory-store.ts';
import { Holds } from './holds.ts';
import { IndexDb } from './index-db.ts';
import { type Log, reconcile } from './reconcile.ts';
import { decodeRecord, encodeRecord, isRecordId } from './record.ts';
import type { Root } from './root.ts';
import { VaultSession } from './session.ts';
import type { Store } from './store.ts';
import { diff, leaves } from './tree.ts';
import { type VerifyOptions, type VerifyReport, verify } from './verify.ts';

export const DEFAULT_CHUNK_SIZE = 128 * 1024;
export const DEFAULT_FANOUT = 256;

export interface OpenOptions {
  /** The vault's directory. */
  readonly dir: string;
  /** The index's SQLite file: a cache, best on a local disk. */
  readonly indexFile: string;
  /** Makes the vault if the directory holds none. Without it a missing vault is `Vault.Unavailable`. */
  readonly create?: { readonly chunkSize?: number; readonly fanout?: number };
  /** Only the vault of this id is opened: anything else in its place is `Vault.Unavailable`. Excludes `create`. */
  readonly expectedId?: string;
  readonly readonly?: boolean;
  readonly log?: Log;
  /** Another store than the directory. */
  readonly store?: Store;
}

export interface VaultStats {
  readonly packs: number;
  /** Bytes of all pack files. */
  readonly storedBytes: number;
  readonly objects: number;
  readonly chunks: number;
  readonly pages: number;
  /** Content bytes of all objects. */
  readonly rawBytes: number;
}

const recordKey = (id: string): string => `snapshots/${id}.json`;

export class Vault {
  readonly #context: VaultContext;
  readonly #unlock: () => Promise<void>;
  readonly #sessions = new Set<VaultSession>();
  readonly #stop = new AbortController();
  #collecting: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  private constructor(context: VaultContext, unlock: () => Promise<void>) {
    this.#context = context;
    this.#unlock = unlock;
  }

  /**
   * Opens a vault, and makes it where `create` says so. Throws `Vault.Locked` (another process writes),
   * `Vault.Unavailable`, `Vault.Damaged` (its `vault.json`), `Vault.FormatUnknown`.
   */
  static async open(options: OpenOptions): Promise<Vault> {
    const store = options.store ?? new DirectoryStore(options.dir);
    const readonly = options.readonly ?? false;
    const log = options.log ?? (() => {});
    if (options.create && !readonly) await store.make();
    const unlock = readonly ? async () => {} : await store.lock();
    try {
      const format = await loadFormat(store, readonly ? undefined : options.create);
      if (options.expectedId !== undefined && options.expectedId !== format.id) {
        throw new EcdError('Vault.Unavailable', { reason: `${store.location} holds vault ${format.id}` });
      }
      if (!readonly) await store.sweep();
      const index = new IndexDb(options.indexFile, format.id, readonly);
      try {
        await reconcile(store, index, log);
      } catch (error) {
        index.close();
        throw error;
      }
      const holds = new Holds(index);
      return new Vault(new VaultContext({ store, index, holds, format, log, readonly }), unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  get id(): string {
    return this.#context.format.id;
  }

  /** Bytes of a chunk. */
  get chunkSize(): number {
    return this.#context.chunkSize;
  }

  /** Names in a page. */
  get fanout(): number {
    return this.#context.fanout;
  }

  /** Begins a session. Close it only after the roots it built are where collection's `roots()` finds them. */
  async session(): Promise<VaultSession> {
    this.#assertWritable();
    const session = new VaultSession(this.#context, (closed) => this.#sessions.delete(closed));
    this.#sessions.add(session);
    return session;
  }

  /** A chunk's content, `chunkSize` bytes. Throws `Vault.Damaged` when it is missing or does not have its name. */
  async getChunk(name: Name): Promise<Buffer> {
    this.#assertOpen();
    return isZero(name) ? Buffer.alloc(this.chunkSize) : this.#context.object('c', name);
  }

  /** The chunks that are not zero, in order, from chunk `from` up to but not with `to`. */
  leaves(
    root: Root,
    range: { from?: number; to?: number } = {},
  ): AsyncIterable<{ index: number; name: Name }> {
    return leaves(this.#context, root, range);
  }

  /** The chunks in which `b` differs from `a` (null: all zero), in order. Beyond its end a disk counts as zero. */
  diff(a: Root | null, b: Root): AsyncIterable<{ index: number; from: Name; to: Name }> {
    return diff(this.#context, a, b);
  }

  /** Writes or replaces a snapshot's record, durably. `id`: letters, digits, `.`, `_`, `-`. */
  async putRecord(id: string, record: object): Promise<void> {
    this.#assertWritable();
    await this.#context.store.putRecord(checkedKey(id), encodeRecord(id, record));
    await faults.hit('vault.record.written');
  }

  /** All records. A damaged one is told to `onDamage` and passed over; without it, it is thrown. */
  async *records(
    onDamage?: (id: string, error: EcdError) => void,
  ): AsyncGenerator<{ id: string; record: object }> {
    const { store } = this.#context;
    for (const { key } of await store.list('snapshots/')) {
      const id = /^snapshots\/(.+)\.json$/.exec(key)?.[1];
      const data = id === undefined ? null : await store.getRecord(key);
      if (id === undefined || data === null) continue;
      let record: object;
      try {
        record = decodeRecord(id, data);
      } catch (error) {
        if (!onDamage || !EcdError.is(error)) throw error;
        onDamage(id, error);
        continue;
      }
      yield { id, record };
    }
  }

  /** Removes a record; a missing one is no error. */
  async deleteRecord(id: string): Promise<void> {
    this.#assertWritable();
    await this.#context.store.delete(checkedKey(id));
  }

  /** Removes what no root reaches. Calls wait for each other. See collect.ts. */
  collect(options: CollectOptions): Promise<CollectReport> {
    this.#assertWritable();
    const signal = options.signal ? AbortSignal.any([options.signal, this.#stop.signal]) : this.#stop.signal;
    const run = this.#collecting.then(() => collect(this.#context, { ...options, signal }));
    this.#collecting = run.catch(() => {});
    return run;
  }

  /** Checks every pack, every record and that all the roots reach is there. Damage is reported, never thrown. */
  verify(options: VerifyOptions): Promise<VerifyReport> {
    this.#assertOpen();
    return verify(this.#context, options);
  }

  async stats(): Promise<VaultStats> {
    this.#assertOpen();
    const stats = { packs: 0, storedBytes: 0, objects: 0, chunks: 0, pages: 0, rawBytes: 0 };
    for (const pack of this.#context.index.packs()) {
      stats.packs++;
      stats.storedBytes += pack.size;
      stats.chunks += pack.liveChunks;
      stats.pages += pack.livePages;
      stats.rawBytes += pack.liveRaw;
    }
    stats.objects = stats.chunks + stats.pages;
    return stats;
  }

  /** Bytes that can still be written. */
  freeBytes(): Promise<number> {
    return this.#context.store.freeBytes();
  }

  /** Stops a collection, throws away what sessions have not flushed, and gives the lock back. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    await this.#collecting;
    await Promise.all([...this.#sessions].map((session) => session.close()));
    this.#context.index.close();
    await this.#unlock();
  }

  #assertOpen(): void {
    if (this.#closing !== null) throw new EcdError('Vault.Unavailable', { reason: 'it is closed' });
  }

  #assertWritable(): void {
    this.#assertOpen();
    if (this.#context.readonly) throw new EcdError('Vault.Unavailable', { reason: 'it is open for reading' });
  }
}

function checkedKey(id: string): string {
  if (!isRecordId(id)) throw new EcdError('InvalidParameter', { parameter: 'id', reason: ` ${id}` });
  return recordKey(id);
}

async function loadFormat(store: Store, create: OpenOptions['create']): Promise<Format> {
  const data = await store.getRecord('vault.json');
  if (data === null) {
    const empty = create !== undefined && (await store.list('packs/')).length === 0;
    if (!empty) throw new EcdError('Vault.Unavailable', { reason: `no vault.json in ${store.location}` });
    const format = {
      id: randomUUID(),
      chunkSize: create.chunkSize ?? DEFAULT_CHUNK_SIZE,
      fanout: create.fanout ?? DEFAULT_FANOUT,
    };
    assertFormat(format);
    const about = { hash: 'sha256', compression: 'zstd' };
    await store.putRecord('vault.json', encodeRecord('vault', { ...format, ...about }));
    return format;
  }
  const record = decodeRecord('vault', data) as Partial<Format> & { hash?: unknown; compression?: unknown };
  if (record.hash !== 'sha256' || record.compression !== 'zstd') {
    throw new EcdError('Vault.FormatUnknown', { what: `${record.hash} and ${record.compression}` });
  }
  const format = {
    id: String(record.id),
    chunkSize: Number(record.chunkSize),
    fanout: Number(record.fanout),
  };
  assertFormat(format);
  return format;
}

/** Chunks of 512 bytes to 4 MiB in multiples of 512; pages of 2 to 4,096 names. */
function assertFormat({ chunkSize, fanout }: Format): void {
  const whole = chunkSize % 512 === 0 && chunkSize >= 512 && chunkSize <= 4 * 1024 * 1024;
  if (!whole || !Number.isInteger(fanout) || fanout < 2 || fanout > 4096) {
    throw new EcdError('Vault.FormatUnknown', { what: `chunk size ${chunkSize}, fan-out ${fanout}` });
  }
}
