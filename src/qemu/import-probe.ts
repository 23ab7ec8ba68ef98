/**
 * What an image file from outside is, before anything else opens it.
 *
 * Invariants: such a file must stand alone. One that names another file of the host (a backing file, an external data
 * file, extents, a parent) would carry that file's content into a desktop, so its header is looked at here, before
 * `qemu-img` opens it: opening is enough to reach what it names. `qemu-img` then reads it with bounded memory and time.
 */
import { open } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { EcdError } from '../errors.ts';
import { type ImageInfo, imgInfo } from './img.ts';

/** Memory and processor time for reading a header nobody vouches for. */
export const PROBE_LIMITS = { memoryKiB: 2 * 1024 * 1024, cpuSeconds: 30 } as const;
const HEAD = 4096;

/** Format and size of an image that stands alone. Throws InvalidParameter (File) with the reason. */
export async function probeImport(file: string, signal?: AbortSignal): Promise<ImageInfo> {
  const path = resolve(file);
  const reason = referenceIn(await readHead(path));
  if (reason !== null) throw refused(reason);
  let info: ImageInfo;
  try {
    info = await imgInfo(path, { limits: PROBE_LIMITS, signal });
  } catch (error) {
    if (EcdError.is(error, 'Qemu.CommandFailed')) throw refused('QEMU cannot read it', error);
    throw error;
  }
  if (info.backingFile !== null) throw refused('it has a backing file');
  if (info.dataFile !== null) throw refused('it has an external data file');
  if (info.extentFiles.some((name) => resolve(name) !== path)) throw refused('its content is in other files');
  if (!(info.virtualBytes > 0)) throw refused('it is empty');
  return info;
}

/** Why a header is refused, or null. `head` is the beginning of the file. */
export function referenceIn(head: Buffer): string | null {
  const magic = head.subarray(0, 4).toString('latin1');
  if (magic === 'QFI\xfb') return qcowReference(head);
  if (magic === 'QED\0') return qedReference(head);
  if (magic === 'KDMV') {
    // No capacity: QEMU reads the description inside, which names other files.
    return head.length >= 20 && head.readBigUInt64LE(12) === 0n ? 'its content is in other files' : null;
  }
  if (/^(#[^\n]*\n|\s)*# *Disk DescriptorFile/.test(head.subarray(0, 1024).toString('latin1'))) {
    return 'it is a description of other files (import the monolithic form)';
  }
  return null;
}

function qcowReference(head: Buffer): string | null {
  if (head.length < 24) return 'its header is cut off';
  if (head.readBigUInt64BE(8) !== 0n) return 'it has a backing file';
  if (head.readUInt32BE(4) < 3) return null;
  if (head.length < 80) return 'its header is cut off';
  return (head.readBigUInt64BE(72) & 4n) === 0n ? null : 'it has an external data file';
}

function qedReference(head: Buffer): string | null {
  if (head.length < 24) return 'its header is cut off';
  return (head.readBigUInt64LE(16) & 1n) === 0n ? null : 'it has a backing file';
}

async function readHead(path: string): Promise<Buffer> {
  try {
    const handle = await open(path, 'r');
    try {
      if (!(await handle.stat()).isFile()) throw new Error(`${basename(path)} is no file`);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw refused((error as Error).message, error);
  }
}

function refused(reason: string, cause?: unknown): EcdError {
  return new EcdError(
    'InvalidParameter',
    { parameter: 'File', reason: ` The image is refused: ${reason}.` },
    cause,
  );
}
