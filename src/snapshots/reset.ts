/**
 * ResetSnapshot: the disk becomes again what it was at the freeze. RebuildDesktops: what an image is.
 *
 * Invariants: the lease (the disk's intent) is committed before the call answers, so that a reset survives a restart and
 * nothing else touches the disk; the rest stands in switch-stack.ts. A rebuild drops no snapshot.
 */
import type { Claim } from '../catalogue/nonces.ts';
import { chain, diskById, diskOf, stackOf } from '../catalogue/stacks.ts';
import type { Stack } from '../disks/types.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { parseRoot } from '../vault/index.ts';
import type { SnapshotContext } from './context.ts';
import { type ResetWay, resetWay } from './decide.ts';
import { rebuildDisk } from './rebuild.ts';
import { type DiskState, type Intent, intentOf, loadState } from './state.ts';
import { isSound, switchTo } from './switch-stack.ts';

export interface ResetRequest {
  readonly regionId: string;
  readonly snapshotId: string;
  /** Stop the desktop first if it is not Stopped. */
  readonly stopDesktop: boolean;
}

/** Checks and takes the lease. Gives the disk to be reset. Throws the codes of the operation. */
export async function requestReset(
  ctx: SnapshotContext,
  request: ResetRequest,
  claim: Claim,
): Promise<string> {
  return ctx.catalogue.transaction(async (trx) => {
    await claim.record(trx);
    const snapshot = await trx
      .selectFrom('snapshots')
      .selectAll()
      .where('id', '=', request.snapshotId)
      .executeTakeFirst();
    if (snapshot?.region_id !== request.regionId || snapshot.image_id !== null)
      throw new EcdError('InvalidSnapshotId.NotFound');
    if (snapshot.status !== 'ACCOMPLISHED' || snapshot.root === null)
      throw new EcdError('InvalidSnapshotId.NotReady');
    const desktop = await trx
      .selectFrom('desktops')
      .select('status')
      .where('id', '=', snapshot.desktop_id)
      .executeTakeFirst();
    const disk = await diskOf(trx, snapshot.desktop_id, snapshot.disk_type);
    if (desktop === undefined || desktop.status === 'Deleted' || disk?.id !== snapshot.disk_id) {
      throw new EcdError('InvalidDesktopId.NotFound');
    }
    const stoppable = desktop.status === 'Running' || desktop.status === 'Stopping';
    if (desktop.status !== 'Stopped' && !(request.stopDesktop && stoppable)) {
      throw new EcdError('IncorrectDesktopStatus', { status: desktop.status, wanted: 'Stopped' });
    }
    if (disk.intent !== null) {
      throw new EcdError('OperationConflict', {
        reason: 'The disk is being reset or frozen; wait until that is done.',
      });
    }
    const lease: Intent = { kind: 'reset', snapshotId: snapshot.id };
    await trx
      .updateTable('disks')
      .set({ intent: JSON.stringify(lease) })
      .where('id', '=', disk.id)
      .execute();
    return disk.id;
  });
}

/** Does a reset whose lease is taken; also one that an earlier service began. The lease ends with it, done or failed. */
export async function performReset(ctx: SnapshotContext, diskId: string): Promise<void> {
  const disk = await diskById(ctx.catalogue.db, diskId);
  const intent = disk === undefined ? null : intentOf(disk);
  if (disk === undefined || intent?.kind !== 'reset') return;
  await faults.hit('reset.intended');
  let pause: { resume(): void } | undefined;
  try {
    await stopFirst(ctx, diskId, disk.desktop_id);
    pause = await ctx.gate.pause(diskId);
    await ctx.diskLock.run(diskId, async () => {
      const state = await loadState(ctx.catalogue.db, diskId);
      if (state === undefined) throw new EcdError('InvalidDesktopId.NotFound');
      await requireUnused(ctx, state, stackOf(state.disk, chain(state.layers, state.disk.active_layer)));
      if ('imageId' in intent) await rebuildDisk(ctx, state, intent.imageId);
      else await resetDisk(ctx, state, intent.snapshotId);
    });
  } catch (error) {
    ctx.log.error(
      { disk: diskId, lease: intent, error: describeError(error) },
      'a reset failed; the disk is as it was',
    );
    if (!ctx.signal.aborted) await endLease(ctx, diskId, disk.intent!);
    throw error;
  } finally {
    pause?.resume();
    ctx.kick(diskId);
  }
}

/** A desktop that was started meanwhile is Starting, and waits for this reset: it is not to be stopped again. */
async function stopFirst(ctx: SnapshotContext, diskId: string, desktopId: string): Promise<void> {
  const desktop = await ctx.catalogue.db
    .selectFrom('desktops')
    .select('status')
    .where('id', '=', desktopId)
    .executeTakeFirst();
  if (desktop?.status !== 'Running' && desktop?.status !== 'Stopping') return;
  ctx.log.info({ disk: diskId, desktop: desktopId }, 'a reset waits for the desktop to stop');
  await ctx.desktops.stopAndWait(desktopId, ctx.signal);
}

async function endLease(ctx: SnapshotContext, diskId: string, intent: string): Promise<void> {
  await ctx.catalogue.db
    .updateTable('disks')
    .set({ intent: null })
    .where('id', '=', diskId)
    .where('intent', '=', intent)
    .execute();
}

async function resetDisk(ctx: SnapshotContext, state: DiskState, snapshotId: string): Promise<void> {
  const snapshot = await ctx.catalogue.db
    .selectFrom('snapshots')
    .select(['root', 'layer_id'])
    .where('id', '=', snapshotId)
    .executeTakeFirst();
  // Deleted while the reset waited for the desktop to stop: there is nothing to go back to.
  if (snapshot?.root == null) throw new EcdError('InvalidSnapshotId.NotFound');
  const target = parseRoot(snapshot.root);
  const way = resetWay(state, { layer: snapshot.layer_id, root: snapshot.root });
  const onto = way.kind === 'onto' ? way.layer : way.over;
  const below = onto === null ? emptyStack(state, way) : stackOf(state.disk, chain(state.layers, onto));
  const sound = await isSound(ctx, below);
  ctx.log.info(
    { disk: state.disk.id, snapshot: snapshotId, way: sound ? way.kind : 'from the vault' },
    'reset',
  );
  if (sound && way.kind === 'onto') return switchTo(ctx, state, below, null);
  const source = sound && way.kind === 'difference' && way.root !== null ? parseRoot(way.root) : null;
  const clean: Stack = sound ? below : { ...below, imageId: null, layers: [] };
  await switchTo(ctx, state, clean, { source, target, root: snapshot.root });
}

/** No QEMU of ours and no other process has the disk. A file that is damaged is in nobody's use. */
async function requireUnused(ctx: SnapshotContext, state: DiskState, stack: Stack): Promise<void> {
  const free = await ctx.pool.lockFree(stack).catch((error: unknown) => {
    if (EcdError.is(error, 'Disk.Damaged')) return true;
    throw error;
  });
  const ours = ctx.desktops.live(state.disk.desktop_id, state.disk.type) !== null;
  if (!free || ours) throw new EcdError('OperationDenied.DiskInUse', { path: state.disk.id });
}

/** The golden image alone, or nothing. */
function emptyStack(state: DiskState, way: ResetWay): Stack {
  const imageId = way.kind === 'difference' ? way.imageId : null;
  return { diskId: state.disk.id, sizeBytes: state.disk.size_bytes, imageId, layers: [] };
}
