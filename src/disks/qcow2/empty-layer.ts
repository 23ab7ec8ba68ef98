/**
 * Makes empty layers without starting a program each time.
 *
 * Invariants: `qemu-img create` made the one example of each size that all others are copied from, byte for byte, but
 * for the name of the backing file, which has the same length in every layer; the copy is sparse, synced and belongs
 * to QEMU's user before it counts. The backing name in a header is for people and tools only: OpenECD opens layers by
 * the catalogue.
 */
import { constants } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EcdError } from '../../errors.ts';
import { faults } from '../../faults.ts';
import { newId } from '../../ids.ts';
import { imgCreate } from '../../qemu/img.ts';
import { type PoolFiles, syncDir } from './files.ts';
import { backingName, setBackingNameLength } from './header.ts';

const BLOCK = 4096;

interface Example {
  readonly length: number;
  /** The blocks that are not all zero. */
  readonly blocks: readonly { readonly at: number; readonly data: Buffer }[];
  /** Where the backing name stands in the file; null without one. */
  readonly nameAt: number | null;
}

export class EmptyLayers {
  readonly #files: PoolFiles;
  readonly #examples = new Map<string, Promise<Example>>();

  constructor(files: PoolFiles) {
    this.#files = files;
  }

  /** Makes `layerId` over the layer `below`, over the golden image `imageId`, or over nothing. */
  async make(
    diskId: string,
    layerId: string,
    sizeBytes: number,
    below: string | null,
    imageId: string | null,
  ): Promise<void> {
    await this.#files.makeDiskDir(diskId);
    const file = this.#files.layer(diskId, layerId);
    try {
      if (below === null && imageId !== null) {
        await this.#create(file, sizeBytes, this.#files.image(imageId));
        await this.#files.own(file);
        await this.#sync(file);
      } else {
        await this.#copy(await this.#example(sizeBytes, below !== null), file, below);
      }
      await faults.hit('layer.made');
      await syncDir(this.#files.diskDir(diskId));
    } catch (error) {
      // A file that was there before is not ours.
      if (!isThere(error)) await rm(file, { force: true });
      throw error instanceof EcdError ? error : whyNot(file, error);
    }
  }

  #example(sizeBytes: number, backed: boolean): Promise<Example> {
    const key = `${sizeBytes} ${backed}`;
    const kept = this.#examples.get(key);
    if (kept !== undefined) return kept;
    const made = this.#makeExample(sizeBytes, backed);
    this.#examples.set(key, made);
    made.catch(() => this.#examples.delete(key));
    return made;
  }

  async #makeExample(sizeBytes: number, backed: boolean): Promise<Example> {
    const dir = await mkdtemp(join(tmpdir(), 'openecd-layer-'));
    try {
      const file = join(dir, 'example.qcow2');
      await this.#create(file, sizeBytes, backed ? layerName(newId.layer()) : undefined);
      return parseExample(await readFile(file), backed);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  async #create(file: string, sizeBytes: number, backingFile: string | undefined): Promise<void> {
    await imgCreate({
      file,
      sizeBytes,
      clusterBytes: 128 * 1024,
      extendedL2: true,
      ...(backingFile === undefined ? {} : { backingFile, backingFormat: 'qcow2' }),
    });
  }

  async #copy(example: Example, file: string, below: string | null): Promise<void> {
    const handle = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await handle.truncate(example.length);
      for (const block of example.blocks) await handle.write(block.data, 0, block.data.length, block.at);
      if (below !== null && example.nameAt !== null) await handle.write(layerName(below), example.nameAt);
      if (this.#files.owner !== undefined) await handle.chown(this.#files.owner.uid, this.#files.owner.gid);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async #sync(file: string): Promise<void> {
    const handle = await open(file, constants.O_RDONLY);
    try {
      await handle.chmod(0o600);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/**
 * Reads an example. Its header is made to hold a name as long as every layer's.
 */
function parseExample(content: Buffer, backed: boolean): Example {
  let nameAt: number | null = null;
  if (backed) {
    const { at, length } = backingName(content);
    nameAt = at;
    content.fill(0, at, at + length);
    setBackingNameLength(content, layerName(newId.layer()).length);
  }
  const blocks: { at: number; data: Buffer }[] = [];
  for (let at = 0; at < content.length; at += BLOCK) {
    const data = content.subarray(at, at + BLOCK);
    if (data.some((byte) => byte !== 0)) blocks.push({ at, data: Buffer.from(data) });
  }
  return { length: content.length, blocks, nameAt };
}

function layerName(layerId: string): string {
  return `${layerId}.qcow2`;
}

function isThere(error: unknown): boolean {
  const cause = error instanceof EcdError ? error.cause : error;
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'EEXIST';
}

function whyNot(path: string, error: unknown): EcdError {
  const { code = 'it could not be made' } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new EcdError('OperationDenied.InsufficientSpace', { path, free: 'too few', reserve: 'none' }, error)
    : new EcdError('Disk.Unavailable', { path, reason: code }, error);
}
