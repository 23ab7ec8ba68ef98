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
const FIELD = {
  ...{ version: 4, backingNameAt: 8, backingNameLength: 16, clusterBits: 20, size: 24 },
  ...{ l1Entries: 36, l1At: 40, incompatible: 72 },
} as const;
const ENTRY_BYTES = 8;
/** An entry of the second table, which has the size of a cluster, with extended L2. */
const L2_ENTRY_BYTES = 16;
/** The one incompatible feature of a sound layer: another one says that it is dirty, corrupt or of somebody else. */
const EXTENDED_L2 = 1n << 4n;

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
 * True when nothing was ever written to the layer of a disk of `sizeBytes`: each entry of its first table of clusters is
 * zero, so that it reads as what is below it. Throws Disk.Damaged when the file is no sound qcow2 file as it is made here.
 */
export async function isUntouched(path: string, sizeBytes: number): Promise<boolean> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    const header = await readHeader(handle, path);
    const table = await readAt(handle, ...tableOf(header, sizeBytes, path), path);
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

/** Where the first table stands and how long it is, both in bytes. */
function tableOf(header: Buffer, sizeBytes: number, path: string): [at: number, length: number] {
  const cluster = 2 ** header.readUInt32BE(FIELD.clusterBits);
  const entries = header.readUInt32BE(FIELD.l1Entries);
  const at = Number(header.readBigUInt64BE(FIELD.l1At));
  const sound =
    header.readBigUInt64BE(FIELD.incompatible) === EXTENDED_L2 &&
    header.readBigUInt64BE(FIELD.size) === BigInt(sizeBytes) &&
    entries === Math.ceil(sizeBytes / (cluster * (cluster / L2_ENTRY_BYTES))) &&
    at >= cluster &&
    at % cluster === 0;
  if (!sound) throw damaged(path, 'its header is not that of a sound layer of this disk');
  return [at, entries * ENTRY_BYTES];
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
