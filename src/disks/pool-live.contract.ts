/** What every DiskPool does with a disk that a real QEMU has open. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { newId } from '../ids.ts';
import type { MakePool, PoolUnderTest } from './pool.contract.ts';
import { LiveMachine } from './testing/live-machine.ts';
import { KIB, MIB, readAll, TestDisk } from './testing/test-disk.ts';
import type { DiskPool } from './types.ts';

export function liveDiskPoolContract(name: string, make: MakePool): void {
  describe(`${name}, with a running QEMU`, () => {
    let under: PoolUnderTest;
    let pool: DiskPool;
    let disk: TestDisk;
    let machine: LiveMachine;

    beforeEach(async () => {
      under = await make();
      pool = under.pool;
      disk = await TestDisk.make(pool, under.runDir, 16 * MIB);
      await disk.write([0, MIB, 1]);
      machine = await LiveMachine.start(disk);
    });
    afterEach(async () => {
      faults.clear();
      await machine.quit();
      await under.close();
    });

    async function freeze(): Promise<void> {
      const prepared = newId.layer();
      await pool.prepare(disk.stack, prepared);
      await pool.presync(disk.stack);
      await pool.freeze(disk.stack, prepared, machine.live);
      disk.switched(prepared);
    }

    async function expectFrozen(): Promise<void> {
      for (const at of disk.frozen().layers.keys())
        expect((await readAll(pool, disk.frozen(at + 1))).equals(disk.contents[at]!), `layer ${at}`).toBe(
          true,
        );
    }

    test('freezes: what is written afterwards is not in the frozen layer', async () => {
      expect(await pool.topLayer(machine.live)).toBe(disk.stack.layers[0]);
      expect(await pool.lockFree(disk.stack)).toBe(false);
      await machine.write(4 * KIB, 64 * KIB, 2);
      await freeze();
      expect(await pool.topLayer(machine.live)).toBe(disk.stack.layers[1]);
      await machine.write(0, 512, 3);
      await freeze();
      await machine.write(0, 512, 4);
      await expectFrozen();
      expect((await machine.read()).equals(disk.content)).toBe(true);
      expect(await pool.topLayer({ ...machine.live, device: 'data' })).toBeNull();
    });

    test('a freeze without its prepared layer changes nothing, and the next try works', async () => {
      const before = await machine.nodes();
      await expect(pool.freeze(disk.stack, newId.layer(), machine.live)).rejects.toMatchObject({
        code: 'Qemu.CommandFailed',
      });
      expect(await machine.nodes()).toEqual(before);
      expect(await pool.topLayer(machine.live)).toBe(disk.stack.layers[0]);
      // The name of the node that is to be frozen is wrong: the prepared layer was already opened.
      const prepared = newId.layer();
      await pool.prepare(disk.stack, prepared);
      const wrong = { ...disk.stack, layers: [newId.layer()] };
      await expect(pool.freeze(wrong, prepared, machine.live)).rejects.toMatchObject({
        code: 'Qemu.CommandFailed',
      });
      expect(await machine.nodes()).toEqual(before);
      await pool.freeze(disk.stack, prepared, machine.live);
      disk.switched(prepared);
      await machine.write(0, 512, 3);
      await expectFrozen();
    });

    test('what a freeze that was cut short has left in QEMU is no hindrance for the next', async () => {
      const prepared = newId.layer();
      await pool.prepare(disk.stack, prepared);
      const before = await machine.nodes();
      const lost = new EcdError('Qemu.ConnectionLost', { what: 'QEMU' });
      // The session is lost when the prepared layer is open and nothing was switched.
      faults.set('take.overlaid', () => {
        throw lost;
      });
      for (let tries = 0; tries < 2; tries++) {
        await expect(pool.freeze(disk.stack, prepared, machine.live)).rejects.toBe(lost);
        expect((await machine.nodes()).length).toBeGreaterThan(before.length);
        expect(await pool.topLayer(machine.live)).toBe(disk.stack.layers[0]);
      }
      faults.clear();
      await machine.write(4 * KIB, 64 * KIB, 2);
      await pool.freeze(disk.stack, prepared, machine.live);
      disk.switched(prepared);
      expect(await pool.topLayer(machine.live)).toBe(prepared);
      await machine.write(0, 512, 3);
      await expectFrozen();
      expect((await machine.read()).equals(disk.content)).toBe(true);
    });

    test('a QEMU that is gone is a lost connection', async () => {
      await machine.quit();
      const prepared = newId.layer();
      await pool.prepare(disk.stack, prepared);
      await expect(pool.freeze(disk.stack, prepared, machine.live)).rejects.toMatchObject({
        code: 'Qemu.ConnectionLost',
      });
      await expect(pool.topLayer(machine.live)).rejects.toMatchObject({ code: 'Qemu.ConnectionLost' });
      expect(await pool.lockFree(disk.stack)).toBe(true);
    });

    test.each([1, 2])('settles %i layers while QEMU writes, and leaves no node of them', async (count) => {
      for (const byte of [2, 3, 4]) {
        await freeze();
        await machine.write(byte * MIB, MIB, byte);
      }
      await pool.settle(disk.stack, machine.live, { count, bytesPerSecond: 100 * MIB });
      const merged = disk.stack.layers.slice(1, count + 1);
      await disk.settled(count);
      const nodes = await machine.nodes();
      for (const layer of merged) expect(nodes.filter((each) => each.endsWith(layer))).toEqual([]);
      await machine.write(0, 512, 9);
      expect((await machine.read()).equals(disk.content)).toBe(true);
      await expectFrozen();
      await freeze();
      await expectFrozen();
    });

    test('a settle cancelled half-way reads as before, lets a freeze through, and is finished later', async () => {
      await freeze();
      await machine.write(0, 12 * MIB, 5);
      await freeze();
      const stop = new AbortController();
      const slow = { count: 1, bytesPerSecond: MIB, signal: stop.signal };
      let last = 0;
      const settling = pool.settle(disk.stack, machine.live, {
        ...slow,
        onProgress: (done, total) => {
          last = done / total;
          if (done > 0) stop.abort();
        },
      });
      await expect(settling).rejects.toMatchObject({ code: 'Cancelled' });
      expect(last).toBeGreaterThan(0);
      expect(last).toBeLessThan(1);
      expect((await machine.read()).equals(disk.content)).toBe(true);
      // The bottom layer alone is no longer what it was; the whole is.
      expect((await readAll(pool, disk.frozen())).equals(disk.contents[1]!)).toBe(true);
      await freeze();
      await pool.settle(disk.stack, machine.live, { count: 1, bytesPerSecond: 100 * MIB });
      await disk.settled(1);
      await expectFrozen();
      for (const layer of disk.frozen().layers) await under.sound(disk.stack.diskId, layer);
    });

    test('a settle that was finished, but not heard of, is found finished', async () => {
      await freeze();
      await machine.write(MIB, MIB, 5);
      await freeze();
      await machine.write(MIB, 4 * KIB, 6);
      for (let i = 0; i < 2; i++)
        await pool.settle(disk.stack, machine.live, { count: 1, bytesPerSecond: 100 * MIB });
      await disk.settled(1);
      await expectFrozen();
      await freeze();
      await expectFrozen();
    });
  });
}
