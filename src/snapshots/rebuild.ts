/**
 * RebuildDesktops: the system disk of a desktop is made new from an image.
 *
 * Invariants: those of a reset, which it is (see reset.ts): the lease is taken with the request's nonce, and the disk and
 * the desktop's image change in one transaction. Nothing is copied: an empty layer on the golden image, or if that is
 * damaged, one that is written from the image's tree.
 */
import { imageById } from '../catalogue/images.ts';
import type { Claim } from '../catalogue/nonces.ts';
import { diskOf } from '../catalogue/stacks.ts';
import type { Stack } from '../disks/types.ts';
import { EcdError } from '../errors.ts';
import { parseRoot } from '../vault/index.ts';
import type { SnapshotContext } from './context.ts';
import { leaseForReset } from './request-reset.ts';
import type { DiskState } from './state.ts';
import { isSound, switchTo } from './switch-stack.ts';

export interface RebuildRequest {
  readonly regionId: string;
  readonly desktopId: string;
  /** Undefined: the one that the desktop is of. */
  readonly imageId?: string | undefined;
}

/** Checks and takes the lease. Gives the disk to be rebuilt. Throws the codes of the operation. */
export async function requestRebuild(
  ctx: SnapshotContext,
  request: RebuildRequest,
  claim: Claim,
): Promise<string> {
  return ctx.catalogue.transaction(async (trx) => {
    await claim.record(trx);
    const desktop = await trx
      .selectFrom('desktops')
      .select(['status', 'region_id', 'image_id'])
      .where('id', '=', request.desktopId)
      .executeTakeFirst();
    const disk = await diskOf(trx, request.desktopId, 'system');
    if (desktop?.region_id !== request.regionId || desktop.status === 'Deleted' || disk === undefined)
      throw new EcdError('InvalidDesktopId.NotFound');
    if (desktop.status !== 'Stopped')
      throw new EcdError('IncorrectDesktopStatus', { status: desktop.status, wanted: 'Stopped' });
    const image = await imageById(trx, request.imageId ?? desktop.image_id);
    if (image === undefined) throw new EcdError('InvalidImageId.NotFound');
    if (image.status !== 'Available') throw new EcdError('IncorrectImageStatus');
    if (image.size_bytes > disk.size_bytes)
      throw new EcdError('OperationDenied.ImageTooLarge', { bytes: disk.size_bytes });
    await leaseForReset(trx, disk, { kind: 'reset', imageId: image.id });
    return disk.id;
  });
}

/** The lease is taken and nobody else has the disk. */
export async function rebuildDisk(ctx: SnapshotContext, state: DiskState, imageId: string): Promise<void> {
  const { disk } = state;
  const image = await imageById(ctx.catalogue.db, imageId);
  if (image === undefined) throw new EcdError('InvalidImageId.NotFound');
  const golden: Stack = { diskId: disk.id, sizeBytes: disk.size_bytes, imageId, layers: [] };
  const sound = await isSound(ctx, golden);
  ctx.log.info({ disk: disk.id, image: imageId, way: sound ? 'onto' : 'from the vault' }, 'rebuild');
  if (sound || image.root === null) return switchTo(ctx, state, golden, null, imageId);
  const content = { source: null, target: parseRoot(image.root), root: image.root };
  await switchTo(ctx, state, { ...golden, imageId: null }, content, imageId);
}
