/**
 * The bytes of a pack: pure. README.md describes them for readers without this program.
 *
 * Invariants: all numbers are little-endian; the footer holds a hash of header and index (checked whenever an index is
 * read) and one of everything before it (checked by verify); a pack says its own id, so that exchanged files are found.
 */
import { createHash } from 'node:crypto';
import { EcdError } from '../errors.ts';
import { hex, NAME_BYTES, type Name, type ObjectType } from './codec.ts';

export const PACK_VERSION = 1;
export const HEADER_BYTES = 32;
export const ENTRY_BYTES = 48;
export const FOOTER_BYTES = 88;
/** A pack is closed when its objects reach this. */
export const PACK_TARGET_BYTES = 24 * 1024 * 1024;
/** Packs under this are merged by collection. */
export const PACK_SMALL_BYTES = 4 * 1024 * 1024;

const MAGIC = Buffer.from('OECDPACK');
const END_MAGIC = Buffer.from('OECDPEND');

/** Where an object lies in its pack. */
export interface PackEntry {
  readonly name: Name;
  readonly type: ObjectType;
  readonly codec: number;
  readonly offset: number;
  readonly stored: number;
  readonly raw: number;
}

export interface Footer {
  readonly count: number;
  readonly indexOffset: number;
  readonly indexHash: Buffer;
  readonly packHash: Buffer;
}

/** The key of a pack in a store. `id`: 16 random bytes as hex. */
export const packKey = (id: string): string => `packs/${id}.pack`;

/** The id in a pack's key, or null when the key is none of a pack. */
export function packId(key: string): string | null {
  return /^packs\/([0-9a-f]{32})\.pack$/.exec(key)?.[1] ?? null;
}

export function encodeHeader(id: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(PACK_VERSION, 8);
  Buffer.from(id, 'hex').copy(header, 16);
  return header;
}

export function encodeEntry(entry: PackEntry): Buffer {
  const bytes = Buffer.alloc(ENTRY_BYTES);
  entry.name.copy(bytes);
  bytes.write(entry.type, 32, 'latin1');
  bytes.writeUInt8(entry.codec, 33);
  bytes.writeUInt32LE(entry.offset, 36);
  bytes.writeUInt32LE(entry.stored, 40);
  bytes.writeUInt32LE(entry.raw, 44);
  return bytes;
}

/** The footer; `hashBefore` is over everything before it, and takes no more. */
export function encodeFooter(header: Buffer, index: Buffer, indexOffset: number, hashBefore: Buffer): Buffer {
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.writeUInt32LE(index.length / ENTRY_BYTES, 0);
  footer.writeUInt32LE(indexOffset, 4);
  hashIndex(header, index, footer).copy(footer, 16);
  hashBefore.copy(footer, 48);
  END_MAGIC.copy(footer, 80);
  return footer;
}

function hashIndex(header: Buffer, index: Buffer, footer: Buffer): Buffer {
  return createHash('sha256').update(header).update(index).update(footer.subarray(0, 16)).digest();
}

/** Reads a footer. `size` is that of the pack. Throws `Vault.Damaged`. */
export function decodeFooter(id: string, size: number, footer: Buffer): Footer {
  if (footer.length !== FOOTER_BYTES || !footer.subarray(80).equals(END_MAGIC)) {
    throw damaged(id, 'is cut off or no pack');
  }
  const count = footer.readUInt32LE(0);
  const indexOffset = footer.readUInt32LE(4);
  if (indexOffset < HEADER_BYTES || indexOffset + count * ENTRY_BYTES + FOOTER_BYTES !== size) {
    throw damaged(id, 'has a footer that does not fit its size');
  }
  return { count, indexOffset, indexHash: footer.subarray(16, 48), packHash: footer.subarray(48, 80) };
}

/** Reads and checks a pack's index. Throws `Vault.Damaged`, or `Vault.FormatUnknown` for a newer pack. */
export function decodeIndex(id: string, header: Buffer, index: Buffer, footer: Buffer): PackEntry[] {
  if (header.length !== HEADER_BYTES || !header.subarray(0, 8).equals(MAGIC)) {
    throw damaged(id, 'does not begin like a pack');
  }
  if (!hashIndex(header, index, footer).equals(footer.subarray(16, 48))) {
    throw damaged(id, 'has a damaged index');
  }
  if (header.readUInt32LE(8) !== PACK_VERSION) {
    throw new EcdError('Vault.FormatUnknown', { what: `pack ${id} has version ${header.readUInt32LE(8)}` });
  }
  if (hex(header.subarray(16)) !== id) throw damaged(id, `is pack ${hex(header.subarray(16))}`);
  return decodeEntries(index);
}

/** The entries of an index that is known to be sound. */
export function decodeEntries(index: Buffer): PackEntry[] {
  const entries: PackEntry[] = [];
  for (let at = 0; at < index.length; at += ENTRY_BYTES) {
    entries.push({
      name: index.subarray(at, at + NAME_BYTES),
      type: index[at + 32] === 0x70 ? 'p' : 'c',
      codec: index[at + 33]!,
      offset: index.readUInt32LE(at + 36),
      stored: index.readUInt32LE(at + 40),
      raw: index.readUInt32LE(at + 44),
    });
  }
  return entries;
}

function damaged(id: string, why: string): EcdError {
  return new EcdError('Vault.Damaged', { what: `pack ${id} ${why}` });
}
