import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { faults } from '../faults.ts';
import { encodeChunk } from './codec.ts';
import { packsToRewrite } from './compact.ts';
import type { Root } from './root.ts';
import { CHUNK, chunkOf, diskOf, numbers, openVault, restore, saved, store, tempDir } from './testing.ts';

afterEach(() => faults.clear());

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

test('what no root reaches goes, all else stays, dead packs go and half-dead ones are rewritten', async () => {
  const base = await tempDir();
  const vault = await openVault(base);
  const keep = await saved(vault, range(1, 10));
  await saved(vault, range(100, 20));
  const session = await vault.session();
  const dead = await store(session, range(200, 30));
  const alive = await store(session, range(300, 5));
  await session.flush();
  await session.close();
  const report = await vault.collect({ roots: async () => [keep, alive] });
  expect(report).toMatchObject({ deletedPacks: 2, rewrittenPacks: 1, writtenPacks: 1, damaged: [] });
  expect(report.freedBytes).toBeGreaterThan(0);
  expect((await restore(vault, keep)).equals(diskOf(range(1, 10)))).toBe(true);
  expect((await restore(vault, alive)).equals(diskOf(range(300, 5)))).toBe(true);
  await expect(vault.getChunk(encodeChunk(chunkOf(200)).name)).rejects.toMatchObject({
    code: 'Vault.Damaged',
  });
  expect((await vault.stats()).chunks).toBe(15);
  expect(await readdir(join(base, 'vault/packs'))).toHaveLength(2);
  const late = await vault.session();
  await expect(late.buildTree(dead, CHUNK, [])).rejects.toMatchObject({ code: 'Vault.Damaged' });
  await late.close();
  expect(await vault.collect({ roots: async () => [keep, alive] })).toMatchObject({
    deadObjects: 0,
    freedBytes: 0,
  });
  expect(await vault.verify({ roots: [keep, alive], data: true })).toMatchObject({ ok: true });
  await vault.collect({ roots: async () => [] });
  expect(await vault.stats()).toMatchObject({ packs: 0, objects: 0, storedBytes: 0, rawBytes: 0 });
  expect(await readdir(join(base, 'vault/packs'))).toEqual([]);
});

test('several small packs become one', async () => {
  const vault = await openVault(await tempDir());
  const roots: Root[] = [];
  for (let n = 0; n < 5; n++) roots.push(await saved(vault, range(n * 10 + 1, 3)));
  const report = await vault.collect({ roots: async () => roots });
  expect(report).toMatchObject({ rewrittenPacks: 5, writtenPacks: 1, deadObjects: 0 });
  for (const [n, root] of roots.entries()) {
    expect((await restore(vault, root)).equals(diskOf(range(n * 10 + 1, 3)))).toBe(true);
  }
});

test('which packs are rewritten', () => {
  const pack = (id: number, size: number, liveStored: number) => ({
    ...{ id, hex: '', size, stored: size, liveStored, liveChunks: liveStored, livePages: 0 },
    ...{ liveRaw: 0, shadowed: 0 },
  });
  const big = 20_000_000;
  const ids = (packs: ReturnType<typeof pack>[]) => packsToRewrite(packs).map(({ id }) => id);
  expect(ids([pack(1, big, big / 2), pack(2, big, big / 2 - 1), pack(3, big, 0)])).toEqual([2]);
  expect(ids([pack(1, 10, 10), pack(2, 10, 10), pack(3, 10, 10)])).toEqual([]);
  expect(ids([pack(1, 10, 10), pack(2, 10, 10), pack(3, 10, 10), pack(4, 10, 10)])).toEqual([1, 2, 3, 4]);
});

test('a session that began before the hiding keeps what it was told, and is waited for', async () => {
  const vault = await openVault(await tempDir());
  await saved(vault, range(1, 8));
  const names = range(1, 8).map((seed) => encodeChunk(chunkOf(seed)).name);
  const session = await vault.session();
  expect(await session.known(names)).toEqual(names.map(() => true));
  const published: Root[] = [];
  const run = vault.collect({ roots: async () => [...published] });
  let done = false;
  void run.then(() => (done = true));
  await setTimeout(50);
  expect(done).toBe(false);
  // Dead for all others by now, this session still builds on them.
  const late = await vault.session();
  expect(await late.known(names)).toEqual(names.map(() => false));
  expect(await session.known(names)).toEqual(names.map(() => true));
  const changes = names.map((name, index) => ({ index, name }));
  published.push(await session.buildTree(null, 8 * CHUNK, changes));
  await session.flush();
  await session.close();
  expect(await run).toMatchObject({ deadObjects: 0 });
  expect((await restore(vault, published[0]!)).equals(diskOf(range(1, 8)))).toBe(true);
  await late.close();
});

test('a session that began after the hiding stores dead objects anew', async () => {
  const vault = await openVault(await tempDir());
  const old = await saved(vault, range(1, 8));
  const published: Root[] = [];
  faults.set('vault.collect.hidden', async () => {
    const session = await vault.session();
    expect(await session.known([old.name])).toEqual([false]);
    published.push(await store(session, range(1, 8)));
    await session.flush();
    expect(await session.known([old.name])).toEqual([true]);
    await session.close();
  });
  await vault.collect({ roots: async () => [] });
  faults.clear();
  expect((await restore(vault, published[0]!)).equals(diskOf(range(1, 8)))).toBe(true);
  expect(await vault.verify({ roots: published, data: true })).toMatchObject({ ok: true });
});

test('a tree that a session builds on stays whole, even if its root went meanwhile', async () => {
  const vault = await openVault(await tempDir());
  const parent = await saved(vault, range(1, 16));
  const published: Root[] = [];
  let calls = 0;
  const roots = async () => {
    // The second answer is older than what the session below publishes.
    if (++calls < 2) return [];
    const before = [...published];
    const session = await vault.session();
    await session.put([encodeChunk(chunkOf(99))]);
    published.push(
      await session.buildTree(parent, 16 * CHUNK, [{ index: 3, name: encodeChunk(chunkOf(99)).name }]),
    );
    await session.flush();
    await session.close();
    return before;
  };
  await vault.collect({ roots });
  expect((await restore(vault, published[0]!)).equals(diskOf([1, 2, 3, 99, ...range(5, 12)]))).toBe(true);
});

test('a stopped or failed collection brings everything back; a damaged tree stops it', async () => {
  const vault = await openVault(await tempDir());
  const dead = await saved(vault, range(1, 8));
  const holder = await vault.session();
  const stop = new AbortController();
  const run = vault.collect({ roots: async () => [], signal: stop.signal });
  await setTimeout(30);
  stop.abort();
  await expect(run).rejects.toMatchObject({ code: 'Cancelled' });
  await holder.close();
  faults.set('vault.collect.hidden', () => {
    throw new Error('no');
  });
  await expect(vault.collect({ roots: async () => [] })).rejects.toThrow('no');
  faults.clear();
  const session = await vault.session();
  expect(await session.known([dead.name])).toEqual([true]);
  await session.close();
  const gone: Root = { name: encodeChunk(chunkOf(5)).name, size: 8 * CHUNK };
  await expect(vault.collect({ roots: async () => [gone] })).rejects.toMatchObject({ code: 'Vault.Damaged' });
  expect((await restore(vault, dead)).equals(diskOf(range(1, 8)))).toBe(true);
});

test('writers, deleters and collection side by side: nothing referenced is lost, the rest is gone in the end', async () => {
  const base = await tempDir();
  const vault = await openVault(base);
  const live = new Map<Root, number[]>();
  let writing = true;
  const writer = async (seed: number) => {
    const random = numbers(seed);
    for (let round = 0; round < 12; round++) {
      const session = await vault.session();
      const parents = [...live];
      const [parent, model] = parents[random(parents.length + 1)] ?? [null, [] as number[]];
      // Few different chunks: they die and come back all the time.
      const seeds = Array.from({ length: 1 + random(20) }, (_, i) => model[i] ?? random(40));
      const changes = new Map<number, number>();
      for (let i = 0; i < seeds.length; i++) if (i >= model.length) changes.set(i, seeds[i]!);
      for (let i = random(4); i > 0; i--) {
        const at = random(seeds.length);
        changes.set(at, (seeds[at] = random(40)));
      }
      const list: { index: number; name: Buffer }[] = [];
      for (const [index, value] of [...changes].sort((a, b) => a[0] - b[0])) {
        const chunk = encodeChunk(chunkOf(value));
        const name = value === 0 ? Buffer.alloc(32) : chunk.name;
        if (!(await session.known([name]))[0]) await session.put([chunk]);
        list.push({ index, name });
        if (random(3) === 0) await setImmediate();
      }
      try {
        const root = await session.buildTree(parent, seeds.length * CHUNK, list);
        await session.flush();
        if (random(5) > 0) live.set(root, seeds);
      } catch (error) {
        // The parent was deleted and collected before this session could take it.
        expect(error).toMatchObject({ code: 'Vault.Damaged' });
        expect(parent !== null && !live.has(parent)).toBe(true);
      }
      await session.close();
      const roots = [...live.keys()];
      if (roots.length > 6) live.delete(roots[random(roots.length)]!);
      await setImmediate();
    }
  };
  const collector = async () => {
    for (let runs = 0; writing || runs < 3; runs++)
      await vault.collect({ roots: async () => [...live.keys()] });
  };
  const checker = async () => {
    while (writing) {
      expect((await vault.verify({ roots: [...live.keys()], data: true })).damage).toEqual([]);
      await setTimeout(5);
    }
  };
  await Promise.all([
    collector(),
    checker(),
    Promise.all([1, 2, 3, 4].map(writer)).finally(() => {
      writing = false;
    }),
  ]);
  for (const [root, seeds] of live) expect((await restore(vault, root)).equals(diskOf(seeds))).toBe(true);
  expect(await vault.verify({ roots: [...live.keys()], data: true })).toMatchObject({ ok: true });
  const names = new Set([...live.values()].flat().filter((seed) => seed !== 0));
  expect((await vault.stats()).chunks).toBe(names.size);
  await vault.collect({ roots: async () => [] });
  expect(await readdir(join(base, 'vault/packs'))).toEqual([]);
});
