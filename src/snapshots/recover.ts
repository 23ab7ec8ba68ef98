/**
 * Bringing every disk into a known state after the service, QEMU or the host died.
 *
 * Invariants: runs after the desktops were found again and before any is started; an open freeze is settled by what QEMU
 * or the image lock says; what was acknowledged is there afterwards, the rest is FAILED; only files whose name the
 * catalogue gave are unlinked, others are set aside.
 */
import { diskById } from '../catalogue/stacks.ts';
import { describeError } from '../errors.ts';
import type { SnapshotContext } from './context.ts';
import { resolveFreeze } from './freeze-outcome.ts';
import { sweep } from './layers.ts';
import { dropRecords } from './remove.ts';
import { intentOf } from './state.ts';

/** Gives the disks whose reset goes on. */
export async function recover(ctx: SnapshotContext): Promise<string[]> {
  const resets: string[] = [];
  const disks = await ctx.catalogue.db.selectFrom('disks').select('id').execute();
  await failUnbegun(ctx);
  await releaseVanished(ctx);
  for (const { id } of disks) {
    const disk = await diskById(ctx.catalogue.db, id);
    // Whatever else fails here: a reset that was promised must not wait until its desktop has been used for days.
    if (disk !== undefined && intentOf(disk)?.kind === 'reset') resets.push(id);
    try {
      await recoverDisk(ctx, id);
    } catch (error) {
      // One disk that cannot be settled now (its lock is held, say) must not keep the others from working.
      ctx.log.error(
        { disk: id, error: describeError(error) },
        'a disk could not be recovered; it is tried again when used',
      );
    }
  }
  await dropRecords(ctx);
  return resets;
}

async function recoverDisk(ctx: SnapshotContext, diskId: string): Promise<void> {
  return ctx.diskLock.run(diskId, async () => {
    const disk = await diskById(ctx.catalogue.db, diskId);
    if (disk === undefined) return;
    const garbage = await ctx.catalogue.db
      .selectFrom('garbage')
      .select('layer_id')
      .where('disk_id', '=', diskId)
      .execute();
    await sweep(
      ctx,
      diskId,
      garbage.map((row) => row.layer_id),
    );
    const intent = intentOf(disk);
    if (intent?.kind === 'freeze') await resolveFreeze(ctx, disk);
    await setStrangersAside(ctx, diskId);
    await compareWithQemu(ctx, diskId);
  });
}

/** Disks whose rows are gone while their files, by name, still wait to be removed. */
async function releaseVanished(ctx: SnapshotContext): Promise<void> {
  const rows = await ctx.catalogue.db
    .selectFrom('garbage')
    .select('disk_id')
    .distinct()
    .where('disk_id', 'not in', (eb) => eb.selectFrom('disks').select('id'))
    .execute();
  for (const { disk_id } of rows) {
    await ctx.pool.releaseDisk(disk_id);
    await ctx.catalogue.db.deleteFrom('garbage').where('disk_id', '=', disk_id).execute();
  }
}

/** Snapshots that are neither frozen nor in a disk's open intent were never taken. */
async function failUnbegun(ctx: SnapshotContext): Promise<void> {
  const open = await ctx.catalogue.db
    .selectFrom('disks')
    .select('intent')
    .where('intent', 'is not', null)
    .execute();
  const known = open.flatMap((disk) => {
    const intent = intentOf(disk);
    return intent?.kind === 'freeze' ? [intent.snapshotId] : [];
  });
  await ctx.catalogue.db
    .updateTable('snapshots')
    .set({ status: 'FAILED', failure: 'The service stopped before the snapshot was taken.' })
    .where('status', '=', 'PROGRESSING')
    .where('layer_id', 'is', null)
    .where('id', 'not in', [...known, ''])
    .execute();
}

async function setStrangersAside(ctx: SnapshotContext, diskId: string): Promise<void> {
  const rows = await ctx.catalogue.db
    .selectFrom('layers')
    .select('id')
    .where('disk_id', '=', diskId)
    .execute();
  const known = new Set(rows.map((row) => row.id));
  for (const layer of await ctx.pool.listLayers(diskId)) {
    if (known.has(layer)) continue;
    ctx.log.warn({ disk: diskId, layer }, 'a layer that the catalogue does not know was set aside');
    await ctx.pool.setAside(diskId, layer);
  }
}

/** The catalogue and a living QEMU must agree on the active layer. Said loudly; a freeze of such a disk fails. */
async function compareWithQemu(ctx: SnapshotContext, diskId: string): Promise<void> {
  const disk = await diskById(ctx.catalogue.db, diskId);
  const live = disk === undefined ? null : ctx.desktops.live(disk.desktop_id, disk.type);
  if (disk === undefined || live === null) return;
  const top = await ctx.pool.topLayer(live);
  if (top !== disk.active_layer) {
    ctx.log.error(
      { disk: diskId, catalogue: disk.active_layer, qemu: top },
      'QEMU writes to another layer than the catalogue says',
    );
  }
}
