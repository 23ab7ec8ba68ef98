/**
 * Asking for a reset: the checks, and the lease.
 *
 * Invariant: when it answers, the lease (the disk's intent) is committed, and the reset happens whatever dies meanwhile.
 */
import type { Trx } from '../catalogue/catalogue.ts';
import type { Claim } from '../catalogue/nonces.ts';
import { type DiskRow, diskOf } from '../catalogue/stacks.ts';
import { EcdError } from '../errors.ts';
import type { SnapshotContext } from './context.ts';
import type { Intent } from './state.ts';

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
    await leaseForReset(trx, disk, { kind: 'reset', snapshotId: snapshot.id });
    return disk.id;
  });
}

/** Takes a disk's lease. Throws OperationConflict while somebody has it. */
export async function leaseForReset(
  trx: Trx,
  disk: DiskRow,
  lease: Extract<Intent, { kind: 'reset' }>,
): Promise<void> {
  if (disk.intent !== null) {
    throw new EcdError('OperationConflict', {
      reason: 'The disk is being reset or frozen; wait until that is done.',
    });
  }
  await trx
    .updateTable('disks')
    .set({ intent: JSON.stringify(lease) })
    .where('id', '=', disk.id)
    .execute();
}
