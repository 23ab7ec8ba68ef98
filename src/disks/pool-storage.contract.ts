/** What every DiskPool does about layers' storage: writing one whole, checking, locking, letting go. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { MakePool, PoolUnderTest } from './pool.contract.ts';
import { type Change, changedBlocks, KIB, MIB, readAll, readView, TestDisk } from './testing/test-disk.ts';
import type { DiskPool } from './types.ts';

const FULL = 200_000;
const FIRST: Change[] = [
  [0, 64 * KIB, 1],
  [MIB, 256 * KIB, 2],
];
const SECOND: Change[] = [[32 * KIB, 64 * KIB, 4]];
const THIRD: Change[] = [[3 * MIB, 4 * KIB, 6]];

export function storagePoolContract(name: string, make: MakePool): void {
  describe(`${name}, its storage`, () => {
    let under: PoolUnderTest;
    let pool: DiskPool;

    beforeEach(async () => {
      under = await make();
      pool = under.pool;
    });
    afterEach(() => under.close());

    const newDisk = (sizeBytes = 4 * MIB) => TestDisk.make(pool, under.runDir, sizeBytes);

    async function threeLayers(): Promise<TestDisk> {
      const disk = await newDisk();
      await disk.grow(FIRST, SECOND, THIRD);
      return disk;
    }

    test(
      'says what each layer takes, and of one that is not there that it is not',
      async () => {
        const disk = await threeLayers();
        const before = await pool.allocated(disk.frozen());
        expect(before.image).toBeNull();
        expect(before.layers).toHaveLength(3);
        // The first one was given 320 KiB.
        expect(before.layers[0]).toBeGreaterThanOrEqual(320 * KIB);
        expect(before.layers[0]).toBeLessThan(4 * MIB);
        const gone = { ...disk.frozen(), layers: [...disk.frozen().layers, newId.layer()] };
        expect((await pool.allocated(gone)).layers.at(-1)).toBeNull();
      },
      FULL,
    );

    test(
      'writes a layer whose zeros hide what is below, and takes a discarded one away',
      async () => {
        const disk = await threeLayers();
        const below = disk.frozen();
        const wanted = Buffer.from(disk.contents[2]!);
        const layer = newId.layer();
        const writer = await pool.writeLayer(below, layer);
        await writer.zero(0, 32 * KIB);
        await writer.write(MIB, Buffer.alloc(128 * KIB, 9));
        await writer.write(MIB + 128 * KIB, Buffer.alloc(128 * KIB));
        await writer.finish();
        wanted
          .fill(0, 0, 32 * KIB)
          .fill(9, MIB, MIB + 128 * KIB)
          .fill(0, MIB + 128 * KIB, MIB + 256 * KIB);
        const stack = { ...below, layers: [...below.layers, layer] };
        const view = await pool.openView(stack);
        expect((await readView(view)).equals(wanted)).toBe(true);
        const changed = await changedBlocks(view, 1);
        expect([changed.get(0), changed.get(7), changed.get(8)]).toEqual([true, true, undefined]);
        await view.close();
        expect((await readAll(pool, below)).equals(disk.contents[2]!)).toBe(true);
        await under.sound(disk.stack.diskId, layer);

        const gone = newId.layer();
        const other = await pool.writeLayer(below, gone);
        await other.write(0, Buffer.alloc(4 * KIB, 1));
        await other.discard();
        expect(await pool.listLayers(disk.stack.diskId)).not.toContain(gone);
      },
      FULL,
    );

    test(
      'tells a missing and a damaged layer from sound ones',
      async () => {
        const disk = await threeLayers();
        const { diskId, layers } = disk.stack;
        await pool.check(disk.frozen());
        await pool.release(diskId, [layers[2]!]);
        await expect(pool.check(disk.frozen())).rejects.toMatchObject({ code: 'Disk.Damaged' });
        await pool.check(disk.frozen(2));
        await under.damage(diskId, layers[0]!);
        await expect(pool.check(disk.frozen(2))).rejects.toMatchObject({ code: 'Disk.Damaged' });
        await expect(pool.check({ ...disk.frozen(), imageId: newId.image() })).rejects.toMatchObject({
          code: 'Disk.Damaged',
        });
      },
      FULL,
    );

    test(
      'a disk that another process has is in use, and is not frozen',
      async () => {
        const disk = await newDisk();
        expect(await pool.lockFree(disk.stack)).toBe(true);
        const holder = await disk.openActive();
        expect(await pool.lockFree(disk.stack)).toBe(false);
        let told = false;
        const commit = async () => {
          told = true;
        };
        await expect(pool.freezeOffline(disk.stack, commit)).rejects.toMatchObject({
          code: 'OperationDenied.DiskInUse',
        });
        expect(told).toBe(false);
        await holder.close();
        await pool.freezeOffline(disk.stack, commit);
        expect(told).toBe(true);
      },
      FULL,
    );

    test(
      'the lock is held while the catalogue is told, and given back when that fails',
      async () => {
        const disk = await newDisk();
        const failing = pool.freezeOffline(disk.stack, async () => {
          await expect(disk.openActive()).rejects.toMatchObject({ code: 'Qemu.CommandFailed' });
          throw new EcdError('OperationConflict', { reason: 'lost' });
        });
        await expect(failing).rejects.toMatchObject({ code: 'OperationConflict' });
        expect(await pool.lockFree(disk.stack)).toBe(true);
      },
      FULL,
    );

    test(
      'releases what is there and what is not, sets aside unharmed, and forgets a whole disk',
      async () => {
        const disk = await threeLayers();
        const { diskId, layers } = disk.stack;
        await pool.setAside(diskId, layers[2]!);
        expect((await pool.listLayers(diskId)).sort()).toEqual([layers[0]!, layers[1]!, layers[3]!].sort());
        expect(await under.aside(diskId)).toEqual([layers[2]]);
        await pool.release(diskId, [layers[1]!, layers[1]!, newId.layer()]);
        await pool.release(diskId, [layers[1]!]);
        await pool.release(newId.disk(), layers);
        expect((await pool.listLayers(diskId)).sort()).toEqual([layers[0]!, layers[3]!].sort());
        await pool.releaseDisk(diskId);
        await pool.releaseDisk(diskId);
        expect(await pool.listLayers(diskId)).toEqual([]);
        expect(await pool.freeBytes()).toBeGreaterThan(0);
      },
      FULL,
    );

    test(
      'ends what a killed service left behind, and its locks are free',
      async () => {
        const disk = await threeLayers();
        const left = await under.orphan(disk.frozen());
        expect(left.alive()).toBe(true);
        const settle = () => pool.settle(disk.stack, null, { count: 1, bytesPerSecond: 0 });
        await expect(settle()).rejects.toBeInstanceOf(EcdError);
        await pool.endOrphans();
        expect(left.alive()).toBe(false);
        await settle();
        await pool.endOrphans();
      },
      FULL,
    );
  });
}
