/**
 * CreateSnapshot: from the request to a point in time that is on disk.
 *
 * Invariants: when it answers, the frozen layer is flushed and the catalogue says so; a call that fails leaves no row,
 * no lease and no changed stack; a guest that was frozen is thawed on every path; an outcome that QEMU left open (lost
 * connection, no answer) is settled by asking QEMU which layer is on top, before anything else touches the disk.
 */
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Claim } from '../catalogue/nonces.ts';
import type { Consistency } from '../catalogue/schema.ts';
import { type DiskRow, diskOf } from '../catalogue/stacks.ts';
import type { LiveDisk } from '../disks/types.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import type { SnapshotContext } from './context.ts';
import { resolveFreeze } from './freeze-outcome.ts';
import { beingReset, intend, type Plan, type TakeRequest } from './intend.ts';
import { prepareLayer } from './layers.ts';
import { requireSpace } from './space.ts';
import { intentOf } from './state.ts';

/** Takes a snapshot of one disk and gives its id once the point in time is durable. Throws EcdError. */
export async function take(ctx: SnapshotContext, request: TakeRequest, claim: Claim): Promise<string> {
  const disk = await findDisk(ctx.catalogue, request);
  return ctx.diskLock.run(disk.id, async () => {
    await requireSpace(ctx);
    await makeReady(ctx, disk.id);
    await faults.hit('take.ready', { qemu: ctx.desktops.qemuPid(request.desktopId) });
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
  // Said at once, not after the reset that holds the disk's lock.
  if (intentOf(disk)?.kind === 'reset') throw beingReset();
  return disk;
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

/** Steps 2 to 5. */
async function freeze(ctx: SnapshotContext, plan: Plan): Promise<void> {
  const qemu = ctx.desktops.qemuPid(plan.desktopId);
  if (plan.live !== null) {
    await ctx.pool.presync(plan.stack);
    await faults.hit('take.presynced', { qemu });
  }
  // QEMU refuses a freeze while a settle runs in it; an offline settle holds the active layer's write lock.
  const pause = await ctx.gate.pause(plan.diskId);
  try {
    if (plan.live === null) {
      await ctx.pool.freezeOffline(plan.stack, async () => {
        await faults.hit('take.locked');
        await commitFreeze(ctx, plan, ctx.clock(), 'stopped');
      });
      return;
    }
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
      .set((eb) => ({
        consistency,
        created_at: instant,
        // Retention is measured from the instant of the freeze.
        expires_at: eb(eb.ref('expires_at'), '+', eb(eb.val(instant), '-', eb.ref('created_at'))),
        layer_id: frozen,
      }))
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
    // Without a QEMU only the catalogue's own transaction switches: what still has the lease has not switched.
    if (plan.live !== null && disk?.intent === plan.intent) await resolveFreeze(ctx, disk);
    await ctx.catalogue.transaction(async (trx) => {
      await trx
        .updateTable('disks')
        .set({ intent: null })
        .where('id', '=', plan.diskId)
        .where('intent', '=', plan.intent)
        .execute();
      await trx.deleteFrom('snapshots').where('id', '=', plan.snapshotId).execute();
      if (plan.imageId !== null) await trx.deleteFrom('images').where('id', '=', plan.imageId).execute();
    });
  } catch (error) {
    // The lease stays in the catalogue: the next snapshot, start of the desktop or start of the service settles it.
    ctx.log.error(
      { disk: plan.diskId, error: describeError(error) },
      'the failed snapshot could not be cleaned up yet',
    );
  }
  ctx.kick(plan.diskId);
}
