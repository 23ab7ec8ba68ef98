/**
 * CreateSnapshot: from the request to a point in time that is on disk.
 *
 * Invariants: when it answers, the frozen layer is flushed and the catalogue says so; a call that fails leaves no row,
 * no lease and no changed stack; a guest that was frozen is thawed on every path; an outcome that QEMU left open (lost
 * connection, no answer) is settled by asking QEMU which layer is on top, before anything else touches the disk.
 */
import type { Catalogue, Trx } from '../catalogue/catalogue.ts';
import type { Claim } from '../catalogue/nonces.ts';
import type { Consistency, DiskType } from '../catalogue/schema.ts';
import { type DiskRow, diskOf, loadStack } from '../catalogue/stacks.ts';
import type { LiveDisk, Stack } from '../disks/types.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { newId } from '../ids.ts';
import type { SnapshotContext } from './context.ts';
import { resolveFreeze } from './freeze-outcome.ts';
import { prepareLayer } from './layers.ts';
import { type Intent, intentOf } from './state.ts';

export interface TakeRequest {
  readonly regionId: string;
  readonly desktopId: string;
  readonly diskType: DiskType;
  readonly name: string;
  readonly description: string;
  readonly type: 'USER' | 'AUTO';
  readonly creator: string;
}

interface Plan {
  readonly snapshotId: string;
  readonly diskId: string;
  readonly desktopId: string;
  readonly stack: Stack;
  readonly prepared: string;
  /** The lease's text: whoever finds another one in the row has lost it. */
  readonly intent: string;
  readonly live: LiveDisk | null;
}

/** Takes a snapshot of one disk and gives its id once the point in time is durable. Throws EcdError. */
export async function take(ctx: SnapshotContext, request: TakeRequest, claim: Claim): Promise<string> {
  const disk = await findDisk(ctx.catalogue, request);
  return ctx.diskLock.run(disk.id, async () => {
    await requireSpace(ctx);
    await makeReady(ctx, disk.id);
    const plan = await intend(ctx, request, claim);
    await faults.hit('take.intended', { qemu: ctx.desktops.qemuPid(plan.desktopId) });
    try {
      await freeze(ctx, plan);
    } catch (error) {
      await abandon(ctx, plan, error);
      if (EcdError.is(error) && !error.internal) throw error;
      throw new EcdError('OperationDenied.SnapshotFailed', { reason: 'the disk could not be frozen' }, error);
    }
    await faults.hit('take.committed', { qemu: ctx.desktops.qemuPid(plan.desktopId) });
    ctx.kick(disk.id);
    return plan.snapshotId;
  });
}

async function findDisk(catalogue: Catalogue, request: TakeRequest): Promise<DiskRow> {
  const desktop = await catalogue.db
    .selectFrom('desktops')
    .select(['status', 'region_id'])
    .where('id', '=', request.desktopId)
    .executeTakeFirst();
  if (desktop === undefined || desktop.status === 'Deleted' || desktop.region_id !== request.regionId) {
    throw new EcdError('InvalidDesktopId.NotFound');
  }
  const disk = await diskOf(catalogue.db, request.desktopId, request.diskType);
  if (disk === undefined) throw new EcdError('InvalidSourceDiskType.NotFound');
  return disk;
}

async function requireSpace(ctx: SnapshotContext): Promise<void> {
  const reserve = ctx.settings.snapshots.reserveBytes;
  const free = Math.min(await ctx.pool.freeBytes(), await ctx.vault.freeBytes());
  if (free < reserve) {
    throw new EcdError('OperationDenied.InsufficientSpace', { path: 'the data directory', free, reserve });
  }
}

/** A lease that an earlier call left open is settled, and there is a prepared layer. */
async function makeReady(ctx: SnapshotContext, diskId: string): Promise<void> {
  const read = () =>
    ctx.catalogue.db.selectFrom('disks').selectAll().where('id', '=', diskId).executeTakeFirst();
  let disk = await read();
  if (disk !== undefined && intentOf(disk)?.kind === 'freeze') {
    await resolveFreeze(ctx, disk);
    disk = await read();
  }
  if (disk !== undefined && disk.intent === null && disk.prepared_layer === null)
    await prepareLayer(ctx, disk);
}

/** Step 1 of the design's section 3: everything is checked, the lease taken and the row written, in one transaction. */
async function intend(ctx: SnapshotContext, request: TakeRequest, claim: Claim): Promise<Plan> {
  const snapshotId = newId.snapshot();
  return ctx.catalogue.transaction(async (trx) => {
    await claim.record(trx);
    const desktop = await trx
      .selectFrom('desktops')
      .selectAll()
      .where('id', '=', request.desktopId)
      .executeTakeFirst();
    if (desktop === undefined || desktop.status === 'Deleted')
      throw new EcdError('InvalidDesktopId.NotFound');
    const disk = await diskOf(trx, request.desktopId, request.diskType);
    if (disk === undefined) throw new EcdError('InvalidSourceDiskType.NotFound');
    if (disk.intent !== null) {
      const doing =
        intentOf(disk)?.kind === 'reset' ? 'is being reset' : 'is being frozen by another request';
      throw new EcdError('OperationConflict', { reason: `The disk ${doing}; wait until that is done.` });
    }
    const live = desktop.status === 'Running' ? ctx.desktops.live(desktop.id, request.diskType) : null;
    if (desktop.status !== 'Stopped' && live === null) {
      throw new EcdError('IncorrectDesktopStatus', { status: desktop.status, wanted: 'Running or Stopped' });
    }
    await checkQuotas(ctx, trx, disk.id);
    if (disk.prepared_layer === null) throw new EcdError('OperationConflict', { reason: 'Try again.' });
    const lease: Intent = {
      kind: 'freeze',
      snapshotId,
      frozen: disk.active_layer,
      prepared: disk.prepared_layer,
    };
    const intent = JSON.stringify(lease);
    await trx.updateTable('disks').set({ intent }).where('id', '=', disk.id).execute();
    await trx
      .insertInto('snapshots')
      .values({
        id: snapshotId,
        name: request.name,
        description: request.description,
        region_id: desktop.region_id,
        desktop_id: desktop.id,
        desktop_name: desktop.name,
        disk_id: disk.id,
        disk_type: request.diskType,
        disk_size_bytes: disk.size_bytes,
        os_type: await osType(trx, desktop.image_id),
        type: request.type,
        status: 'PROGRESSING',
        failure: '',
        creator: request.creator,
        consistency: null,
        created_at: ctx.clock(),
        archived_at: null,
        root: null,
        layer_id: null,
        total_bytes: null,
        done_bytes: 0,
        stored_bytes: null,
      })
      .execute();
    const stack = await loadStack(trx, disk);
    return {
      snapshotId,
      diskId: disk.id,
      desktopId: desktop.id,
      stack,
      prepared: disk.prepared_layer,
      intent,
      live,
    };
  });
}

async function checkQuotas(ctx: SnapshotContext, trx: Trx, diskId: string): Promise<void> {
  const { quotaPerDisk, maxWaitingLayers } = ctx.settings.snapshots;
  const count = trx.fn.countAll<number>().as('count');
  const { count: snapshots } = await trx
    .selectFrom('snapshots')
    .select(count)
    .where('disk_id', '=', diskId)
    .where('status', '!=', 'FAILED')
    .executeTakeFirstOrThrow();
  if (snapshots >= quotaPerDisk) throw new EcdError('QuotaExceed.Snapshot', { count: snapshots });
  const { count: waiting } = await trx
    .selectFrom('layers')
    .select(count)
    .where('disk_id', '=', diskId)
    .where('state', '=', 'frozen')
    .where('root', 'is', null)
    .executeTakeFirstOrThrow();
  if (waiting >= maxWaitingLayers) throw new EcdError('QuotaExceed.WaitingLayers', { count: waiting });
}

async function osType(trx: Trx, imageId: string): Promise<string> {
  const image = await trx.selectFrom('images').select('os_type').where('id', '=', imageId).executeTakeFirst();
  return image?.os_type ?? 'Linux';
}

/** Steps 2 to 5. */
async function freeze(ctx: SnapshotContext, plan: Plan): Promise<void> {
  if (plan.live === null) {
    await ctx.pool.freezeOffline(plan.stack, async () => {
      await faults.hit('take.locked');
      await commitFreeze(ctx, plan, ctx.clock(), 'stopped');
    });
    return;
  }
  const qemu = ctx.desktops.qemuPid(plan.desktopId);
  await ctx.pool.presync(plan.stack);
  await faults.hit('take.presynced', { qemu });
  const pause = await ctx.gate.pause(plan.diskId);
  try {
    const { instant, consistency } = await freezeLive(ctx, plan, plan.live, qemu);
    await faults.hit('take.switched', { qemu });
    await commitFreeze(ctx, plan, instant, consistency);
  } finally {
    pause.resume();
  }
}

async function freezeLive(
  ctx: SnapshotContext,
  plan: Plan,
  live: LiveDisk,
  qemu: number | undefined,
): Promise<{ instant: number; consistency: Consistency }> {
  const quiesced = await ctx.desktops.quiesce(plan.desktopId, ctx.settings.snapshots.freezeMs);
  let thawed = false;
  let instant = 0;
  try {
    await faults.hit('take.quiesced', { qemu });
    await ctx.pool.freeze(plan.stack, plan.prepared, live);
    instant = ctx.clock();
    await faults.hit('take.frozen', { qemu });
  } finally {
    thawed = (await quiesced?.thaw()) ?? false;
  }
  const wholeFileSystems = quiesced !== null && quiesced.filesystems > 0 && thawed;
  return { instant, consistency: wholeFileSystems ? 'filesystem' : 'crash' };
}

/** The switch in the catalogue. Throws OperationConflict when the lease is lost. */
async function commitFreeze(
  ctx: SnapshotContext,
  plan: Plan,
  instant: number,
  consistency: Consistency,
): Promise<void> {
  const frozen = plan.stack.layers.at(-1)!;
  await ctx.catalogue.transaction(async (trx) => {
    const switched = await trx
      .updateTable('disks')
      .set({ active_layer: plan.prepared, prepared_layer: null, intent: null })
      .where('id', '=', plan.diskId)
      .where('intent', '=', plan.intent)
      .executeTakeFirst();
    if (switched.numUpdatedRows !== 1n) {
      throw new EcdError('OperationConflict', { reason: 'The disk was taken over by another process.' });
    }
    await trx
      .updateTable('layers')
      .set({ state: 'frozen', frozen_at: instant })
      .where('id', '=', frozen)
      .execute();
    await trx.updateTable('layers').set({ state: 'active' }).where('id', '=', plan.prepared).execute();
    await trx
      .updateTable('snapshots')
      .set({ consistency, created_at: instant, layer_id: frozen })
      .where('id', '=', plan.snapshotId)
      .execute();
  });
}

/** After a failure: settles what QEMU left open, then removes the row, so that the call leaves nothing behind. */
async function abandon(ctx: SnapshotContext, plan: Plan, cause: unknown): Promise<void> {
  ctx.log.warn(
    { desktop: plan.desktopId, disk: plan.diskId, error: describeError(cause) },
    'a snapshot failed',
  );
  try {
    const disk = await ctx.catalogue.db
      .selectFrom('disks')
      .selectAll()
      .where('id', '=', plan.diskId)
      .executeTakeFirst();
    if (disk?.intent === plan.intent) await resolveFreeze(ctx, disk);
    await ctx.catalogue.db.deleteFrom('snapshots').where('id', '=', plan.snapshotId).execute();
  } catch (error) {
    // The lease stays in the catalogue: the next snapshot, start of the desktop or start of the service settles it.
    ctx.log.error(
      { disk: plan.diskId, error: describeError(error) },
      'the failed snapshot could not be cleaned up yet',
    );
  }
  ctx.kick(plan.diskId);
}
