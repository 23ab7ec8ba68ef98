/**
 * DeleteSnapshot, and what a deleted desktop leaves.
 *
 * Invariants: the row goes at once; nothing that another snapshot, layer or image needs goes with it; a snapshot still
 * being archived is cancelled; its vault record is named in `dropped_records` by the same transaction that deletes the
 * row, and is gone before that name is.
 */
import type { Trx } from '../catalogue/catalogue.ts';
import type { Claim } from '../catalogue/nonces.ts';
import { describeError } from '../errors.ts';
import { faults } from '../faults.ts';
import type { SnapshotContext } from './context.ts';
import { nextStep } from './decide.ts';
import { loadState } from './state.ts';

/** Only those that policies made, whatever is asked for; it is told in the transaction which ones have gone. */
export type Automatic = (trx: Trx, gone: readonly string[]) => Promise<void>;

/** Deletes snapshots; unknown ids are ignored. Gives the disks whose layers may be free now. */
export async function removeSnapshots(
  ctx: SnapshotContext,
  regionId: string,
  ids: readonly string[],
  claim: Claim,
  automatic?: Automatic,
): Promise<{ diskIds: string[]; snapshotIds: string[] }> {
  const rows = await ctx.catalogue.transaction(async (trx) => {
    await claim.record(trx);
    let query = trx
      .selectFrom('snapshots')
      .select(['id', 'disk_id', 'root'])
      .where('id', 'in', [...ids])
      .where('region_id', '=', regionId)
      .where('image_id', 'is', null);
    if (automatic !== undefined) query = query.where('type', '=', 'AUTO').where('policy_id', 'is not', null);
    const found = await query.execute();
    for (const { id } of found) {
      await trx.deleteFrom('snapshots').where('id', '=', id).execute();
      await trx
        .insertInto('dropped_records')
        .values({ record_id: id })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    await automatic?.(
      trx,
      found.map(({ id }) => id),
    );
    return found;
  });
  await faults.hit('remove.committed');
  return { diskIds: [...new Set(rows.map((row) => row.disk_id))], snapshotIds: rows.map((row) => row.id) };
}

/** Removes the vault records whose snapshots are gone. One that cannot be removed now is tried again later. */
export async function dropRecords(ctx: SnapshotContext): Promise<void> {
  await ctx.recordLock.run(() => dropAll(ctx));
}

async function dropAll(ctx: SnapshotContext): Promise<void> {
  const names = await ctx.catalogue.db.selectFrom('dropped_records').select('record_id').execute();
  for (const { record_id } of names) {
    try {
      await ctx.vault.deleteRecord(record_id);
      await faults.hit('remove.record.deleted');
      await ctx.catalogue.db.deleteFrom('dropped_records').where('record_id', '=', record_id).execute();
    } catch (error) {
      ctx.log.warn(
        { record: record_id, error: describeError(error) },
        'a vault record could not be removed yet',
      );
      return;
    }
  }
}

/** A deleted desktop's disk that nobody waits for: its rows, then its files. */
export async function releaseDisk(ctx: SnapshotContext, diskId: string): Promise<void> {
  await ctx.diskLock.run(diskId, async () => {
    // A snapshot that held the lock until now may have been acknowledged since this was decided.
    const state = await loadState(ctx.catalogue.db, diskId);
    if (state === undefined || nextStep(state)?.kind !== 'release') return;
    // The files first: without the rows nobody would know the directory.
    await ctx.pool.releaseDisk(diskId);
    await faults.hit('remove.disk.released');
    await ctx.catalogue.transaction(async (trx) => {
      await trx.updateTable('snapshots').set({ layer_id: null }).where('disk_id', '=', diskId).execute();
      await trx.updateTable('layers').set({ parent_id: null }).where('disk_id', '=', diskId).execute();
      await trx.deleteFrom('layers').where('disk_id', '=', diskId).execute();
      await trx.deleteFrom('garbage').where('disk_id', '=', diskId).execute();
      await trx.deleteFrom('disks').where('id', '=', diskId).execute();
    });
    await faults.hit('remove.disk.forgotten');
  });
}
