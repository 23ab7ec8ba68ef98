/**
 * Writing a whole layer or golden image from outside of any guest: what a reset and the making of an image do.
 *
 * Invariants: the layer below is opened read-only and not changed; zeros are written as zero clusters, so that they
 * hide what is below; after `finish` the file and its directory are synced and nobody has it open; a golden image gets
 * its name only then; `discard` leaves no file.
 */
import { rm } from 'node:fs/promises';
import { faults } from '../../faults.ts';
import type { BlockdevNode } from '../../qemu/blockdev.ts';
import { imgCreate } from '../../qemu/img.ts';
import { NbdClient } from '../../qemu/nbd.ts';
import type { StorageDaemon } from '../../qemu/storage-daemon.ts';
import type { LayerWriter, Stack } from '../types.ts';
import { type PoolFiles, syncDir, syncFile } from './files.ts';
import type { StartDaemon } from './keeper.ts';
import { layerNodes, stackNodes } from './nodes.ts';

/** Largest range of one write-zeroes request, a limit of QEMU's NBD server. */
const ZERO_STEP = 1024 * 1024 * 1024;

/** The file that is written, closed. */
interface Target {
  /** Name of its node. */
  readonly node: string;
  keep(): Promise<void>;
  drop(): Promise<void>;
}

export function openWriter(
  files: PoolFiles,
  startDaemon: StartDaemon,
  below: Stack,
  layerId: string,
): Promise<LayerWriter> {
  const nodes = stackNodes(files, { ...below, layers: [...below.layers, layerId] }, true);
  return start(startDaemon, nodes, {
    node: layerId,
    async keep() {
      await syncFile(files.layer(below.diskId, layerId));
      await syncDir(files.diskDir(below.diskId));
    },
    drop: () => files.release(below.diskId, [layerId]),
  });
}

export async function openImageWriter(
  files: PoolFiles,
  startDaemon: StartDaemon,
  imageId: string,
  sizeBytes: number,
): Promise<LayerWriter> {
  const draft = files.imageDraft(imageId);
  // What a service that died has left.
  await rm(draft, { force: true });
  await imgCreate({ file: draft, sizeBytes });
  await files.own(draft);
  return start(startDaemon, layerNodes('image', 'f-image', draft, null, true), {
    node: 'image',
    keep: () => files.publishImage(imageId),
    drop: () => files.releaseImage(imageId),
  });
}

async function start(
  startDaemon: StartDaemon,
  nodes: readonly BlockdevNode[],
  target: Target,
): Promise<LayerWriter> {
  let daemon: StorageDaemon | undefined;
  try {
    daemon = await startDaemon();
    await daemon.add(nodes);
    const { socket, exportName } = await daemon.exportNbd({
      node: target.node,
      name: 'layer',
      writable: true,
      allocationDepth: false,
    });
    return new DaemonWriter(daemon, await NbdClient.connect({ socket, exportName }), target);
  } catch (error) {
    await daemon?.stop();
    await target.drop();
    throw error;
  }
}

class DaemonWriter implements LayerWriter {
  readonly #daemon: StorageDaemon;
  readonly #client: NbdClient;
  readonly #target: Target;

  constructor(daemon: StorageDaemon, client: NbdClient, target: Target) {
    this.#daemon = daemon;
    this.#client = client;
    this.#target = target;
  }

  get pid(): number {
    return this.#daemon.process.pid;
  }

  write(offset: number, data: Buffer): Promise<void> {
    return this.#client.write(offset, data);
  }

  async zero(offset: number, length: number): Promise<void> {
    for (let done = 0; done < length; done += ZERO_STEP) {
      await this.#client.writeZeroes(offset + done, Math.min(ZERO_STEP, length - done));
    }
  }

  async finish(): Promise<void> {
    await this.#client.flush();
    await faults.hit('reset.flushed', { qsd: this.pid });
    this.#client.close();
    await this.#daemon.stop();
    await this.#target.keep();
  }

  async discard(): Promise<void> {
    this.#client.close();
    await this.#daemon.stop();
    await this.#target.drop();
  }
}
