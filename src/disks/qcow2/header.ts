/**
 * The few fields of a qcow2 file's header that OpenECD reads or writes itself (QEMU's docs/interop/qcow2.txt; all numbers
 * big-endian).
 *
 * Invariants: only layers that no process writes are looked at; the backing name, which is for people and tools only, is
 * replaced by one of the same length, in place.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { EcdError } from '../../errors.ts';

const MAGIC = 0x51_46_49_fb;
const VERSION = 3;
/** Bytes of a header of version 3 without its extensions. */
const HEADER_BYTES = 104;
const FIELD = { version: 4, backingNameAt: 8, backingNameLength: 16, l1Entries: 36, l1At: 40 } as const;
const ENTRY_BYTES = 8;
/** Far more than the largest disk needs: 128 TiB in clusters of 128 KiB. */
const MOST_ENTRIES = 131_072;

/** Where the backing name stands and how long it is, both in bytes. */
export function backingName(header: Buffer): { readonly at: number; readonly length: number } {
  return {
    at: Number(header.readBigUInt64BE(FIELD.backingNameAt)),
    length: header.readUInt32BE(FIELD.backingNameLength),
  };
}

/** Writes the length of the backing name into a header. */
export function setBackingNameLength(header: Buffer, length: number): void {
  header.writeUInt32BE(length, FIELD.backingNameLength);
}

/**
 * True when nothing was ever written to the layer: each entry of its first table of clusters is zero, so that it reads
 * as what is below it. Throws Disk.Damaged when the file is no qcow2 file as QEMU makes them here.
 */
export async function isUntouched(path: string): Promise<boolean> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    const header = await readHeader(handle, path);
    const entries = header.readUInt32BE(FIELD.l1Entries);
    if (entries > MOST_ENTRIES) throw damaged(path, `a table of ${entries} entries`);
    const table = await readAt(
      handle,
      Number(header.readBigUInt64BE(FIELD.l1At)),
      entries * ENTRY_BYTES,
      path,
    );
    return table.every((byte) => byte === 0);
  } finally {
    await handle.close();
  }
}

/** Makes the header name another backing file. False when there is no room for just that name. */
export async function renameBacking(path: string, name: string): Promise<boolean> {
  const handle = await open(path, constants.O_RDWR);
  try {
    const { at, length } = backingName(await readHeader(handle, path));
    if (length !== Buffer.byteLength(name)) return false;
    await handle.write(name, at);
    return true;
  } finally {
    await handle.close();
  }
}

async function readHeader(handle: FileHandle, path: string): Promise<Buffer> {
  const header = await readAt(handle, 0, HEADER_BYTES, path);
  if (header.readUInt32BE(0) !== MAGIC || header.readUInt32BE(FIELD.version) !== VERSION)
    throw damaged(path, 'not a qcow2 file of version 3');
  return header;
}

async function readAt(handle: FileHandle, at: number, length: number, path: string): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at);
  if (bytesRead !== length) throw damaged(path, 'it ends too early');
  return buffer;
}

const damaged = (path: string, reason: string) => new EcdError('Disk.Damaged', { path, reason });
