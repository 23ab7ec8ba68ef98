/** What every DiskPool knows of layers that nobody wrote to, and how it takes them out of a stack. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { faults } from '../faults.ts';
import { newId } from '../ids.ts';
import type { MakePool, PoolUnderTest } from './pool.contract.ts';
import { KIB, MIB, readAll, TestDisk } from './testing/test-disk.ts';
import type { DiskPool } from './types.ts';

const FULL = 200_000;

export function untouchedPoolContract(name: string, make: MakePool): void {
  describe(`${name}, layers that nobody wrote to`, () => {
    let under: PoolUnderTest;
    let pool: DiskPool;
    let started: number;

    beforeEach(async () => {
      under = await make();
      pool = under.pool;
      started = 0;
      faults.set('settle.offline.opened', () => void started++);
    });
    afterEach(async () => {
      faults.clear();
      await under.close();
    });

    /** A written layer, so many that hold nothing, and the active one. */
    async function diskWith(untouched: number): Promise<TestDisk> {
      const disk = await TestDisk.make(pool, under.runDir, 4 * MIB);
      await disk.grow([[0, 64 * KIB, 1]]);
      for (let n = 0; n < untouched; n++) await disk.freeze();
      return disk;
    }

    test(
      'are told from those that hold something, be it zeros or less than a cluster',
      async () => {
        const disk = await diskWith(2);
        expect(await pool.isUntouched(disk.frozen(), 1)).toBe(true);
        expect(await pool.isUntouched(disk.frozen(), 2)).toBe(true);
        expect(await pool.isUntouched(disk.frozen(), 3)).toBe(false);
        expect(await pool.isUntouched(disk.frozen(), 4)).toBe(false);
        await disk.grow([[MIB, 4 * KIB, 7]]);
        expect(await pool.isUntouched(disk.frozen(), 1)).toBe(false);
        await disk.freeze();
        expect(await pool.isUntouched(disk.frozen(), 1)).toBe(true);
        expect(await pool.isUntouched(disk.frozen(), 2)).toBe(false);
        await disk.grow([[0, 64 * KIB, 0]]);
        expect(await pool.isUntouched(disk.frozen(), 1)).toBe(false);
        // One written to the end of its life counts as much as one written at its beginning.
        await disk.grow([[4 * MIB - 512, 512, 3]]);
        expect(await pool.isUntouched(disk.frozen(), 1)).toBe(false);
      },
      FULL,
    );

    test(
      'nothing is claimed of files that are damaged or missing',
      async () => {
        const disk = await diskWith(1);
        const [, layer] = disk.stack.layers;
        await under.damage(disk.stack.diskId, layer!);
        expect(await pool.isUntouched(disk.frozen(), 1)).toBe(false);
        await pool.release(disk.stack.diskId, [layer!]);
        expect(await pool.isUntouched(disk.frozen(), 1)).toBe(false);
        expect(await pool.isUntouched({ ...disk.frozen(), diskId: newId.disk() }, 1)).toBe(false);
      },
      FULL,
    );

    test(
      'leave a stack without a program, and the bytes are the same',
      async () => {
        const disk = await diskWith(3);
        await disk.write([2 * MIB, 8 * KIB, 5]);
        const settle = (count: number) => pool.settle(disk.stack, null, { count, bytesPerSecond: 0 });
        await settle(2);
        await disk.settled(2);
        expect(started).toBe(0);
        expect((await readAll(pool, disk.stack)).equals(disk.content)).toBe(true);
        await settle(1);
        await disk.settled(1);
        expect(started).toBe(0);
        expect((await readAll(pool, disk.stack)).equals(disk.content)).toBe(true);
        for (const layer of disk.stack.layers) await under.sound(disk.stack.diskId, layer);
        // As soon as one of them holds something, it is merged as ever.
        await disk.freeze();
        await disk.freeze();
        await settle(2);
        await disk.settled(2);
        expect(started).toBe(1);
        expect((await readAll(pool, disk.stack)).equals(disk.content)).toBe(true);
      },
      FULL,
    );

    test(
      'stay while another process has the disk',
      async () => {
        const disk = await diskWith(1);
        const holder = await disk.openActive();
        const settle = () => pool.settle(disk.stack, null, { count: 1, bytesPerSecond: 0 });
        await expect(settle()).rejects.toMatchObject({ code: 'OperationDenied.DiskInUse' });
        await holder.close();
        await settle();
        await disk.settled(1);
        expect((await readAll(pool, disk.stack)).equals(disk.content)).toBe(true);
      },
      FULL,
    );
  });
}
