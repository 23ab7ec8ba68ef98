import { copyFile, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeChunk, hex } from './codec.ts';
import type { Root } from './root.ts';
import { chunkOf, numbers, openVault, saved, store, tempDir } from './testing.ts';
import type { Vault } from './vault.ts';

const SEEDS = [1, 2, 3, 4, 0, 6, 7, 8, 9, 10];

async function prepared() {
  const base = await tempDir();
  const vault = await openVault(base);
  const root = await saved(vault, SEEDS);
  const second = await saved(vault, [...SEEDS, 11, 12]);
  const packs = join(base, 'vault/packs');
  const files = (await readdir(packs)).map((name) => join(packs, name));
  return { base, vault, root, second, files, packs };
}

/** Reads everything: right content or `Vault.Damaged`, never anything else. Answers how many reads failed. */
async function readsRight(vault: Vault, root: Root, seeds: readonly number[]): Promise<number> {
  let failed = 0;
  let seen = 0;
  try {
    for await (const { index, name } of vault.leaves(root)) {
      seen++;
      try {
        expect((await vault.getChunk(name)).equals(chunkOf(seeds[index]!))).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: 'Vault.Damaged' });
        failed++;
      }
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'Vault.Damaged' });
    return failed + 1;
  }
  expect(seen).toBe(seeds.filter((seed) => seed !== 0).length);
  return failed;
}

test('no flipped bit anywhere gives wrong data, and verify finds every one', async () => {
  const { base, files, root, second, vault } = await prepared();
  await vault.close();
  const random = numbers(1);
  for (let round = 0; round < 16; round++) {
    const file = files[random(files.length)]!;
    const good = await readFile(file);
    const bad = Buffer.from(good);
    bad[random(bad.length)]! ^= 1 << random(8);
    await writeFile(file, bad);
    // Half the time the index has to be made anew from the damaged packs.
    if (round % 2 === 0) await rm(join(base, 'index.sqlite'), { force: true });
    const opened = await openVault(base);
    await readsRight(opened, root, SEEDS);
    await readsRight(opened, second, [...SEEDS, 11, 12]);
    const report = await opened.verify({ roots: [root, second], data: round % 3 === 0 });
    expect(report.ok).toBe(false);
    const id = /([0-9a-f]{32})\.pack$/.exec(file)![1]!;
    expect(report.damage.some((d) => d.kind === 'pack' && d.id === id)).toBe(true);
    await opened.close();
    await writeFile(file, good);
    await rm(join(base, 'index.sqlite'), { force: true });
  }
  const healed = await openVault(base);
  expect(await healed.verify({ roots: [root, second], data: true })).toMatchObject({ ok: true, packs: 2 });
});

test('a damaged object is named by verify, and found by the read of a vault that is open', async () => {
  const { vault, root, files } = await prepared();
  for (const path of files) {
    const bytes = await readFile(path);
    bytes[40]! ^= 1;
    await writeFile(path, bytes);
  }
  expect(await readsRight(vault, root, SEEDS)).toBeGreaterThan(0);
  const report = await vault.verify({ roots: [root] });
  const kinds = new Set(report.damage.map(({ kind }) => kind));
  expect(kinds.has('pack') && kinds.has('object')).toBe(true);
  const first = report.damage.find(({ kind }) => kind === 'object')!;
  expect(report.damage.filter(({ kind }) => kind === 'missing').every((d) => d.root)).toBe(true);
  expect(first.id).toMatch(/^[0-9a-f]{64}$/);
});

test('a pack that is cut off', async () => {
  const { base, vault, root, files } = await prepared();
  const size = (await readFile(files[0]!)).length;
  for (const length of [size - 1, size >> 1, 10, 0]) {
    await truncate(files[0]!, length);
    expect((await vault.verify({ roots: [root] })).ok).toBe(false);
    await readsRight(vault, root, SEEDS);
  }
  await vault.close();
  const again = await openVault(base);
  await readsRight(again, root, SEEDS);
  expect((await again.verify({ roots: [root] })).damage.some(({ kind }) => kind === 'pack')).toBe(true);
});

test('a missing pack: named, and what it held is known no more after the next open', async () => {
  const { base, vault, root, files } = await prepared();
  for (const file of files) await rm(file);
  expect(await readsRight(vault, root, SEEDS)).toBe(1);
  const report = await vault.verify({ roots: [root] });
  expect(report.damage.filter(({ kind, what }) => kind === 'pack' && what === 'is missing')).toHaveLength(2);
  await vault.close();
  const again = await openVault(base);
  const session = await again.session();
  expect(await session.known([root.name])).toEqual([false]);
  await session.close();
  expect((await again.verify({ roots: [root] })).damage).toEqual([
    expect.objectContaining({ kind: 'missing', id: hex(root.name) }),
  ]);
  // Stored anew, the snapshot is whole again.
  expect(await saved(again, SEEDS)).toEqual(root);
  expect(await readsRight(again, root, SEEDS)).toBe(0);
});

test('exchanged packs, and one under another name', async () => {
  const { base, vault, root, files, packs } = await prepared();
  await rename(files[0]!, `${files[0]}x`);
  await rename(files[1]!, files[0]!);
  await rename(`${files[0]}x`, files[1]!);
  await readsRight(vault, root, SEEDS);
  await vault.close();
  await copyFile(files[0]!, join(packs, `${'b'.repeat(32)}.pack`));
  for (const fresh of [false, true]) {
    if (fresh) await rm(join(base, 'index.sqlite'));
    const again = await openVault(base);
    await readsRight(again, root, SEEDS);
    const report = await again.verify({ roots: [root] });
    expect(report.damage.filter(({ kind }) => kind === 'pack')).toHaveLength(3);
    await again.close();
  }
});

test('a copy in another pack takes over when a pack is lost', async () => {
  const base = await tempDir();
  let vault = await openVault(base);
  // Two sessions at once do not see each other's objects: both store them.
  const [one, two] = [await vault.session(), await vault.session()];
  const root = await store(one, SEEDS);
  await store(two, SEEDS);
  await one.flush();
  await two.flush();
  await Promise.all([one.close(), two.close()]);
  const packs = join(base, 'vault/packs');
  const files = await readdir(packs);
  expect(files).toHaveLength(2);
  for (const lost of files) {
    await vault.close();
    const bytes = await readFile(join(packs, lost));
    await rm(join(packs, lost));
    vault = await openVault(base);
    expect(await readsRight(vault, root, SEEDS)).toBe(0);
    await vault.close();
    await writeFile(join(packs, lost), bytes);
    vault = await openVault(base);
  }
});

test('a vault whose directory is away is unavailable, not damaged', async () => {
  const { base, vault, root } = await prepared();
  const names: Buffer[] = [];
  for await (const { name } of vault.leaves(root)) names.push(name);
  await rename(join(base, 'vault'), join(base, 'away'));
  await expect(vault.getChunk(names[0]!)).rejects.toMatchObject({ code: 'Vault.Unavailable' });
  const session = await vault.session();
  await expect(session.put([encodeChunk(chunkOf(500))])).rejects.toMatchObject({ code: 'Vault.Unavailable' });
  await session.close();
  await rename(join(base, 'away'), join(base, 'vault'));
  expect(await readsRight(vault, root, SEEDS)).toBe(0);
});
