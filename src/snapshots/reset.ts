/**
 * ResetSnapshot: the disk becomes again what it was at the freeze.
 *
 * Invariants: the lease (the disk's intent) is committed before the call answers, so that a reset survives a restart and
 * nothing else touches the disk; the old stack stays until the new one is durable, and the catalogue switches in one
 * transaction; layers that waiting snapshots need stay, as a branch, until those are archived.
 */
import type { Trx } from '../catalogue/catalogue.ts';
import type { Claim } from '../catalogue/nonces.ts';
import type { SnapshotTable } from '../catalogue/schema.ts';
import { chain, diskById, diskOf, stackOf } from '../catalogue/stacks.ts';
import type { LayerWriter, Stack } from '../disks/types.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { parseRoot, type Root } from '../vault/index.ts';
import type { SnapshotContext } from './context.ts';
import { type ResetWay, resetWay } from './decide.ts';
import { fillLayer } from './fill-layer.ts';
import { adoptLayer, allocateLayer, discardLayers, sweep } from './layers.ts';
import { type DiskState, type Intent, intentOf, loadState } from './state.ts';

export interface ResetRequest {
  readonly regionId: string;
  readonly snapshotId: string;
  /** Stop the desktop first if it is not Stopped. */
  readonly stopDesktop: boolean;
}

type SnapshotRow = SnapshotTable;

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
      const snapshot = await ctx.catalogue.db
        .selectFrom('snapshots')
        .selectAll()
        .where('id', '=', intent.snapshotId)
        .executeTakeFirst();
      // Deleted while the reset waited for the desktop to stop: there is nothing to go back to.
      if (snapshot?.root == null) throw new EcdError('InvalidSnapshotId.NotFound');
      await resetDisk(ctx, diskId, snapshot);
    });
  } catch (error) {
    ctx.log.error(
      { disk: diskId, snapshot: intent.snapshotId, error: describeError(error) },
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

async function resetDisk(ctx: SnapshotContext, diskId: string, snapshot: SnapshotRow): Promise<void> {
  const state = await loadState(ctx.catalogue.db, diskId);
  if (state === undefined) throw new EcdError('InvalidDesktopId.NotFound');
  const stack = stackOf(state.disk, chain(state.layers, state.disk.active_layer));
  await requireUnused(ctx, state, stack);
  const target = parseRoot(snapshot.root!);
  const way = resetWay(state, { layer: snapshot.layer_id, root: snapshot.root! });
  const onto = way.kind === 'onto' ? way.layer : way.over;
  const below = onto === null ? emptyStack(state, way) : stackOf(state.disk, chain(state.layers, onto));
  const sound = await ctx.pool.check(below).then(
    () => true,
    (error: unknown) => {
      if (!EcdError.is(error, 'Disk.Damaged')) throw error;
      ctx.log.warn({ disk: diskId, error: describeError(error) }, 'the disk is rebuilt from the vault');
      return false;
    },
  );
  ctx.log.info({ disk: diskId, snapshot: snapshot.id, way: sound ? way.kind : 'rebuild' }, 'reset');
  if (sound && way.kind === 'onto') return switchTo(ctx, state, below, null);
  const source = sound && way.kind === 'difference' && way.root !== null ? parseRoot(way.root) : null;
  const clean: Stack = sound ? below : { ...below, imageId: null, layers: [] };
  await switchTo(ctx, state, clean, { source, target, root: snapshot.root! });
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

interface Content {
  /** Content of the stack below, null when it is empty. */
  readonly source: Root | null;
  readonly target: Root;
  readonly root: string;
}

/** Puts a new active layer on `below`, or on a new layer over it that holds `content`, and drops the old stack. */
async function switchTo(
  ctx: SnapshotContext,
  state: DiskState,
  below: Stack,
  content: Content | null,
): Promise<void> {
  const { disk } = state;
  const made: string[] = [];
  // Both trees stay in the vault until the catalogue names the new layer's root, whatever is deleted meanwhile.
  const session = content === null ? null : await ctx.vault.session();
  let committing = false;
  try {
    for (const root of [content?.source, content?.target]) if (root != null) session?.hold(root);
    let stack = below;
    if (content !== null) {
      const filled = await allocateLayer(ctx, disk.id);
      made.push(filled);
      await writeContent(ctx, below, filled, content);
      stack = { ...below, layers: [...below.layers, filled] };
    }
    await faults.hit('reset.written');
    const active = await allocateLayer(ctx, disk.id);
    made.push(active);
    await ctx.pool.prepare(stack, active);
    await faults.hit('reset.prepared');
    committing = true;
    const dropped = await commitSwitch(ctx, state, below, made, content);
    await faults.hit('reset.committed');
    // What cannot be unlinked now is garbage by name, and goes at the next start.
    await sweep(ctx, disk.id, dropped).catch((error: unknown) => {
      ctx.log.warn({ disk: disk.id, error: describeError(error) }, 'old layers could not be unlinked yet');
    });
  } catch (error) {
    // A commit that failed may be found done after a crash: its files are garbage by name until the next start tells.
    if (!committing) await sweep(ctx, disk.id, made);
    throw error;
  } finally {
    await session?.close();
  }
}

async function writeContent(
  ctx: SnapshotContext,
  below: Stack,
  layer: string,
  content: Content,
): Promise<void> {
  let writer: LayerWriter | undefined;
  try {
    writer = await ctx.pool.writeLayer(below, layer);
    await faults.hit('reset.opened', { qsd: writer.pid });
    await fillLayer(ctx.vault, writer, content.source, content.target, below.sizeBytes, ctx.signal);
    await faults.hit('reset.filled', { qsd: writer.pid });
    await writer.finish();
  } catch (error) {
    await writer?.discard();
    throw error;
  }
}

/** One transaction: the new stack is the disk's, the old active and prepared layers are garbage, the lease has ended. */
async function commitSwitch(
  ctx: SnapshotContext,
  state: DiskState,
  below: Stack,
  made: readonly string[],
  content: Content | null,
): Promise<string[]> {
  const { disk } = state;
  const now = ctx.clock();
  const active = made.at(-1)!;
  const base = { disk_id: disk.id, created_at: now };
  return ctx.catalogue.transaction(async (trx) => {
    let parent = below.layers.at(-1) ?? null;
    if (content !== null) {
      const image_id = parent === null ? below.imageId : null;
      await adoptLayer(trx, {
        ...base,
        id: made[0]!,
        parent_id: parent,
        image_id,
        state: 'frozen',
        root: content.root,
      });
      parent = made[0]!;
    }
    await adoptLayer(trx, {
      ...base,
      id: active,
      parent_id: parent,
      image_id: null,
      state: 'active',
      root: null,
    });
    const settling = below.layers.includes(disk.settling_layer ?? '') ? disk.settling_layer : null;
    if (disk.settling_layer !== null && settling === null) await forgetHalfMerged(trx, state);
    const switched = await trx
      .updateTable('disks')
      .set({ active_layer: active, prepared_layer: null, settling_layer: settling, intent: null })
      .where('id', '=', disk.id)
      .where('intent', '=', disk.intent)
      .executeTakeFirst();
    if (switched.numUpdatedRows !== 1n) {
      throw new EcdError('OperationConflict', { reason: 'The disk was taken over by another process.' });
    }
    const dropped = [...(disk.prepared_layer === null ? [] : [disk.prepared_layer]), disk.active_layer];
    await discardLayers(trx, disk.id, dropped);
    return dropped;
  });
}

/** The layers below an unfinished settle no longer hold what they held, and now nothing else in the catalogue says so. */
async function forgetHalfMerged(trx: Trx, { layers, disk }: DiskState): Promise<void> {
  const below = chain(layers, disk.settling_layer!).slice(0, -1);
  const ids = below.map((layer) => layer.id);
  await trx.updateTable('layers').set({ root: null }).where('id', 'in', ids).execute();
  await trx.updateTable('snapshots').set({ layer_id: null }).where('layer_id', 'in', ids).execute();
}
