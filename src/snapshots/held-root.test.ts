/** A reset reads a tree that nothing else refers to any more, while a collection of the vault removes what is dead. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Claim } from '../catalogue/nonces.ts';
import { faults } from '../faults.ts';
import { parseRoot } from '../vault/index.ts';
import { diskOf, restore } from '../vault/testing.ts';
import { dropRecords, removeSnapshots } from './remove.ts';
import { requestReset } from './request-reset.ts';
import { performReset } from './reset.ts';
import { ImageBed, REGION } from './testing/image-bed.ts';

const SEEDS = [1, 0, 2, 3, 0, 0, 4, 4, 5, 6];
const CHUNKS = 6;
const none = Claim.none();

let bed: ImageBed;
beforeEach(async () => {
  bed = await ImageBed.open();
  await bed.snapshot('s-1', await bed.content(SEEDS));
});
afterEach(async () => {
  faults.clear();
  await bed.catalogue.close();
});

async function removeTarget(): Promise<void> {
  await removeSnapshots(bed.ctx, REGION, ['s-1'], none);
  await dropRecords(bed.ctx);
}

async function reset(): Promise<void> {
  const request = { regionId: REGION, snapshotId: 's-1', stopDesktop: false };
  await performReset(bed.ctx, await requestReset(bed.ctx, request, none), () => false);
}

/** The disk is what the snapshot was, by its file and by the tree of its layer. */
async function expectReset(): Promise<void> {
  const layers = await bed.db.selectFrom('layers').selectAll().where('state', '=', 'frozen').execute();
  expect(layers).toHaveLength(1);
  expect(bed.files.get(layers[0]!.id)).toEqual(diskOf(SEEDS));
  expect(await restore(bed.vault, parseRoot(layers[0]!.root!))).toEqual(diskOf(SEEDS));
}

it('taken while the collection has hidden it as dead, it stays, and what is really dead goes', async () => {
  await bed.content([7, 8, 9]);
  const [hidden, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let collecting: Promise<{ deadObjects: number }> | undefined;
  faults.set('vault.collect.hidden', () => {
    hidden.resolve();
    return held.promise;
  });
  // The reset has read the snapshot's row, and holds nothing yet.
  bed.check = async () => {
    await removeTarget();
    collecting = bed.collect();
    await hidden.promise;
  };
  // It holds the tree and has read none of its chunks; now the collection goes all its way.
  let dead = 0;
  faults.set('reset.opened', async () => {
    held.resolve();
    dead = (await collecting!).deadObjects;
  });
  await reset();
  expect(dead).toBeGreaterThanOrEqual(3);
  await expectReset();
});

it('held before the collection began, it is waited for, and the layer keeps it from then on', async () => {
  const hidden = Promise.withResolvers<void>();
  faults.set('vault.collect.hidden', () => hidden.resolve());
  let collecting: Promise<{ deadObjects: number }> | undefined;
  faults.set('reset.opened', async () => {
    await removeTarget();
    collecting = bed.collect();
    await hidden.promise;
  });
  await reset();
  await collecting;
  await expectReset();
  await bed.collect();
  await expectReset();
});

it('a tree whose removal has begun is refused, and the disk is as it was', async () => {
  const before = await bed.db.selectFrom('layers').selectAll().orderBy('id').execute();
  bed.check = async () => {
    await removeTarget();
    const { deadObjects } = await bed.collect();
    expect(deadObjects).toBeGreaterThanOrEqual(CHUNKS);
  };
  await expect(reset()).rejects.toMatchObject({ code: 'Vault.Damaged' });
  expect(await bed.db.selectFrom('layers').selectAll().orderBy('id').execute()).toEqual(before);
  const disks = await bed.db.selectFrom('disks').selectAll().where('intent', 'is not', null).execute();
  expect(disks).toEqual([]);
  expect(await bed.db.selectFrom('garbage').selectAll().execute()).toEqual([]);
});
