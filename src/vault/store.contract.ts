/** The suite that every store passes. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { packKey } from './pack-format.ts';
import type { Store } from './store.ts';

const newKey = () => packKey(randomBytes(16).toString('hex'));

/** `make` answers a fresh, made store, `again` another one at the same place. */
export function storeContract(
  name: string,
  make: () => Promise<{ store: Store; again: () => Promise<Store> }>,
): void {
  describe(`store contract: ${name}`, () => {
    test('an object appears at publish, whole, and is read in pieces', async () => {
      const { store, again } = await make();
      const key = newKey();
      const writer = await store.create(key);
      const data = randomBytes(3_000_000);
      for (let at = 0; at < data.length; at += 999_999) await writer.write(data.subarray(at, at + 999_999));
      expect((await writer.readBack(5, 100)).equals(data.subarray(5, 105))).toBe(true);
      expect([await store.list('packs/'), await store.read(key, 0, 1)]).toEqual([[], null]);
      await writer.seal();
      expect((await writer.readBack(999_990, 100)).equals(data.subarray(999_990, 1_000_090))).toBe(true);
      expect([await store.list('packs/'), await store.read(key, 0, 1)]).toEqual([[], null]);
      await writer.publish();
      await writer.abort();
      const other = await again();
      expect(await other.list('packs/')).toEqual([{ key, size: data.length }]);
      expect((await other.read(key, 0, data.length))!.equals(data)).toBe(true);
      expect((await other.read(key, 2_999_990, 100))!.equals(data.subarray(2_999_990))).toBe(true);
      expect((await other.read(key, 4_000_000, 100))!.length).toBe(0);
    });

    test('a given buffer may be used again', async () => {
      const { store } = await make();
      const key = newKey();
      const writer = await store.create(key);
      const buffer = Buffer.alloc(100, 1);
      await writer.write(buffer);
      await writer.write(buffer.fill(2));
      buffer.fill(3);
      await writer.seal();
      await writer.publish();
      expect(await store.read(key, 0, 300)).toEqual(
        Buffer.concat([Buffer.alloc(100, 1), Buffer.alloc(100, 2)]),
      );
    });

    test('an aborted object leaves nothing, at every stage', async () => {
      const { store, again } = await make();
      for (const stage of [0, 1, 2]) {
        const key = newKey();
        const writer = await store.create(key);
        if (stage > 0) await writer.write(Buffer.alloc(10));
        if (stage > 1) await writer.seal();
        await writer.abort();
        await writer.abort();
        expect(await store.read(key, 0, 1)).toBe(null);
      }
      expect(await (await again()).sweep()).toBe(0);
    });

    test('what an ended process left unfinished is swept, finished things are not', async () => {
      const { store, again } = await make();
      const writer = await store.create(newKey());
      await writer.write(Buffer.alloc(10));
      await writer.seal();
      await store.putRecord('snapshots/a.json', Buffer.from('a'));
      const other = await again();
      expect(await other.list('packs/')).toEqual([]);
      expect(await other.sweep()).toBe(1);
      expect(await other.sweep()).toBe(0);
      expect(await other.getRecord('snapshots/a.json')).toEqual(Buffer.from('a'));
      await writer.abort();
    });

    test('records are replaced whole, listed and deleted', async () => {
      const { store, again } = await make();
      expect(await store.getRecord('snapshots/a.json')).toBe(null);
      await store.putRecord('snapshots/a.json', Buffer.from('one'));
      await store.putRecord('snapshots/a.json', Buffer.from('three'));
      await store.putRecord('vault.json', Buffer.from('v'));
      const other = await again();
      expect(await other.getRecord('snapshots/a.json')).toEqual(Buffer.from('three'));
      expect(await other.getRecord('vault.json')).toEqual(Buffer.from('v'));
      expect(await other.list('snapshots/')).toEqual([{ key: 'snapshots/a.json', size: 5 }]);
      await other.delete('snapshots/a.json');
      await other.delete('snapshots/a.json');
      expect(await store.list('snapshots/')).toEqual([]);
    });

    test('there is one lock', async () => {
      const { store, again } = await make();
      const unlock = await store.lock();
      const other = await again();
      await expect(other.lock()).rejects.toMatchObject({ code: 'Vault.Locked' });
      await unlock();
      const unlockOther = await other.lock();
      await expect(store.lock()).rejects.toMatchObject({ code: 'Vault.Locked' });
      await unlockOther();
    });

    test('free space is a number of bytes', async () => {
      const { store } = await make();
      expect(await store.freeBytes()).toBeGreaterThan(0);
    });
  });
}
