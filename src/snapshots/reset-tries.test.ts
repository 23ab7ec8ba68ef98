/** A reset that was promised is tried five times, and its lease ends with the last one; time stands still here. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Claim } from '../catalogue/nonces.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { diskOf } from '../vault/testing.ts';
import { requestReset } from './request-reset.ts';
import { performReset } from './reset.ts';
import { ImageBed, REGION } from './testing/image-bed.ts';

const SEEDS = [1, 0, 2, 3, 0, 0, 4, 4, 5, 6];

let bed: ImageBed;
/** When each try began, in ms after the first. */
let tries: number[];
let diskId: string;
beforeEach(async () => {
  bed = await ImageBed.open();
  await bed.snapshot('s-1', await bed.content(SEEDS));
  const request = { regionId: REGION, snapshotId: 's-1', stopDesktop: false };
  diskId = await requestReset(bed.ctx, request, Claim.none());
  bed.lockFree = false;
  tries = [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  const began = Date.now();
  faults.set('reset.intended', () => void tries.push(Date.now() - began));
});
afterEach(async () => {
  faults.clear();
  vi.useRealTimers();
  await bed.catalogue.close();
});

const disk = () => bed.db.selectFrom('disks').selectAll().where('id', '=', diskId).executeTakeFirstOrThrow();

/** How it ended. */
const perform = (promised: boolean): Promise<unknown> =>
  performReset(bed.ctx, diskId, () => promised).then(
    () => 'done',
    (error: unknown) => (error instanceof EcdError ? error.code : error),
  );

it('is tried five times in 15 seconds; then the disk is free, and as it was', async () => {
  const end = perform(true);
  await vi.advanceTimersByTimeAsync(14_999);
  expect(tries).toEqual([0, 1000, 3000, 7000]);
  expect((await disk()).intent).not.toBeNull();
  await vi.advanceTimersByTimeAsync(1);
  expect(await end).toBe('OperationDenied.DiskInUse');
  await vi.advanceTimersByTimeAsync(600_000);
  expect(tries).toEqual([0, 1000, 3000, 7000, 15_000]);
  expect(await disk()).toMatchObject({ intent: null, active_layer: 'l-system' });
  expect(bed.prepared).toEqual([]);
});

it('the last try may be the one that does it', async () => {
  const end = perform(true);
  await vi.advanceTimersByTimeAsync(14_000);
  bed.lockFree = true;
  await vi.advanceTimersByTimeAsync(1000);
  expect(await end).toBe('done');
  expect(tries).toHaveLength(5);
  const { active_layer: active, intent } = await disk();
  expect(intent).toBeNull();
  const [, below] = bed.prepared.find(([layer]) => layer === active)!;
  expect(bed.files.get(below.layers[0]!)).toEqual(diskOf(SEEDS));
});

it('one that nobody was promised ends with its first try', async () => {
  expect(await perform(false)).toBe('OperationDenied.DiskInUse');
  expect(tries).toEqual([0]);
  expect((await disk()).intent).toBeNull();
});

it('a service that ends between two tries leaves the lease to the next one', async () => {
  const end = perform(true);
  await vi.advanceTimersByTimeAsync(500);
  bed.stop.abort();
  expect(await end).toBe('Cancelled');
  expect(tries).toEqual([0]);
  expect((await disk()).intent).not.toBeNull();
});
