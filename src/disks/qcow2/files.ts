/**
 * Where the files of the qcow2 pool lie, and making what was done to them durable.
 *
 * Invariants: a layer's file is `DISKS/<disk>/<layer>.qcow2`, a golden image's `IMAGES/<image>.qcow2`; a file counts as
 * there only after itself and its directory were synced; files belong to the user QEMU runs as, nobody else reads them.
 */
import { constants } from 'node:fs';
import { chown, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { EcdError } from '../../errors.ts';
import { faults } from '../../faults.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Of `stat`, whatever the file system's own are. */
const BLOCK = 512;
const LAYER_FILE = /^(l-[a-z0-9]{14})\.qcow2$/;

export class PoolFiles {
  readonly disksDir: string;
  readonly imagesDir: string;
  readonly owner: Owner | undefined;

  constructor(disksDir: string, imagesDir: string, owner: Owner | undefined) {
    this.disksDir = disksDir;
    this.imagesDir = imagesDir;
    this.owner = owner;
  }

  diskDir(diskId: string): string {
    return join(this.disksDir, diskId);
  }

  layer(diskId: string, layerId: string): string {
    return join(this.disksDir, diskId, `${layerId}.qcow2`);
  }

  image(imageId: string): string {
    return join(this.imagesDir, `${imageId}.qcow2`);
  }

  /** A golden image that is being written. */
  imageDraft(imageId: string): string {
    return join(this.imagesDir, `.${imageId}.half`);
  }

  async releaseImage(imageId: string): Promise<void> {
    for (const file of [this.imageDraft(imageId), this.image(imageId)])
      await unlink(file).catch(ignoreMissing);
    await syncDir(this.imagesDir);
  }

  /** From here on the golden image is QEMU's to read and nobody's to write, and has its name. The file is closed. */
  async publishImage(imageId: string): Promise<void> {
    const handle = await open(this.imageDraft(imageId), constants.O_RDONLY);
    try {
      if (this.owner !== undefined) await handle.chown(0, this.owner.gid);
      await handle.chmod(this.owner === undefined ? 0o400 : 0o440);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await faults.hit('image.synced');
    await rename(this.imageDraft(imageId), this.image(imageId));
    await syncDir(this.imagesDir);
  }

  async makeDiskDir(diskId: string): Promise<void> {
    const dir = this.diskDir(diskId);
    const made = await mkdir(dir, { recursive: true, mode: 0o700 });
    if (made === undefined) return;
    await this.own(dir);
    await syncDir(this.disksDir);
  }

  async own(path: string): Promise<void> {
    if (this.owner !== undefined) await chown(path, this.owner.uid, this.owner.gid);
  }

  async release(diskId: string, layerIds: readonly string[]): Promise<void> {
    if (layerIds.length === 0) return;
    for (const layerId of layerIds) await unlink(this.layer(diskId, layerId)).catch(ignoreMissing);
    await faults.hit('layers.unlinked');
    await syncDir(this.diskDir(diskId)).catch(ignoreMissing);
  }

  async releaseDisk(diskId: string): Promise<void> {
    await rm(this.diskDir(diskId), { recursive: true, force: true });
    await syncDir(this.disksDir);
  }

  async list(diskId: string): Promise<string[]> {
    const names = await readdir(this.diskDir(diskId)).catch((error: unknown) => {
      ignoreMissing(error);
      return [];
    });
    return names.flatMap((name) => LAYER_FILE.exec(name)?.[1] ?? []);
  }

  async setAside(diskId: string, layerId: string): Promise<void> {
    const aside = join(this.diskDir(diskId), 'aside');
    await mkdir(aside, { recursive: true, mode: 0o700 });
    await rename(this.layer(diskId, layerId), join(aside, `${layerId}.qcow2`));
    await syncDir(this.diskDir(diskId));
  }
}

/** Writes the file's dirty pages and its size to the device. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.datasync();
  } catch (error) {
    throw new EcdError('Disk.Damaged', { path, reason: 'it could not be synced' }, error);
  } finally {
    await handle.close();
  }
}

export async function syncDir(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a file takes on its file system; null when it is not there. */
export async function allocatedBytes(path: string): Promise<number | null> {
  try {
    return (await stat(path)).blocks * BLOCK;
  } catch (error) {
    ignoreMissing(error);
    return null;
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
