/**
 * The first step of a snapshot: everything is checked, the disk's lease taken and the row written, in one transaction
 * with the request's nonce.
 *
 * Invariant: a refusal leaves nothing behind; a lease names the layer that will be frozen and the one that will be on top.
 */
import type { Trx } from '../catalogue/catalogue.ts';
import type { Claim } from '../catalogue/nonces.ts';
import type { DiskType } from '../catalogue/schema.ts';
import { diskOf, loadStack } from '../catalogue/stacks.ts';
import type { LiveDisk, Stack } from '../disks/types.ts';
import { EcdError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { SnapshotContext } from './context.ts';
import { insertImage, type NewImage } from './image-rows.ts';
import { type Intent, intentOf } from './state.ts';

export interface TakeRequest {
  readonly regionId: string;
  readonly desktopId: string;
  readonly diskType: DiskType;
  readonly name: string;
  readonly description: string;
  readonly type: 'USER' | 'AUTO';
  readonly creator: string;
  /** The policy that it is made for, and how long it is to be kept. */
  readonly policy?: { readonly id: string; readonly retentionMs: number };
  /** The image that it is taken for: its row is made, and goes if the snapshot fails. Such a one counts in no quota. */
  readonly image?: NewImage;
}

/** A snapshot whose lease is taken. */
export interface Plan {
  readonly snapshotId: string;
  readonly diskId: string;
  readonly desktopId: string;
  /** Made with it. */
  readonly imageId: string | null;
  readonly stack: Stack;
  readonly prepared: string;
  /** The lease's text: whoever finds another one in the row has lost it. */
  readonly intent: string;
  readonly live: LiveDisk | null;
}

/** The refusal of whoever wants a disk that is being reset. */
export function beingReset(): EcdError {
  return new EcdError('OperationConflict', { reason: 'The disk is being reset; wait until that is done.' });
}

/** Takes the lease. Throws the codes of CreateSnapshot. */
export async function intend(ctx: SnapshotContext, request: TakeRequest, claim: Claim): Promise<Plan> {
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
    if (intentOf(disk)?.kind === 'reset') throw beingReset();
    if (disk.intent !== null) {
      throw new EcdError('OperationConflict', { reason: 'The disk is being frozen; try again.' });
    }
    const live = desktop.status === 'Running' ? ctx.desktops.live(desktop.id, request.diskType) : null;
    if (desktop.status !== 'Stopped' && live === null) {
      throw new EcdError('IncorrectDesktopStatus', { status: desktop.status, wanted: 'Running or Stopped' });
    }
    await checkQuotas(ctx, trx, disk.id, request);
    if (disk.prepared_layer === null) throw new EcdError('OperationConflict', { reason: 'Try again.' });
    const lease: Intent = {
      kind: 'freeze',
      snapshotId,
      frozen: disk.active_layer,
      prepared: disk.prepared_layer,
    };
    const intent = JSON.stringify(lease);
    await trx.updateTable('disks').set({ intent }).where('id', '=', disk.id).execute();
    const now = ctx.clock();
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
        os_type: (await system(trx, desktop.image_id)).osType,
        type: request.type,
        status: 'PROGRESSING',
        failure: '',
        creator: request.creator,
        consistency: null,
        created_at: now,
        archived_at: null,
        root: null,
        layer_id: null,
        total_bytes: null,
        done_bytes: 0,
        stored_bytes: null,
        policy_id: request.policy?.id ?? null,
        expires_at: request.policy === undefined ? null : now + request.policy.retentionMs,
        image_id: request.image?.id ?? null,
      })
      .execute();
    if (request.image !== undefined) {
      const source = { sizeBytes: disk.size_bytes, ...(await system(trx, desktop.image_id)), root: null };
      await insertImage(trx, request.image, { ...source, madeOf: 'desktop' }, now);
    }
    const stack = await loadStack(trx, disk);
    return {
      snapshotId,
      diskId: disk.id,
      desktopId: desktop.id,
      imageId: request.image?.id ?? null,
      stack,
      prepared: disk.prepared_layer,
      intent,
      live,
    };
  });
}

/** Those of users and those of policies are counted apart: a user who has all of theirs is still backed up. */
async function checkQuotas(
  ctx: SnapshotContext,
  trx: Trx,
  diskId: string,
  { type, image }: TakeRequest,
): Promise<void> {
  const { quotaPerDisk, maxWaitingLayers } = ctx.settings.snapshots;
  const count = trx.fn.countAll<number>().as('count');
  const { count: snapshots } = await trx
    .selectFrom('snapshots')
    .select(count)
    .where('disk_id', '=', diskId)
    .where('type', '=', type)
    .where('image_id', 'is', null)
    .where('status', '!=', 'FAILED')
    .executeTakeFirstOrThrow();
  if (image === undefined && snapshots >= quotaPerDisk)
    throw new EcdError('QuotaExceed.Snapshot', { count: snapshots });
  const { count: waiting } = await trx
    .selectFrom('layers')
    .select(count)
    .where('disk_id', '=', diskId)
    .where('state', '=', 'frozen')
    .where('root', 'is', null)
    .executeTakeFirstOrThrow();
  if (waiting >= maxWaitingLayers) throw new EcdError('QuotaExceed.WaitingLayers', { count: waiting });
}

/** What runs on the disks of desktops of an image. */
async function system(trx: Trx, imageId: string): Promise<{ osType: 'Linux' | 'Windows'; platform: string }> {
  const image = await trx
    .selectFrom('images')
    .select(['os_type', 'platform'])
    .where('id', '=', imageId)
    .executeTakeFirst();
  return { osType: image?.os_type ?? 'Linux', platform: image?.platform ?? 'Linux' };
}
