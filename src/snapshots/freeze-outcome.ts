/**
 * A freeze whose outcome nobody heard: which layer is on top?
 *
 * Invariants: QEMU's answer wins; without a QEMU the prepared layer becomes the top only where nobody holds the active
 * layer's write lock, which is safe whether QEMU had switched or not, since an empty layer over the old one has the same
 * content. The snapshot, which was never acknowledged, is FAILED either way; the content is safe either way.
 */
import { type DiskRow, diskById, loadStack } from '../catalogue/stacks.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import type { SnapshotContext } from './context.ts';
import { intentOf } from './state.ts';

const FAILURE = 'The service, QEMU or the host stopped before the snapshot was taken.';

/** Settles an open freeze. The caller holds the disk's lock. Throws OperationDenied.DiskInUse when the lock is taken. */
export async function resolveFreeze(ctx: SnapshotContext, row: DiskRow): Promise<void> {
  const disk = await diskById(ctx.catalogue.db, row.id);
  const intent = disk === undefined ? null : intentOf(disk);
  if (disk === undefined || intent?.kind !== 'freeze') return;
  const switched = await isSwitched(ctx, disk, intent.prepared);
  await faults.hit('freeze.judged');
  await ctx.catalogue.transaction(async (trx) => {
    if (switched) {
      await trx
        .updateTable('layers')
        .set({ state: 'frozen', frozen_at: ctx.clock() })
        .where('id', '=', intent.frozen)
        .execute();
      await trx.updateTable('layers').set({ state: 'active' }).where('id', '=', intent.prepared).execute();
    }
    await trx
      .updateTable('disks')
      .set({ intent: null, ...(switched ? { active_layer: intent.prepared, prepared_layer: null } : {}) })
      .where('id', '=', disk.id)
      .execute();
    await trx
      .updateTable('snapshots')
      .set({ status: 'FAILED', failure: FAILURE, layer_id: null })
      .where('id', '=', intent.snapshotId)
      .where('status', '=', 'PROGRESSING')
      .execute();
  });
  await faults.hit('freeze.resolved');
  ctx.log.info({ disk: disk.id, snapshot: intent.snapshotId, switched }, 'an open freeze was settled');
}

async function isSwitched(ctx: SnapshotContext, disk: DiskRow, prepared: string): Promise<boolean> {
  const live = ctx.desktops.live(disk.desktop_id, disk.type);
  if (live !== null) {
    try {
      const top = await ctx.pool.topLayer(live);
      if (top === prepared || top === disk.active_layer) return top === prepared;
      throw new EcdError('InternalError', {}, new Error(`QEMU has ${top} on top of disk ${disk.id}`));
    } catch (error) {
      // A QEMU that is gone does not answer; its lock tells whether it is.
      if (!EcdError.is(error, 'Qemu.ConnectionLost')) throw error;
    }
  }
  // An offline settle holds the active layer's lock too.
  const pause = await ctx.gate.pause(disk.id);
  try {
    const stack = await loadStack(ctx.catalogue.db, disk);
    await waitForLock(ctx, stack);
    await ctx.pool.check({ ...stack, layers: [...stack.layers, prepared] });
    return true;
  } finally {
    pause.resume();
  }
}

async function waitForLock(
  ctx: SnapshotContext,
  stack: Parameters<typeof ctx.pool.lockFree>[0],
): Promise<void> {
  for (let tries = 0; !(await ctx.pool.lockFree(stack)); tries++) {
    if (tries === 20) throw new EcdError('OperationDenied.DiskInUse', { path: stack.diskId });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
