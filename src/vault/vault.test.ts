import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeChunk, ZERO_NAME } from './codec.ts';
import { CHUNK, chunkOf, diskOf, openVault, restore, saved, store, tempDir } from './testing.ts';
import { Vault } from './vault.ts';

const filesOf = (base: string) => readdir(join(base, 'vault/packs'));

test('a disk comes back byte for byte, also after the vault was opened anew', async () => {
  const base = await tempDir();
  const seeds = [5, 0, 6, 7, 0, 0, 0, 0, 0, 5, 9];
  const vault = await openVault(base);
  const root = await saved(vault, seeds);
  expect((await restore(vault, root)).equals(diskOf(seeds))).toBe(true);
  const stats = await vault.stats();
  expect(stats).toMatchObject({ packs: 1, chunks: 4, objects: stats.chunks + stats.pages });
  await vault.close();
  const again = await openVault(base);
  expect((await restore(again, root)).equals(diskOf(seeds))).toBe(true);
  expect([again.id, again.chunkSize, await again.stats()]).toEqual([vault.id, CHUNK, stats]);
  expect(await again.freeBytes()).toBeGreaterThan(0);
});

test('what is there costs nothing again: within a session, between sessions, in any disk', async () => {
  const base = await tempDir();
  const vault = await openVault(base);
  const root = await saved(vault, [1, 2, 3, 4, 5]);
  const before = await vault.stats();
  const session = await vault.session();
  expect(await session.known([root.name, encodeChunk(chunkOf(9)).name, ZERO_NAME])).toEqual([
    true,
    false,
    true,
  ]);
  expect(await store(session, [1, 2, 3, 4, 5])).toEqual(root);
  expect(await session.flush()).toEqual({ newBytes: 0, newChunks: 0 });
  await session.put([encodeChunk(chunkOf(9)), encodeChunk(chunkOf(9))]);
  expect(session.counters).toMatchObject({ newChunks: 1, newPages: 0, newRawBytes: CHUNK });
  const encoded = encodeChunk(chunkOf(9));
  expect(await session.flush()).toEqual({ newBytes: encoded.data.length, newChunks: 1 });
  expect(await session.flush()).toEqual({ newBytes: encoded.data.length, newChunks: 1 });
  await session.close();
  expect((await vault.stats()).objects).toBe(before.objects + 1);
  expect(await filesOf(base)).toHaveLength(2);
});

test('what was not flushed is thrown away and leaves no file', async () => {
  const base = await tempDir();
  const vault = await openVault(base);
  const session = await vault.session();
  const root = await store(session, [1, 2, 3]);
  expect(await filesOf(base)).toHaveLength(1);
  await session.close();
  await session.close();
  expect(await filesOf(base)).toEqual([]);
  await expect(vault.getChunk(encodeChunk(chunkOf(1)).name)).rejects.toMatchObject({ code: 'Vault.Damaged' });
  await expect(session.put([])).rejects.toMatchObject({ code: 'Cancelled' });
  const next = await vault.session();
  await expect(next.buildTree(root, CHUNK, [])).rejects.toMatchObject({ code: 'Vault.Damaged' });
  await next.close();
});

test('closing the vault closes its sessions and gives the lock back', async () => {
  const base = await tempDir();
  const vault = await openVault(base);
  const session = await vault.session();
  await store(session, [1, 2, 3]);
  await expect(openVault(base)).rejects.toMatchObject({ code: 'Vault.Locked' });
  await vault.close();
  expect(await filesOf(base)).toEqual([]);
  await expect(vault.getChunk(ZERO_NAME)).rejects.toMatchObject({ code: 'Vault.Unavailable' });
  await openVault(base);
});

test('a tree can be built on one of the same session that is not flushed yet', async () => {
  const vault = await openVault(await tempDir());
  const session = await vault.session();
  const first = await store(session, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await session.put([encodeChunk(chunkOf(77))]);
  const second = await session.buildTree(first, 9 * CHUNK, [
    { index: 4, name: encodeChunk(chunkOf(77)).name },
  ]);
  await session.flush();
  await session.close();
  expect((await restore(vault, second)).equals(diskOf([1, 2, 3, 4, 77, 6, 7, 8, 9]))).toBe(true);
});

test('a tree of chunks that were never stored is refused', async () => {
  const vault = await openVault(await tempDir());
  const session = await vault.session();
  const changes = [{ index: 0, name: encodeChunk(chunkOf(1)).name }];
  await expect(session.buildTree(null, CHUNK, changes)).rejects.toThrow(/was not stored before its tree/);
  await session.close();
});

test('puts at the same time all arrive, over many packs, and a given buffer may be used again', async () => {
  const base = await tempDir();
  const vault = await openVault(base, { create: { chunkSize: 1024 * 1024, fanout: 256 } });
  const session = await vault.session();
  const noise = (n: number) => Buffer.alloc(1024 * 1024, `${n} `).fill(encodeChunk(chunkOf(n)).name, 0, 1000);
  const raw = (n: number) => {
    const { name, type } = encodeChunk(noise(n));
    return { name, type, codec: 0, rawLength: 1024 * 1024, data: noise(n) };
  };
  await Promise.all(
    Array.from({ length: 30 }, async (_, n) => {
      const object = raw(n);
      await session.put([object]);
      object.data.fill(0);
    }),
  );
  expect((await readdir(join(base, 'vault/packs'))).every((name) => name.endsWith('.tmp'))).toBe(true);
  await session.flush();
  await session.close();
  expect((await vault.stats()).packs).toBe(2);
  for (let n = 0; n < 30; n++) {
    expect((await vault.getChunk(raw(n).name)).equals(noise(n))).toBe(true);
  }
});

test('a deleted index is made anew from the packs, a broken or foreign one too', async () => {
  const base = await tempDir();
  let vault = await openVault(base);
  const root = await saved(vault, [1, 2, 3, 4, 5]);
  const stats = await vault.stats();
  const other = await openVault(join(base, 'other'), { indexFile: join(base, 'other.sqlite') });
  await other.close();
  const index = join(base, 'index.sqlite');
  for (const harm of [
    () => rm(index),
    () => writeFile(index, 'no database at all'),
    () => writeFile(index, Buffer.alloc(100_000)),
    () =>
      rm(index).then(() =>
        import('node:fs/promises').then((fs) => fs.copyFile(join(base, 'other.sqlite'), index)),
      ),
  ]) {
    await vault.close();
    await harm();
    vault = await openVault(base);
    expect(await vault.stats()).toEqual(stats);
    expect((await restore(vault, root)).equals(diskOf([1, 2, 3, 4, 5]))).toBe(true);
  }
});

test('what an ended process left is swept; a pack it did not count yet is counted', async () => {
  const base = await tempDir();
  let vault = await openVault(base);
  const session = await vault.session();
  const root = await store(session, [1, 2, 3]);
  await session.flush();
  await session.close();
  await vault.close();
  await rm(join(base, 'index.sqlite'));
  await writeFile(join(base, 'vault/packs', `${'a'.repeat(32)}.pack.tmp`), 'half a pack');
  await writeFile(join(base, 'vault/snapshots/s-1.json.tmp'), '{"half');
  await writeFile(join(base, 'vault/packs/README'), 'no pack');
  vault = await openVault(base);
  expect((await filesOf(base)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(await readdir(join(base, 'vault/snapshots'))).toEqual([]);
  expect((await restore(vault, root)).equals(diskOf([1, 2, 3]))).toBe(true);
});

test('readers see what is written and moved after they opened, and write nothing', async () => {
  const base = await tempDir();
  const writer = await openVault(base);
  const first = await saved(writer, [1, 2, 3]);
  for (const indexFile of [join(base, 'reader.sqlite'), join(base, 'index.sqlite')]) {
    const reader = await Vault.open({ dir: join(base, 'vault'), indexFile, readonly: true });
    expect((await restore(reader, first)).equals(diskOf([1, 2, 3]))).toBe(true);
    const more = await saved(writer, [4, 5, indexFile.length]);
    expect((await restore(reader, more)).equals(diskOf([4, 5, indexFile.length]))).toBe(true);
    // Everything moves into one new pack.
    const all = [first, more];
    for (let n = 0; n < 4; n++) all.push(await saved(writer, [1, 2, 3, 1000 * indexFile.length + n]));
    const report = await writer.collect({ roots: async () => all });
    expect(report.writtenPacks).toBe(1);
    expect((await restore(reader, more)).equals(diskOf([4, 5, indexFile.length]))).toBe(true);
    expect(await reader.verify({ roots: [first, more], data: true })).toMatchObject({ ok: true });
    await expect(reader.session()).rejects.toMatchObject({ code: 'Vault.Unavailable' });
    await expect(reader.putRecord('a', {})).rejects.toMatchObject({ code: 'Vault.Unavailable' });
    await reader.close();
  }
  expect((await restore(writer, first)).equals(diskOf([1, 2, 3]))).toBe(true);
});

test('records', async () => {
  const base = await tempDir();
  const vault = await openVault(base);
  await vault.putRecord('s-1', { root: 'x', size: 5 });
  await vault.putRecord('s-2', { a: 1 });
  await vault.putRecord('s-2', { a: 2 });
  await vault.deleteRecord('s-1');
  await vault.deleteRecord('s-1');
  await writeFile(join(base, 'vault/snapshots/s-3.json'), 'broken');
  const bad: string[] = [];
  const good: object[] = [];
  for await (const each of vault.records((id) => bad.push(id))) good.push(each);
  expect([good, bad]).toEqual([[{ id: 's-2', record: { a: 2 } }], ['s-3']]);
  const all = async () => {
    for await (const _ of vault.records());
  };
  await expect(all()).rejects.toMatchObject({ code: 'Vault.Damaged' });
  await expect(vault.putRecord('../x', {})).rejects.toMatchObject({ code: 'InvalidParameter' });
  expect(await vault.verify({ roots: [] })).toMatchObject({ records: 2, damageCount: 1 });
});

test('a missing vault is not made unasked, nor over packs without vault.json, nor of an unknown format', async () => {
  const base = await tempDir();
  const options = { dir: join(base, 'vault'), indexFile: join(base, 'index.sqlite') };
  await expect(Vault.open(options)).rejects.toMatchObject({ code: 'Vault.Unavailable' });
  const vault = await openVault(base);
  await saved(vault, [1]);
  await vault.close();
  await rm(join(base, 'vault/vault.json'));
  await expect(openVault(base)).rejects.toMatchObject({ code: 'Vault.Unavailable' });
  await writeFile(join(base, 'vault/vault.json'), '{"format":2,"id":"vault","sha256":"","record":{}}\n');
  await expect(openVault(base)).rejects.toMatchObject({ code: 'Vault.FormatUnknown' });
  await expect(
    openVault(join(base, 'x'), { indexFile: options.indexFile, create: { fanout: 1 } }),
  ).rejects.toMatchObject({ code: 'Vault.FormatUnknown' });
});
