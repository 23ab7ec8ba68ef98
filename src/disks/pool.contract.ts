/**
 * What every DiskPool does with stacks that no QEMU runs, byte for byte. What it does with storage, and with a
 * running QEMU, stands in pool-storage.contract.ts and pool-live.contract.ts.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { newId } from '../ids.ts';
import {
  blocksOf,
  type Change,
  changedBlocks,
  KIB,
  MIB,
  readAll,
  readView,
  sorted,
  TestDisk,
} from './testing/test-disk.ts';
import type { DiskPool, Stack } from './types.ts';

export interface PoolUnderTest {
  readonly pool: DiskPool;
  /** A short path for sockets. */
  readonly runDir: string;
  /** Makes a golden image with this content and gives its id; with clusters as other programs make them. */
  image(content: Buffer): Promise<string>;
  /** Overwrites the beginning of a layer's storage. */
  damage(diskId: string, layerId: string): Promise<void>;
  /** Fails the test when a layer's storage is not in order. */
  sound(diskId: string, layerId: string): Promise<void>;
  /** The names of layers that were put out of the way. */
  aside(diskId: string): Promise<string[]>;
  /** Another service opens a view of this stack and is killed; tells whether what it left behind lives. */
  orphan(stack: Stack): Promise<{ alive(): boolean }>;
  close(): Promise<void>;
}

export type MakePool = () => Promise<PoolUnderTest>;

const FULL = 200_000;
/** Three layers' worth of changes, aligned to 4 KiB, with data over data, zeros over data and data over zeros. */
const FIRST: Change[] = [
  [0, 64 * KIB, 1],
  [MIB, 256 * KIB, 2],
  [2 * MIB, 8 * KIB, 3],
];
const SECOND: Change[] = [
  [32 * KIB, 64 * KIB, 4],
  [MIB + 64 * KIB, 128 * KIB, 0],
];
const THIRD: Change[] = [
  [MIB + 96 * KIB, 16 * KIB, 5],
  [2 * MIB, 4 * KIB, 0],
  [3 * MIB, 4 * KIB, 6],
];

export function diskPoolContract(name: string, make: MakePool): void {
  describe(name, () => {
    let under: PoolUnderTest;
    let pool: DiskPool;

    beforeEach(async () => {
      under = await make();
      pool = under.pool;
    });
    afterEach(async () => {
      faults.clear();
      await under.close();
    });

    const newDisk = (sizeBytes = 4 * MIB) => TestDisk.make(pool, under.runDir, sizeBytes);

    async function threeLayers(): Promise<TestDisk> {
      const disk = await newDisk();
      await disk.grow(FIRST, SECOND, THIRD);
      return disk;
    }

    test(
      'a new disk reads as zeros, and a frozen layer as it was at its freeze',
      async () => {
        const disk = await newDisk();
        await disk.freeze();
        expect(await readAll(pool, disk.frozen())).toEqual(Buffer.alloc(4 * MIB));
        await disk.grow(FIRST, SECOND);
        await disk.write(...THIRD);
        for (const count of [1, 2, 3]) {
          expect(
            (await readAll(pool, disk.frozen(count))).equals(disk.contents[count - 1]!),
            `${count}`,
          ).toBe(true);
          await under.sound(disk.stack.diskId, disk.stack.layers[count - 1]!);
        }
      },
      FULL,
    );

    test(
      'knows what the topmost 1, 2 and 3 layers changed, and all data',
      async () => {
        const disk = await threeLayers();
        const view = await pool.openView(disk.frozen());
        try {
          const changed = async (layers: number | 'all') => sorted(await changedBlocks(view, layers));
          expect(await changed(1)).toEqual(sorted(blocksOf(THIRD)));
          expect(await changed(2)).toEqual(sorted(blocksOf(SECOND, THIRD)));
          expect(await changed(3)).toEqual(sorted(blocksOf(FIRST, SECOND, THIRD)));
          const data = [...blocksOf(FIRST, SECOND, THIRD)].filter(([, zero]) => !zero);
          expect(await changed('all')).toEqual(sorted(new Map(data)));
          const off = AbortSignal.abort();
          await expect(view.changedExtents(1, off)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
            code: 'Cancelled',
          });
        } finally {
          await view.close();
        }
      },
      FULL,
    );

    test.each([4 * MIB, 3 * MIB + 1536])(
      'over a golden image, %i bytes',
      async (size) => {
        const content = Buffer.alloc(size);
        for (let at = 0; at < size; at += 64 * KIB)
          content.fill((at / (64 * KIB)) % 5, at, Math.min(size, at + 40 * KIB));
        const image = { id: await under.image(content), content };
        const disk = await TestDisk.make(pool, under.runDir, size, image);
        const golden = { ...disk.stack, layers: [] };
        expect((await readAll(pool, golden)).equals(content)).toBe(true);
        // Crosses the image's smaller clusters, and reaches the very end.
        const changes: Change[] = [
          [60 * KIB, 72 * KIB, 9],
          [size - 512, 512, 8],
          [MIB, 128 * KIB, 0],
        ];
        await disk.grow(changes, [[64 * KIB, 4 * KIB, 7]]);
        const view = await pool.openView(disk.frozen());
        expect((await readView(view)).equals(disk.content)).toBe(true);
        const second: Change = [64 * KIB, 4 * KIB, 7];
        expect(sorted(await changedBlocks(view, 1))).toEqual(sorted(blocksOf([second])));
        const both = await changedBlocks(view, 2);
        // The last 512 bytes may lie in a block of their own or not: at least they are there.
        for (const [block, zero] of blocksOf(changes, [second]))
          expect(both.get(block), `${block}`).toBe(zero);
        await view.close();
        await disk.grow([[0, 4 * KIB, 1]]);
        await pool.settle(disk.stack, null, { count: 2, bytesPerSecond: 0 });
        await disk.settled(2);
        expect((await readAll(pool, disk.frozen())).equals(disk.contents[0]!)).toBe(true);
        expect((await readAll(pool, golden)).equals(content)).toBe(true);
      },
      FULL,
    );

    test(
      'writes a golden image, which is there only when it is finished',
      async () => {
        const id = newId.image();
        const size = 2 * MIB + 1536;
        const content = Buffer.alloc(size);
        content.fill(5, 64 * KIB, 128 * KIB);
        content.fill(6, size - 512);
        const empty: Stack = { diskId: newId.disk(), sizeBytes: size, imageId: id, layers: [] };
        const half = await pool.writeImage(id, size);
        await half.write(0, Buffer.alloc(64 * KIB, 9));
        await expect(pool.check(empty)).rejects.toMatchObject({ code: 'Disk.Damaged' });
        await half.discard();
        await expect(pool.check(empty)).rejects.toMatchObject({ code: 'Disk.Damaged' });
        const writer = await pool.writeImage(id, size);
        await writer.write(64 * KIB, content.subarray(64 * KIB, 128 * KIB));
        await writer.write(size - 512, content.subarray(size - 512));
        await writer.zero(MIB, 64 * KIB);
        await writer.finish();
        expect((await readAll(pool, empty)).equals(content)).toBe(true);
        // Bigger disks stand on it as on any other image.
        const disk = await TestDisk.make(pool, under.runDir, 4 * MIB, { id, content });
        await disk.grow([[0, 4 * KIB, 1]]);
        expect((await readAll(pool, disk.frozen())).equals(disk.contents[0]!)).toBe(true);
        await pool.releaseImage(id);
        await pool.releaseImage(id);
        await expect(pool.check(empty)).rejects.toMatchObject({ code: 'Disk.Damaged' });
      },
      FULL,
    );

    test.each([1, 2, 3])(
      'settles %i layers: the same bytes before and after',
      async (count) => {
        const disk = await threeLayers();
        await disk.grow([[0, 4 * KIB, 0]]);
        await disk.write([4 * KIB, 4 * KIB, 7]);
        const progress: number[] = [];
        const onProgress = (done: number, total: number) => progress.push(done / total);
        await pool.settle(disk.stack, null, { count, bytesPerSecond: 0, onProgress });
        expect(progress.every((share) => share <= 1)).toBe(true);
        await disk.settled(count);
        expect(disk.stack.layers).toHaveLength(5 - count);
        await disk.freeze();
        for (const at of disk.frozen().layers.keys())
          expect((await readAll(pool, disk.frozen(at + 1))).equals(disk.contents[at]!), `${at}`).toBe(true);
        for (const layer of disk.stack.layers) await under.sound(disk.stack.diskId, layer);
        expect((await pool.listLayers(disk.stack.diskId)).sort()).toEqual(disk.stack.layers.toSorted());
      },
      FULL,
    );

    test(
      'never merges the active layer, nor nothing',
      async () => {
        const disk = await threeLayers();
        for (const count of [0, 3])
          await expect(pool.settle(disk.stack, null, { count, bytesPerSecond: 0 })).rejects.toBeInstanceOf(
            EcdError,
          );
        expect((await readAll(pool, disk.frozen())).equals(disk.contents[2]!)).toBe(true);
      },
      FULL,
    );

    test(
      'a settle that was called off or whose daemon died is finished later',
      async () => {
        const disk = await threeLayers();
        const stop = new AbortController();
        const settle = (signal?: AbortSignal) =>
          pool.settle(disk.stack, null, {
            count: 2,
            bytesPerSecond: 0,
            ...(signal === undefined ? {} : { signal }),
          });
        faults.set('settle.offline.opened', () => stop.abort());
        await expect(settle(stop.signal)).rejects.toMatchObject({ code: 'Cancelled' });
        faults.set('settle.offline.opened', ({ qsd }) => void process.kill(qsd!, 'SIGKILL'));
        await expect(settle()).rejects.toBeInstanceOf(EcdError);
        faults.clear();
        expect((await readAll(pool, disk.frozen())).equals(disk.contents[2]!)).toBe(true);
        await settle();
        // Done, but the catalogue never heard of it.
        await settle();
        await disk.settled(2);
        expect((await readAll(pool, disk.frozen())).equals(disk.contents[0]!)).toBe(true);
      },
      FULL,
    );

    test(
      'a reader keeps a settle off, and nothing is harmed',
      async () => {
        const disk = await threeLayers();
        const view = await pool.openView(disk.frozen());
        await expect(pool.settle(disk.stack, null, { count: 1, bytesPerSecond: 0 })).rejects.toBeInstanceOf(
          EcdError,
        );
        expect((await readView(view)).equals(disk.contents[2]!)).toBe(true);
        await view.close();
        await pool.settle(disk.stack, null, { count: 1, bytesPerSecond: 0 });
      },
      FULL,
    );
  });
}
