/**
 * Reads the reply stream of an NBD connection from pieces of any size and tells a sink what arrived. The bytes of a read
 * are copied once, from the piece to the place that the sink names.
 *
 * Invariants: nothing is held but one header and one payload of at most `MAX_PAYLOAD` bytes; a step never waits for
 * zero bytes, so every byte given makes progress; a wrong reply throws NbdProtocolError before anything is written.
 */
import {
  CHUNK_DONE,
  Chunk,
  decodeBlockStatus,
  decodeCookie,
  decodeErrorChunk,
  decodeU64,
  NbdProtocolError,
  SIMPLE_REPLY_BYTES,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_BYTES,
  STRUCTURED_REPLY_MAGIC,
  type StatusExtent,
} from './nbd-protocol.ts';

/** QEMU's longest block status is 1 MiB and 4 bytes. */
const MAX_PAYLOAD = 2 * 1024 * 1024;

/** What arrived. Each method throws NbdProtocolError if it does not fit to the request of that cookie. */
export interface ReplySink {
  /** Where the `length` bytes read at `offset` of the disk belong. */
  place(cookie: number, offset: number, length: number): Buffer;
  hole(cookie: number, offset: number, length: number): void;
  extents(cookie: number, contextId: number, extents: StatusExtent[]): void;
  failed(cookie: number, error: number, message: string): void;
  /** The last part of a structured reply. */
  done(cookie: number): void;
  /** A simple reply: `error` is 0 for success. */
  simple(cookie: number, error: number): void;
}

export class ReplyParser {
  readonly #sink: ReplySink;
  readonly #head = Buffer.alloc(STRUCTURED_REPLY_BYTES);
  readonly #offset = Buffer.alloc(8);
  #into: Buffer = this.#head;
  #have = 0;
  #need = SIMPLE_REPLY_BYTES;
  #step: () => void = () => this.#onHead();
  // Of the structured chunk under way.
  #cookie = 0;
  #type = 0;
  #last = false;

  constructor(sink: ReplySink) {
    this.#sink = sink;
  }

  /** Takes the next bytes of the stream; `input` may be reused afterwards. */
  feed(input: Uint8Array): void {
    for (let at = 0; at < input.length; ) {
      const take = Math.min(this.#need - this.#have, input.length - at);
      this.#into.set(input.subarray(at, at + take), this.#have);
      this.#have += take;
      at += take;
      if (this.#have === this.#need) this.#step();
    }
  }

  #expect(into: Buffer, have: number, need: number, step: () => void): void {
    this.#into = into;
    this.#have = have;
    this.#need = need;
    this.#step = step;
  }

  #expectHead(): void {
    this.#expect(this.#head, 0, SIMPLE_REPLY_BYTES, () => this.#onHead());
  }

  #onHead(): void {
    const magic = this.#head.readUInt32BE(0);
    if (magic === SIMPLE_REPLY_MAGIC) {
      this.#sink.simple(decodeCookie(this.#head, 8), this.#head.readUInt32BE(4));
      this.#expectHead();
    } else if (magic === STRUCTURED_REPLY_MAGIC) {
      this.#expect(this.#head, SIMPLE_REPLY_BYTES, STRUCTURED_REPLY_BYTES, () => this.#onChunk());
    } else {
      throw new NbdProtocolError('reply without a known magic number');
    }
  }

  #onChunk(): void {
    this.#last = (this.#head.readUInt16BE(4) & CHUNK_DONE) !== 0;
    this.#type = this.#head.readUInt16BE(6);
    this.#cookie = decodeCookie(this.#head, 8);
    const length = this.#head.readUInt32BE(16);
    if (this.#type === Chunk.NONE) {
      if (length !== 0 || !this.#last) throw new NbdProtocolError('empty chunk that is not the last');
      this.#endChunk();
    } else if (this.#type === Chunk.OFFSET_DATA) {
      if (length <= 8) throw new NbdProtocolError('data chunk without data');
      this.#expect(this.#offset, 0, 8, () => this.#onDataOffset(length - 8));
    } else {
      if (length === 0 || length > MAX_PAYLOAD) throw new NbdProtocolError(`chunk of ${length} bytes`);
      const payload = Buffer.allocUnsafe(length);
      this.#expect(payload, 0, length, () => this.#onPayload(payload));
    }
  }

  #onDataOffset(length: number): void {
    const place = this.#sink.place(this.#cookie, decodeU64(this.#offset, 0), length);
    this.#expect(place, 0, length, () => this.#endChunk());
  }

  #onPayload(payload: Buffer): void {
    if (this.#type === Chunk.OFFSET_HOLE) {
      if (payload.length !== 12) throw new NbdProtocolError('hole chunk of a wrong length');
      this.#sink.hole(this.#cookie, decodeU64(payload, 0), payload.readUInt32BE(8));
    } else if (this.#type === Chunk.BLOCK_STATUS) {
      const { contextId, extents } = decodeBlockStatus(payload);
      this.#sink.extents(this.#cookie, contextId, extents);
    } else if (this.#type >= 0x8000) {
      const { error, message } = decodeErrorChunk(this.#type, payload);
      this.#sink.failed(this.#cookie, error, message);
    } else {
      throw new NbdProtocolError(`chunk of the unknown type ${this.#type}`);
    }
    this.#endChunk();
  }

  #endChunk(): void {
    this.#expectHead();
    if (this.#last) this.#sink.done(this.#cookie);
  }
}
