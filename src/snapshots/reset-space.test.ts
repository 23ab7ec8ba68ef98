/** A reset that has to write keeps the reserve; one that was promised, or writes nothing, may use it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Claim } from '../catalogue/nonces.ts';
import { diskOf } from '../vault/testing.ts';
import { requestReset } from './request-reset.ts';
import { performReset } from './reset.ts';
import { ImageBed, REGION } from './testing/image-bed.ts';

const SEEDS = [1, 0, 2, 3, 0, 0, 4, 4, 5, 6];

let bed: ImageBed;
let diskId: string;
beforeEach(async () => {
  bed = await ImageBed.open();
  await bed.snapshot('s-1', await bed.content(SEEDS));
  const request = { regionId: REGION, snapshotId: 's-1', stopDesktop: false };
  diskId = await requestReset(bed.ctx, request, Claim.none());
  bed.free = bed.ctx.settings.snapshots.reserveBytes - 1;
});
afterEach(() => bed.catalogue.close());

const written = () => [...bed.files.values()].some((content) => diskOf(SEEDS).equals(content));

it('is refused with the figures, and the disk is free again', async () => {
  await expect(performReset(bed.ctx, diskId, () => false)).rejects.toMatchObject({
    code: 'OperationDenied.InsufficientSpace',
    details: { free: bed.free, reserve: bed.free + 1 },
  });
  expect(written()).toBe(false);
  const held = await bed.db.selectFrom('disks').select('id').where('intent', 'is not', null).execute();
  expect(held).toEqual([]);
});

it('goes on when it was promised', async () => {
  await performReset(bed.ctx, diskId, () => true);
  expect(written()).toBe(true);
});
