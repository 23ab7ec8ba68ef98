/**
 * The pool of disks made of qcow2 files in a directory: the embedded default.
 *
 * Invariants: those of `DiskPool`; all storage daemons of the pool live in `runDir`, where the next service finds and
 * ends those that this one left behind.
 */
import { access, mkdir, statfs } from 'node:fs/promises';
import { EcdError } from '../../errors.ts';
import type { BlockdevNode } from '../../qemu/blockdev.ts';
import type { Log } from '../../qemu/log.ts';
import { StorageDaemon } from '../../qemu/storage-daemon.ts';
import type {
  Allocated,
  DiskPool,
  FrozenView,
  LayerWriter,
  LiveDisk,
  SettleOptions,
  Stack,
} from '../types.ts';
import { EmptyLayers } from './empty-layer.ts';
import { allocatedBytes, type Owner, PoolFiles, syncFile } from './files.ts';
import { freezeLive, freezeOffline } from './freeze.ts';
import { isUntouched } from './header.ts';
import { Keeper } from './keeper.ts';
import { topLayer } from './live.ts';
import { stackNodes, topNode } from './nodes.ts';
import { settle } from './settle.ts';
import { openView } from './view.ts';
import { openImageWriter, openWriter } from './writer.ts';

export interface Qcow2PoolOptions {
  readonly disksDir: string;
  readonly imagesDir: string;
  /** Directory of the storage daemons' sockets, made if missing; a short path, for sockets allow 107 bytes. */
  readonly runDir: string;
  /** User that QEMU and the storage daemons run as and that files belong to; none: the service's own. */
  readonly owner?: Owner | undefined;
  readonly log: Log;
}

export class Qcow2Pool implements DiskPool {
  readonly #options: Qcow2PoolOptions;
  readonly #files: PoolFiles;
  readonly #empty: EmptyLayers;
  readonly #keeper: Keeper;

  constructor(options: Qcow2PoolOptions) {
    this.#options = options;
    this.#files = new PoolFiles(options.disksDir, options.imagesDir, options.owner);
    this.#empty = new EmptyLayers(this.#files);
    this.#keeper = new Keeper(this.#startDaemon);
  }

  readonly #startDaemon = async (): Promise<StorageDaemon> => {
    const { runDir, owner, log } = this.#options;
    await mkdir(runDir, { recursive: true, mode: 0o700 });
    await this.#files.own(runDir);
    return StorageDaemon.start({ dir: runDir, user: owner, log });
  };

  blockdevs(stack: Stack): readonly BlockdevNode[] {
    return stackNodes(this.#files, stack, true);
  }

  topNode(stack: Stack): string {
    return topNode(stack);
  }

  async prepare(stack: Stack, layerId: string): Promise<void> {
    await this.#empty.make(
      stack.diskId,
      layerId,
      stack.sizeBytes,
      stack.layers.at(-1) ?? null,
      stack.imageId,
    );
  }

  freeze(stack: Stack, prepared: string, live: LiveDisk): Promise<void> {
    return freezeLive(this.#files, stack, prepared, live);
  }

  freezeOffline(stack: Stack, commit: () => Promise<void>): Promise<void> {
    return freezeOffline(this.#files, this.#keeper, stack, commit);
  }

  presync(stack: Stack): Promise<void> {
    return syncFile(this.#files.layer(stack.diskId, topNode(stack)));
  }

  topLayer(live: LiveDisk): Promise<string | null> {
    return topLayer(live);
  }

  async lockFree(stack: Stack): Promise<boolean> {
    try {
      await this.#keeper.withLock(this.#files.layer(stack.diskId, topNode(stack)), async () => {});
      return true;
    } catch (error) {
      if (EcdError.is(error, 'OperationDenied.DiskInUse')) return false;
      throw error;
    }
  }

  async isUntouched({ diskId, sizeBytes, layers: all }: Stack, layers: number): Promise<boolean> {
    try {
      for (const layer of all.slice(-layers))
        if (!(await isUntouched(this.#files.layer(diskId, layer), sizeBytes))) return false;
      return all.length >= layers;
    } catch {
      // Why it cannot be read is told by whoever opens it.
      return false;
    }
  }

  openView(stack: Stack): Promise<FrozenView> {
    return openView(this.#files, this.#startDaemon, stack);
  }

  settle(stack: Stack, live: LiveDisk | null, options: SettleOptions): Promise<void> {
    return settle(
      { files: this.#files, startDaemon: this.#startDaemon, keeper: this.#keeper },
      stack,
      live,
      options,
    );
  }

  async writeLayer(below: Stack, layerId: string): Promise<LayerWriter> {
    await this.prepare(below, layerId);
    return openWriter(this.#files, this.#startDaemon, below, layerId);
  }

  async writeImage(imageId: string, sizeBytes: number): Promise<LayerWriter> {
    return openImageWriter(this.#files, this.#startDaemon, imageId, sizeBytes);
  }

  releaseImage(imageId: string): Promise<void> {
    return this.#files.releaseImage(imageId);
  }

  async check(stack: Stack): Promise<void> {
    for (const layerId of stack.layers) {
      const path = this.#files.layer(stack.diskId, layerId);
      await access(path).catch((error: unknown) => this.#missing(stack, path, error));
    }
    await this.#keeper.probe(stackNodes(this.#files, stack, false));
  }

  /** A file that is missing among others is lost; a whole directory that is missing may be a mount that is not there. */
  async #missing(stack: Stack, path: string, cause: unknown): Promise<never> {
    const alone =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' && (await this.listLayers(stack.diskId)).length > 0;
    throw new EcdError(
      alone ? 'Disk.Damaged' : 'Disk.Unavailable',
      { path, reason: 'it cannot be opened' },
      cause,
    );
  }

  release(diskId: string, layerIds: readonly string[]): Promise<void> {
    return this.#files.release(diskId, layerIds);
  }

  releaseDisk(diskId: string): Promise<void> {
    return this.#files.releaseDisk(diskId);
  }

  async allocated({ diskId, imageId, layers }: Stack): Promise<Allocated> {
    const files = layers.map((layer) => this.#files.layer(diskId, layer));
    return {
      image: imageId === null ? null : await allocatedBytes(this.#files.image(imageId)),
      layers: await Promise.all(files.map(allocatedBytes)),
    };
  }

  listLayers(diskId: string): Promise<string[]> {
    return this.#files.list(diskId);
  }

  setAside(diskId: string, layerId: string): Promise<void> {
    return this.#files.setAside(diskId, layerId);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#options.disksDir);
    return bavail * bsize;
  }

  async endOrphans(): Promise<void> {
    const ended = await StorageDaemon.endOrphans(this.#options.runDir);
    if (ended > 0) this.#options.log.warn({ ended }, 'ended storage daemons of an earlier service');
  }

  async close(): Promise<void> {
    await this.#keeper.close();
  }
}
