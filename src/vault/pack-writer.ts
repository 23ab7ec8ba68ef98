/**
 * Writes one pack.
 *
 * Invariants: the id is drawn before the first byte; bytes go to the store in pieces of 1 MiB, so that memory is bounded
 * and given buffers may be used again; nothing is counted before `publish`; `abort` leaves nothing.
 */
import { createHash, randomBytes } from 'node:crypto';
import { faults } from '../faults.ts';
import type { Encoded } from './codec.ts';
import {
  ENTRY_BYTES,
  encodeEntry,
  encodeFooter,
  encodeHeader,
  PACK_TARGET_BYTES,
  type PackEntry,
  packKey,
} from './pack-format.ts';
import type { Store, StoreWriter } from './store.ts';

const PIECE = 1024 * 1024;

export class PackWriter {
  readonly id: string;
  readonly #writer: StoreWriter;
  readonly #header: Buffer;
  readonly #hash = createHash('sha256');
  /** Given up when the pack is sealed: a session may hold many sealed packs. */
  #piece = Buffer.allocUnsafe(PIECE);
  #pieceUsed = 0;
  /** Bytes that have gone to the store. */
  #written = 0;
  #index = Buffer.allocUnsafe(256 * ENTRY_BYTES);
  #count = 0;
  #sealed: Promise<void> | null = null;

  private constructor(id: string, writer: StoreWriter) {
    this.id = id;
    this.#writer = writer;
    this.#header = encodeHeader(id);
  }

  static async start(store: Store): Promise<PackWriter> {
    const id = randomBytes(16).toString('hex');
    const pack = new PackWriter(id, await store.create(packKey(id)));
    try {
      await pack.#append(pack.#header);
    } catch (error) {
      await pack.abort();
      throw error;
    }
    return pack;
  }

  get size(): number {
    return this.#written + this.#pieceUsed;
  }

  get full(): boolean {
    return this.size >= PACK_TARGET_BYTES;
  }

  /** The index so far: records of ENTRY_BYTES. */
  get index(): Buffer {
    return this.#index.subarray(0, this.#count * ENTRY_BYTES);
  }

  /** Adds an object; answers where it stands. */
  async add(object: Encoded): Promise<PackEntry> {
    const entry: PackEntry = {
      name: object.name,
      type: object.type,
      codec: object.codec,
      offset: this.size,
      stored: object.data.length,
      raw: object.rawLength,
    };
    await this.#append(object.data);
    if ((this.#count + 1) * ENTRY_BYTES > this.#index.length) {
      this.#index = Buffer.concat([this.#index, Buffer.allocUnsafe(this.#index.length)]);
    }
    encodeEntry(entry).copy(this.#index, this.#count++ * ENTRY_BYTES);
    return entry;
  }

  /** The stored bytes of an entry added before. */
  async readBack(entry: PackEntry): Promise<Buffer> {
    if (this.#sealed !== null) await this.#sealed;
    else if (this.#pieceUsed > 0 && entry.offset + entry.stored > this.#written) await this.#flushPiece();
    return this.#writer.readBack(entry.offset, entry.stored);
  }

  /** Ends the pack and makes it durable, without a name yet. Asked again, it answers the same. */
  seal(): Promise<void> {
    this.#sealed ??= this.#seal();
    return this.#sealed;
  }

  async #seal(): Promise<void> {
    const indexOffset = this.size;
    const index = this.index;
    await this.#append(index);
    await this.#flushPiece();
    await this.#append(encodeFooter(this.#header, index, indexOffset, this.#hash.digest()), false);
    await this.#flushPiece(false);
    this.#piece = Buffer.alloc(0);
    await faults.hit('vault.pack.written');
    await this.#writer.seal();
  }

  /** Gives the sealed pack its name. Answers its size in bytes. */
  async publish(): Promise<number> {
    await this.seal();
    await this.#writer.publish();
    await faults.hit('vault.pack.synced');
    return this.#written;
  }

  async abort(): Promise<void> {
    await this.#sealed?.catch(() => {});
    await this.#writer.abort();
  }

  async #append(data: Buffer, hashed = true): Promise<void> {
    for (let at = 0; at < data.length; ) {
      const part = data.subarray(at, at + PIECE - this.#pieceUsed);
      this.#piece.set(part, this.#pieceUsed);
      this.#pieceUsed += part.length;
      at += part.length;
      if (this.#pieceUsed === PIECE) await this.#flushPiece(hashed);
    }
  }

  async #flushPiece(hashed = true): Promise<void> {
    const piece = this.#piece.subarray(0, this.#pieceUsed);
    if (hashed) this.#hash.update(piece);
    await this.#writer.write(piece);
    this.#written += piece.length;
    this.#pieceUsed = 0;
  }
}
