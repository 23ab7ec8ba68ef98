/**
 * One settle of a disk, with the catalogue.
 *
 * Invariants: the catalogue knows that the bottom layer is in motion before its first byte changes; the new stack is
 * committed after the files are synced; merged layers are unlinked only after that. A desktop that is starting or
 * stopping is left alone.
 */
import { chain, stackOf } from '../catalogue/stacks.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import type { SnapshotContext } from './context.ts';
import { settleStep } from './decide.ts';
import { sweep } from './layers.ts';
import { type DiskState, loadState } from './state.ts';

/** Merges what can be merged now. Throws Cancelled when it was paused or the desktop is in between two states. */
export async function settleDisk(ctx: SnapshotContext, diskId: string): Promise<void> {
  await ctx.gate.run(diskId, async (signal) => {
    const state = await begin(ctx, diskId);
    if (state === undefined) return;
    const step = settleStep(state);
    if (step === null) return;
    const stack = stackOf(state.disk, chain(state.layers, state.disk.active_layer));
    const live = ctx.desktops.live(state.disk.desktop_id, state.disk.type);
    // No hook tells when a lost session is back: tried again.
    if (live === null && state.desktopStatus === 'Running')
      throw new EcdError('Qemu.ConnectionLost', { what: 'QEMU' });
    if (live !== null && state.desktopStatus === 'Stopped') {
      throw new EcdError('Cancelled', { reason: `the desktop is ${state.desktopStatus}` });
    }
    const qemu = ctx.desktops.qemuPid(state.disk.desktop_id);
    await faults.hit('settle.begun', { qemu });
    await ctx.pool.settle(stack, live, {
      count: step.count,
      bytesPerSecond: ctx.settings.snapshots.settleBytesPerSecond,
      signal,
      onProgress: () => void faults.hit('settle.running', { qemu }),
    });
    await faults.hit('settle.merged', { qemu });
    const merged = stack.layers.slice(1, step.count + 1);
    await commit(ctx, diskId, stack.layers[0]!, merged);
    await faults.hit('settle.committed', { qemu });
    await sweep(ctx, diskId, merged);
  });
}

/** Marks the settle in the catalogue, if the desktop is in a state for it. */
async function begin(ctx: SnapshotContext, diskId: string): Promise<DiskState | undefined> {
  return ctx.catalogue.transaction(async (trx) => {
    const state = await loadState(trx, diskId);
    if (state === undefined || (state.desktopStatus !== 'Running' && state.desktopStatus !== 'Stopped')) {
      throw new EcdError('Cancelled', { reason: 'the desktop is in between two states' });
    }
    const step = settleStep(state);
    if (step === null) return undefined;
    const settling = chain(state.layers, state.disk.active_layer)[step.count]!.id;
    await trx.updateTable('disks').set({ settling_layer: settling }).where('id', '=', diskId).execute();
    return { ...state, disk: { ...state.disk, settling_layer: settling } };
  });
}

async function commit(
  ctx: SnapshotContext,
  diskId: string,
  bottom: string,
  merged: readonly string[],
): Promise<void> {
  const top = merged.at(-1)!;
  await ctx.catalogue.transaction(async (trx) => {
    const { root } = await trx
      .selectFrom('layers')
      .select('root')
      .where('id', '=', top)
      .executeTakeFirstOrThrow();
    await trx.updateTable('layers').set({ root }).where('id', '=', bottom).execute();
    await trx.updateTable('layers').set({ parent_id: bottom }).where('parent_id', '=', top).execute();
    await trx.updateTable('disks').set({ settling_layer: null }).where('id', '=', diskId).execute();
    for (const id of merged.toReversed()) {
      await trx.updateTable('snapshots').set({ layer_id: null }).where('layer_id', '=', id).execute();
      await trx.deleteFrom('layers').where('id', '=', id).execute();
      await trx.insertInto('garbage').values({ disk_id: diskId, layer_id: id }).execute();
    }
    // The bottom layer's own snapshot is no longer what the file holds.
    await trx.updateTable('snapshots').set({ layer_id: null }).where('layer_id', '=', bottom).execute();
  });
}
