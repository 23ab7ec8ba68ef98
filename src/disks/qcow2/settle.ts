/**
 * Merging frozen layers into the bottom one, so that the stack stays short.
 *
 * Invariants: readers and settle of a disk exclude each other (the caller orders it; the image locks enforce it where
 * something is merged); in a running QEMU there is always a speed limit and the bottom layer is synced every 200 ms, so
 * that cancelling is quick and the end does not stall the guest; when it answers, the bottom layer and the layer whose header was rewritten are
 * synced, and the merged layers are no node of any QEMU. Cancelled or failed, the stack reads as before, but its bottom
 * layer alone no longer does.
 */
import { basename } from 'node:path';
import { EcdError } from '../../errors.ts';
import { faults } from '../../faults.ts';
import { runJob } from '../../qemu/jobs.ts';
import type { QmpClient } from '../../qemu/qmp.ts';
import type { LiveDisk, SettleOptions, Stack } from '../types.ts';
import { type PoolFiles, syncFile } from './files.ts';
import { isUntouched, renameBacking } from './header.ts';
import { isLockRefusal, type Keeper, type StartDaemon } from './keeper.ts';
import { chainDepth, endSettle, settleJob } from './live.ts';
import { fileNode, stackNodes, topNode } from './nodes.ts';

const SYNC_EVERY_MS = 200;

/** What a settle works with. */
export interface SettleParts {
  readonly files: PoolFiles;
  readonly startDaemon: StartDaemon;
  readonly keeper: Keeper;
}

export async function settle(
  { files, startDaemon, keeper }: SettleParts,
  stack: Stack,
  live: LiveDisk | null,
  options: SettleOptions,
): Promise<void> {
  const { count } = options;
  if (count < 1 || count > stack.layers.length - 2) {
    throw new EcdError(
      'InternalError',
      {},
      new Error(`cannot merge ${count} of ${stack.layers.length} layers`),
    );
  }
  if (live !== null) {
    await endSettle(live, stack.diskId);
    // A service that died between QEMU's end of the job and the catalogue's commit finds the work done.
    if (!(await isMerged(stack, live, count))) {
      await commit(files, stack, live.qmp, options.bytesPerSecond, options);
      await faults.hit('settle.live.merged');
    }
    await dropNodes(live.qmp, stack.layers.slice(1, count + 1));
  } else if (!(await relink(files, keeper, stack, count))) {
    const daemon = await startDaemon();
    try {
      await daemon.add(stackNodes(files, stack, true)).catch((error: unknown) => {
        if (!isLockRefusal(error)) throw error;
        throw new EcdError('OperationDenied.DiskInUse', { path: files.diskDir(stack.diskId) }, error);
      });
      await faults.hit('settle.offline.opened', { qsd: daemon.process.pid });
      await commit(files, stack, daemon.qmp, 0, options);
      await faults.hit('settle.offline.merged', { qsd: daemon.process.pid });
    } finally {
      await daemon.stop();
    }
  }
  await faults.hit('settle.unsynced');
  await syncFile(files.layer(stack.diskId, stack.layers[0]!));
  await syncFile(files.layer(stack.diskId, stack.layers[count + 1]!));
}

/**
 * Layers that hold nothing are merged by taking them out: the one above is told its new backing file, under its write
 * lock. False when they hold something.
 */
async function relink(files: PoolFiles, keeper: Keeper, stack: Stack, count: number): Promise<boolean> {
  const file = (layer: number) => files.layer(stack.diskId, stack.layers[layer]!);
  for (let layer = 1; layer <= count; layer++)
    if (!(await isUntouched(file(layer), stack.sizeBytes))) return false;
  const above = file(count + 1);
  return keeper.withLock(above, async () => {
    const renamed = await renameBacking(above, basename(file(0)));
    await faults.hit('settle.relinked');
    return renamed;
  });
}

async function commit(
  files: PoolFiles,
  stack: Stack,
  qmp: QmpClient,
  speed: number,
  options: SettleOptions,
): Promise<void> {
  const bottom = files.layer(stack.diskId, stack.layers[0]!);
  const job = settleJob(stack.diskId);
  const start = () =>
    qmp.execute('block-commit', {
      'job-id': job,
      device: topNode(stack),
      'top-node': stack.layers[options.count],
      'base-node': stack.layers[0],
      'backing-file': basename(bottom),
      speed,
    });
  await runJob(qmp, job, start, {
    signal: options.signal,
    onProgress: options.onProgress,
    tick: { everyMs: SYNC_EVERY_MS, run: () => syncFile(bottom) },
  });
}

/** Whether QEMU's own chain is already the one without the merged layers. Throws when it is neither that nor the whole. */
async function isMerged(stack: Stack, live: LiveDisk, count: number): Promise<boolean> {
  const depth = await chainDepth(live);
  const whole = stack.layers.length - 1 + (stack.imageId === null ? 0 : 1);
  if (depth === whole) return false;
  if (depth === whole - count) return true;
  throw new EcdError('InternalError', {}, new Error(`QEMU has ${depth} layers below the top, not ${whole}`));
}

/** Nodes named on the command line or by us stay after a commit until they are deleted. */
async function dropNodes(qmp: QmpClient, layers: readonly string[]): Promise<void> {
  for (const layer of layers.toReversed()) {
    for (const node of [layer, fileNode(layer)]) {
      await qmp.execute('blockdev-del', { 'node-name': node }).catch((error: unknown) => {
        const gone = EcdError.is(error, 'Qemu.CommandFailed') && /Failed to find node/.test(error.message);
        if (!gone) throw error;
      });
    }
  }
}
