/**
 * Names, zero test and encoding of the vault's objects: pure, for the main thread and for workers.
 *
 * Invariants: a name is SHA-256(type byte || raw content), so that no chunk passes for a page; 32 zero bytes name all
 * zeros and are stored nowhere; an object is stored compressed only when that is smaller; `decode` answers content that
 * has its name, or throws.
 */
import { createHash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { EcdError } from '../errors.ts';

/** 32 bytes. */
export type Name = Buffer;
/** 'c' a chunk of a disk, 'p' a page of a tree. */
export type ObjectType = 'c' | 'p';

export const NAME_BYTES = 32;
/** The name of an all-zero chunk and of a subtree of such: stored nowhere. */
export const ZERO_NAME: Name = Buffer.alloc(NAME_BYTES);
export const CODEC_RAW = 0;
export const CODEC_ZSTD = 1;

/** An object ready to be stored. Plain data: it can be posted between threads (Buffers arrive as Uint8Array). */
export interface Encoded {
  readonly type: ObjectType;
  readonly name: Name;
  /** 0 raw, 1 zstd. */
  readonly codec: number;
  /** Bytes of the content. */
  readonly rawLength: number;
  /** The stored form. */
  readonly data: Buffer;
}

const ZEROS = Buffer.alloc(256 * 1024);
const PREFIX: Record<ObjectType, Buffer> = { c: Buffer.from('c'), p: Buffer.from('p') };
const LEVEL_1 = { [constants.ZSTD_c_compressionLevel]: 1 };

/** True when every byte is zero. */
export function isZero(data: Uint8Array): boolean {
  for (let at = 0; at < data.length; at += ZEROS.length) {
    const part = data.length <= ZEROS.length ? data : data.subarray(at, at + ZEROS.length);
    const zeros = part.length === ZEROS.length ? ZEROS : ZEROS.subarray(0, part.length);
    if (Buffer.compare(part, zeros) !== 0) return false;
  }
  return true;
}

/** The name of content of a type; zeros are not treated apart. */
export function objectName(type: ObjectType, raw: Uint8Array): Name {
  return createHash('sha256').update(PREFIX[type]).update(raw).digest();
}

/** The name of a chunk's content; `ZERO_NAME` for zeros. */
export function chunkName(raw: Uint8Array): Name {
  return isZero(raw) ? ZERO_NAME : objectName('c', raw);
}

/** Compresses a chunk (a whole one, padded with zeros), and names it if its name is not given. Not for zeros. */
export function encodeChunk(raw: Buffer, name?: Name): Encoded {
  return encode('c', raw, name);
}

/** Names and compresses a page. Its name may be given when it is known already. */
export function encodePage(raw: Buffer, name?: Name): Encoded {
  return encode('p', raw, name);
}

function encode(type: ObjectType, raw: Buffer, name = objectName(type, raw)): Encoded {
  // Output in one piece: node:zlib would else make it of many, each of them garbage outside of the heap.
  const packed = zstdCompressSync(raw, { params: LEVEL_1, chunkSize: raw.length + (raw.length >> 8) + 1024 });
  return packed.length < raw.length
    ? { type, name, codec: CODEC_ZSTD, rawLength: raw.length, data: packed }
    : { type, name, codec: CODEC_RAW, rawLength: raw.length, data: raw };
}

/** The content of an object. Throws `Vault.Damaged` when the content does not have the name. */
export function decode(encoded: Encoded): Buffer {
  const raw = decompress(encoded);
  if (raw.length !== encoded.rawLength || !objectName(encoded.type, raw).equals(encoded.name)) {
    throw new EcdError('Vault.Damaged', { what: `object ${hex(encoded.name)} has another content` });
  }
  return raw;
}

function decompress({ codec, data, rawLength, name }: Encoded): Buffer {
  if (codec === CODEC_RAW) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (codec !== CODEC_ZSTD) {
    throw new EcdError('Vault.Damaged', { what: `object ${hex(name)} has codec ${codec}` });
  }
  try {
    return zstdDecompressSync(data, { maxOutputLength: Math.max(rawLength, 1) });
  } catch (error) {
    throw new EcdError('Vault.Damaged', { what: `object ${hex(name)} does not decompress` }, error);
  }
}

/** A name as 64 hexadecimal digits. */
export function hex(name: Uint8Array): string {
  return Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString('hex');
}
