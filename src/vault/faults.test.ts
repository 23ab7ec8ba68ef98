import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { DirectoryStore } from './directory-store.ts';
import type { Root } from './root.ts';
import type { Store, StoreWriter } from './store.ts';
import { diskOf, openVault, restore, saved, tempDir } from './testing.ts';

afterEach(() => faults.clear());

/** Fails the n-th step that changes something, and all after it until `heal`: a full disk. */
class FullDisk extends DirectoryStore implements Store {
  left = Number.POSITIVE_INFINITY;

  #step(): void {
    if (--this.left >= 0) return;
    const cause = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    throw new EcdError('Vault.Unavailable', { reason: 'write: ENOSPC' }, cause);
  }

  override async create(key: string): Promise<StoreWriter> {
    this.#step();
    const writer = await super.create(key);
    const failing = (act: 'seal' | 'publish') => async () => {
      this.#step();
      await writer[act]();
    };
    return {
      write: async (data) => {
        this.#step();
        await writer.write(data);
      },
      readBack: (offset, length) => writer.readBack(offset, length),
      seal: failing('seal'),
      publish: failing('publish'),
      abort: () => writer.abort(),
    };
  }

  override async putRecord(key: string, data: Buffer): Promise<void> {
    this.#step();
    await super.putRecord(key, data);
  }
}

const SEEDS = [1, 2, 3, 4, 5, 6];

test('a disk that is full at the n-th write: a clear error, nothing half-done, and it goes on with space', async () => {
  const base = await tempDir();
  const disk = new FullDisk(join(base, 'vault'));
  const vault = await openVault(base, { store: disk });
  const first = await saved(vault, [90, 91]);
  const files = () => readdir(join(base, 'vault/packs'));
  const before = [await files(), await vault.stats()];
  let root: Root | null = null;
  let failures = 0;
  for (let n = 0; root === null; n++) {
    disk.left = n;
    try {
      root = await saved(vault, SEEDS);
    } catch (error) {
      failures++;
      expect(error).toMatchObject({ code: 'Vault.Unavailable', cause: { code: 'ENOSPC' } });
      expect([await files(), await vault.stats()]).toEqual(before);
    }
  }
  expect(failures).toBeGreaterThanOrEqual(4);
  disk.left = 0;
  await expect(vault.putRecord('s-1', {})).rejects.toMatchObject({ code: 'Vault.Unavailable' });
  // A full vault can still be emptied.
  await vault.collect({ roots: async () => [root] });
  disk.left = Number.POSITIVE_INFINITY;
  expect((await restore(vault, root)).equals(diskOf(SEEDS))).toBe(true);
  await expect(restore(vault, first)).rejects.toMatchObject({ code: 'Vault.Damaged' });
});

test('a full disk while packs are rewritten loses nothing', async () => {
  const base = await tempDir();
  const disk = new FullDisk(join(base, 'vault'));
  const vault = await openVault(base, { store: disk });
  const roots: Root[] = [];
  for (let n = 1; n <= 4; n++) roots.push(await saved(vault, [n * 10, n * 10 + 1]));
  const before = (await readdir(join(base, 'vault/packs'))).sort();
  let failures = 0;
  for (let n = 0; ; n++) {
    disk.left = n;
    const done = await vault.collect({ roots: async () => roots }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'Vault.Unavailable' });
      return null;
    });
    for (const root of roots) await restore(vault, root);
    if (done !== null) break;
    failures++;
    expect((await readdir(join(base, 'vault/packs'))).sort()).toEqual(before);
  }
  expect(failures).toBeGreaterThanOrEqual(4);
  expect((await vault.stats()).packs).toBe(1);
});

test.each(['vault.pack.written', 'vault.pack.synced', 'vault.index.committed'])(
  'a failure at %s fails the one session only',
  async (point) => {
    const base = await tempDir();
    const vault = await openVault(base);
    let passed = 0;
    faults.set(point, () => {
      passed++;
      throw new Error(point);
    });
    await expect(saved(vault, SEEDS)).rejects.toThrow(point);
    faults.clear();
    expect(passed).toBe(1);
    const counted = point === 'vault.index.committed' ? 1 : 0;
    expect(await readdir(join(base, 'vault/packs'))).toHaveLength(counted);
    expect((await vault.stats()).packs).toBe(counted);
    const root = await saved(vault, SEEDS);
    expect((await restore(vault, root)).equals(diskOf(SEEDS))).toBe(true);
  },
);
