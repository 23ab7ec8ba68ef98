import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LayerWriter } from '../disks/types.ts';
import { EcdError } from '../errors.ts';
import { CHUNK, chunkOf, openVault, store, tempDir } from '../vault/testing.ts';
import { fillLayer } from './fill-layer.ts';

/** A disk in memory that counts what is written and how much at a time. */
class MemoryWriter implements LayerWriter {
  readonly disk: Buffer;
  readonly written: number[] = [];
  readonly zeroed: number[] = [];
  atOnce = 0;
  mostAtOnce = 0;

  constructor(content: Buffer) {
    this.disk = content;
  }

  async write(offset: number, data: Buffer): Promise<void> {
    await this.#slowly();
    if (offset + data.length > this.disk.length) throw new Error('beyond the end');
    data.copy(this.disk, offset);
    this.written.push(offset / CHUNK);
  }

  async zero(offset: number, length: number): Promise<void> {
    await this.#slowly();
    if (offset + length > this.disk.length) throw new Error('beyond the end');
    this.disk.fill(0, offset, offset + length);
    this.zeroed.push(offset / CHUNK);
  }

  async finish(): Promise<void> {}
  async discard(): Promise<void> {}

  async #slowly(): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    this.atOnce--;
  }
}

const never = new AbortController().signal;
const contentOf = (seeds: readonly number[], size = seeds.length * CHUNK) =>
  Buffer.concat(seeds.map((seed) => chunkOf(seed))).subarray(0, size);

test('makes any content into any other, and writes what differs and nothing else', async () => {
  const vault = await openVault(await tempDir());
  const seeds = fc.array(fc.nat({ max: 5 }), { minLength: 40, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(seeds, seeds, fc.boolean(), async (from, to, blank) => {
      if (blank) from = from.map(() => 0);
      const session = await vault.session();
      const source = blank ? null : await store(session, from);
      const target = await store(session, to);
      await session.flush();
      const writer = new MemoryWriter(Buffer.from(contentOf(from)));
      const count = await fillLayer(vault, writer, source, target, to.length * CHUNK, never);
      await session.close();
      expect(writer.disk.equals(contentOf(to))).toBe(true);
      const differs = to.flatMap((seed, at) => (seed === from[at] ? [] : [at]));
      expect(count).toBe(differs.length);
      const [data, zeros] = [writer.written, writer.zeroed].map((each) => each.toSorted((a, b) => a - b));
      expect(zeros).toEqual(differs.filter((at) => to[at] === 0));
      expect(data).toEqual(differs.filter((at) => to[at] !== 0));
    }),
    { numRuns: 25 },
  );
});

test('a last chunk is cut at the end of the disk, data and zeros', async () => {
  const vault = await openVault(await tempDir());
  const session = await vault.session();
  const size = 2 * CHUNK + 100;
  const padded = Buffer.concat([contentOf([1, 2, 3], size), Buffer.alloc(CHUNK - 100)]);
  const target = await store(session, [1, 2, 3]);
  const zeros = await store(session, [1, 2, 0]);
  await session.flush();
  const writer = new MemoryWriter(Buffer.alloc(size));
  await fillLayer(vault, writer, null, target, size, never);
  expect(writer.disk.equals(padded.subarray(0, size))).toBe(true);
  await fillLayer(vault, writer, target, zeros, size, never);
  expect(writer.zeroed).toEqual([2]);
  expect(writer.disk.subarray(2 * CHUNK).every((byte) => byte === 0)).toBe(true);
  await session.close();
});

test('holds at most 16 chunks at a time', async () => {
  const vault = await openVault(await tempDir());
  const session = await vault.session();
  const seeds = Array.from({ length: 300 }, (_, at) => at + 1);
  const target = await store(session, seeds);
  await session.flush();
  const writer = new MemoryWriter(Buffer.alloc(seeds.length * CHUNK));
  expect(await fillLayer(vault, writer, null, target, writer.disk.length, never)).toBe(300);
  expect(writer.mostAtOnce).toBeGreaterThan(1);
  expect(writer.mostAtOnce).toBeLessThanOrEqual(16);
  await session.close();
});

test('a write that fails ends it with that error, after what was under way', async () => {
  const vault = await openVault(await tempDir());
  const session = await vault.session();
  const seeds = Array.from({ length: 100 }, (_, at) => at + 1);
  const target = await store(session, seeds);
  await session.flush();
  const writer = new MemoryWriter(Buffer.alloc(seeds.length * CHUNK));
  const { write } = writer;
  writer.write = async (offset, data) => {
    await write.call(writer, offset, data);
    if (offset === 20 * CHUNK) throw new EcdError('Nbd.Failed', { operation: 'write', reason: 'full' });
  };
  const filling = fillLayer(vault, writer, null, target, writer.disk.length, never);
  await expect(filling).rejects.toMatchObject({ code: 'Nbd.Failed' });
  expect(writer.atOnce).toBe(0);
  expect(writer.written.length).toBeLessThan(60);
  await session.close();
});

test('a chunk that is not in the vault is an error, not a hole', async () => {
  const vault = await openVault(await tempDir());
  const session = await vault.session();
  const target = await store(session, [1, 2, 3]);
  await session.flush();
  await session.close();
  // No root is named: all of it goes.
  await vault.collect({ roots: async () => [] });
  const writer = new MemoryWriter(Buffer.alloc(3 * CHUNK));
  const filling = fillLayer(vault, writer, null, target, writer.disk.length, never);
  await expect(filling).rejects.toMatchObject({ code: 'Vault.Damaged' });
  expect(writer.written).toEqual([]);
});

test('is called off by the signal', async () => {
  const vault = await openVault(await tempDir());
  const session = await vault.session();
  const seeds = Array.from({ length: 200 }, (_, at) => at + 1);
  const target = await store(session, seeds);
  await session.flush();
  const stop = new AbortController();
  const writer = new MemoryWriter(Buffer.alloc(seeds.length * CHUNK));
  const { write } = writer;
  writer.write = async (offset, data) => {
    await write.call(writer, offset, data);
    stop.abort();
  };
  const filling = fillLayer(vault, writer, null, target, writer.disk.length, stop.signal);
  await expect(filling).rejects.toMatchObject({ code: 'Cancelled' });
  expect(writer.written.length).toBeLessThan(60);
  await session.close();
});
