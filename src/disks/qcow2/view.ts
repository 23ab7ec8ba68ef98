/**
 * A frozen view of a disk: a read-only storage daemon that exports the stack over NBD.
 *
 * Invariants: works the same whether the desktop runs, stops or starts meanwhile, since it opens frozen layers only;
 * it holds their shared locks until it is closed, and a settle of the disk must wait for that.
 */

import { NbdClient } from '../../qemu/nbd.ts';
import { contextsFor, mergedExtents } from '../../qemu/nbd-extents.ts';
import type { StorageDaemon } from '../../qemu/storage-daemon.ts';
import type { Extent, FrozenView, ReaderSpec, Stack } from '../types.ts';
import type { PoolFiles } from './files.ts';
import type { StartDaemon } from './keeper.ts';
import { stackNodes, topNode } from './nodes.ts';

export async function openView(
  files: PoolFiles,
  startDaemon: StartDaemon,
  stack: Stack,
): Promise<FrozenView> {
  const daemon = await startDaemon();
  try {
    await daemon.add(stackNodes(files, stack, false));
    const { socket, exportName } = await daemon.exportNbd({
      node: topNode(stack),
      name: 'view',
      writable: false,
      allocationDepth: true,
    });
    return new DaemonView(daemon, { socket, exportName, sizeBytes: stack.sizeBytes });
  } catch (error) {
    await daemon.stop();
    throw error;
  }
}

class DaemonView implements FrozenView {
  readonly spec: ReaderSpec;
  readonly #daemon: StorageDaemon;

  constructor(daemon: StorageDaemon, spec: ReaderSpec) {
    this.#daemon = daemon;
    this.spec = spec;
  }

  get pid(): number {
    return this.#daemon.process.pid;
  }

  async *changedExtents(layers: number | 'all', signal?: AbortSignal): AsyncGenerator<Extent> {
    const client = await NbdClient.connect({
      socket: this.spec.socket,
      exportName: this.spec.exportName,
      metaContexts: contextsFor(layers),
    });
    try {
      yield* mergedExtents(client, { depth: layers, ...(signal === undefined ? {} : { signal }) });
    } finally {
      client.close();
    }
  }

  async close(): Promise<void> {
    await this.#daemon.stop();
  }
}
