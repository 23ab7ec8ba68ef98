/**
 * A tree of the vault as raw bytes: into a file with holes, or into a stream.
 *
 * Invariants: chunks are fetched a few ahead and written in order of their place; memory is that few chunks; the last
 * chunk is cut at the disk's size.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EcdError } from '../errors.ts';
import type { Root, Vault } from '../vault/index.ts';

const AHEAD = 8;
const ZEROS = Buffer.alloc(1024 * 1024);

export interface RawOptions {
  readonly signal: AbortSignal;
  readonly update: (doneBytes: number, totalBytes: number) => void;
}

/** The chunks that are not zero, in order, with their place in bytes. */
async function* chunks(
  vault: Vault,
  root: Root,
  signal: AbortSignal,
): AsyncGenerator<{ at: number; data: Buffer }> {
  const waiting: { at: number; data: Promise<Buffer> }[] = [];
  const next = async () => {
    const { at, data } = waiting.shift()!;
    return { at, data: (await data).subarray(0, Math.max(0, root.size - at)) };
  };
  for await (const { index, name } of vault.leaves(root)) {
    if (signal.aborted) throw new EcdError('Cancelled', { reason: 'interrupted' });
    const data = vault.getChunk(name);
    // It is awaited in its turn; until then its failure must not end the process.
    data.catch(() => {});
    waiting.push({ at: index * vault.chunkSize, data });
    if (waiting.length >= AHEAD) yield await next();
  }
  while (waiting.length > 0) yield await next();
}

/** Writes a new raw file (mode 0600) with holes where the disk is zero. */
export async function writeRaw(vault: Vault, root: Root, file: string, options: RawOptions): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.truncate(root.size);
    for await (const { at, data } of chunks(vault, root, options.signal)) {
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await handle.write(data, done, data.length - done, at + done);
        done += bytesWritten;
      }
      options.update(at + data.length, root.size);
    }
  } finally {
    await handle.close();
  }
}

/** Writes every byte of the disk to a stream, which stays open. */
export async function streamRaw(vault: Vault, root: Root, out: Writable, options: RawOptions): Promise<void> {
  async function* bytes() {
    let position = 0;
    for await (const { at, data } of chunks(vault, root, options.signal)) {
      yield* zeros(at - position);
      yield data;
      position = at + data.length;
      options.update(position, root.size);
    }
    yield* zeros(root.size - position);
  }
  await pipeline(bytes, out, { end: false, signal: options.signal });
}

/** Copies a file to a stream, which stays open. */
export async function copyFileTo(file: string, out: Writable, signal: AbortSignal): Promise<void> {
  await pipeline(createReadStream(file), out, { end: false, signal });
}

function* zeros(count: number): Generator<Buffer> {
  for (let left = count; left > 0; left -= ZEROS.length)
    yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
}
