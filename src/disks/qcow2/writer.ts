/**
 * Writing a whole layer from outside of any guest: what a reset does.
 *
 * Invariants: the layer below is opened read-only and not changed; zeros are written as zero clusters, so that they
 * hide what is below; after `finish` the layer and its directory are synced and nobody has it open; `discard` leaves
 * no file.
 */
import { faults } from '../../faults.ts';
import { NbdClient } from '../../qemu/nbd.ts';
import type { StorageDaemon } from '../../qemu/storage-daemon.ts';
import type { LayerWriter, Stack } from '../types.ts';
import { type PoolFiles, syncDir, syncFile } from './files.ts';
import type { StartDaemon } from './keeper.ts';
import { stackNodes } from './nodes.ts';

/** Largest range of one write-zeroes request, a limit of QEMU's NBD server. */
const ZERO_STEP = 1024 * 1024 * 1024;

export async function openWriter(
  files: PoolFiles,
  startDaemon: StartDaemon,
  below: Stack,
  layerId: string,
): Promise<LayerWriter> {
  const daemon = await startDaemon();
  try {
    await daemon.add(stackNodes(files, { ...below, layers: [...below.layers, layerId] }, true));
    const { socket, exportName } = await daemon.exportNbd({
      node: layerId,
      name: 'layer',
      writable: true,
      allocationDepth: false,
    });
    const client = await NbdClient.connect({ socket, exportName });
    return new DaemonWriter(files, daemon, client, below.diskId, layerId);
  } catch (error) {
    await daemon.stop();
    await files.release(below.diskId, [layerId]);
    throw error;
  }
}

class DaemonWriter implements LayerWriter {
  readonly #files: PoolFiles;
  readonly #daemon: StorageDaemon;
  readonly #client: NbdClient;
  readonly #diskId: string;
  readonly #layerId: string;

  constructor(files: PoolFiles, daemon: StorageDaemon, client: NbdClient, diskId: string, layerId: string) {
    this.#files = files;
    this.#daemon = daemon;
    this.#client = client;
    this.#diskId = diskId;
    this.#layerId = layerId;
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
    await syncFile(this.#files.layer(this.#diskId, this.#layerId));
    await syncDir(this.#files.diskDir(this.#diskId));
  }

  async discard(): Promise<void> {
    this.#client.close();
    await this.#daemon.stop();
    await this.#files.release(this.#diskId, [this.#layerId]);
  }
}
