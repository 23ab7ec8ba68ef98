import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Extent } from '../disks/types.ts';
import { batchRuns, type ChunkRun, chunkRuns, readsOf } from './chunk-runs.ts';

const CHUNK = 8;

async function* from<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Each byte on its own: touched by data, touched by zeros, or not at all. */
function naive(extents: readonly Extent[], size: number): [number, boolean][] {
  const bytes: ('data' | 'zero' | null)[] = Array(size).fill(null);
  for (const { offset, length, zero } of extents) bytes.fill(zero ? 'zero' : 'data', offset, offset + length);
  const chunks: [number, boolean][] = [];
  for (let index = 0; index * CHUNK < size; index++) {
    const own = bytes.slice(index * CHUNK, (index + 1) * CHUNK);
    if (own.some((byte) => byte !== null)) chunks.push([index, own.every((byte) => byte === 'zero')]);
  }
  return chunks;
}

const spread = (runs: readonly ChunkRun[]) =>
  runs.flatMap(({ first, count, zero }) =>
    Array.from({ length: count }, (_, i): [number, boolean] => [first + i, zero]),
  );

const disk = fc
  .record({
    size: fc.integer({ min: 1, max: 200 }),
    parts: fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 20 }),
        length: fc.integer({ min: 1, max: 40 }),
        zero: fc.boolean(),
      }),
      { maxLength: 15 },
    ),
  })
  .map(({ size, parts }) => {
    const extents: Extent[] = [];
    let at = 0;
    for (const { gap, length, zero } of parts) {
      const offset = at + gap;
      if (offset >= size) break;
      extents.push({ offset, length: Math.min(length, size - offset), zero });
      at = offset + length;
    }
    return { size, extents };
  });

test('runs name exactly the chunks that extents touch, ascending, each once', async () => {
  await fc.assert(
    fc.asyncProperty(disk, async ({ size, extents }) => {
      const runs = await all(chunkRuns(from(extents), size, CHUNK));
      expect(spread(runs)).toEqual(naive(extents, size));
    }),
    { numRuns: 1000 },
  );
});

test('batches hold the same chunks in order, and never more reads than allowed', async () => {
  await fc.assert(
    fc.asyncProperty(disk, fc.integer({ min: 1, max: 5 }), async ({ size, extents }, maxReads) => {
      const batches = await all(batchRuns(chunkRuns(from(extents), size, CHUNK), maxReads));
      expect(spread(batches.flatMap((batch) => batch.runs))).toEqual(naive(extents, size));
      for (const batch of batches) {
        expect(readsOf(batch)).toHaveLength(batch.reads);
        expect(batch.reads).toBeLessThanOrEqual(maxReads);
      }
      // Only the last batch may be short.
      for (const batch of batches.slice(0, -1)) expect(batch.reads).toBe(maxReads);
    }),
    { numRuns: 500 },
  );
});

test('a tebibyte of zeros is one run and one batch', async () => {
  const size = 2 ** 40;
  const batches = await all(
    batchRuns(chunkRuns(from([{ offset: 0, length: size, zero: true }]), size, 131072), 16),
  );
  expect(batches).toEqual([{ runs: [{ first: 0, count: 2 ** 23, zero: true }], reads: 0 }]);
});

test.each([
  [
    'descending',
    [
      { offset: 8, length: 8, zero: true },
      { offset: 0, length: 8, zero: true },
    ],
  ],
  [
    'overlapping',
    [
      { offset: 0, length: 9, zero: true },
      { offset: 8, length: 8, zero: false },
    ],
  ],
  ['empty', [{ offset: 0, length: 0, zero: false }]],
  ['behind the end', [{ offset: 0, length: 65, zero: false }]],
])('extents that are %s are refused', async (_, extents) => {
  await expect(all(chunkRuns(from(extents), 64, CHUNK))).rejects.toMatchObject({ code: 'InternalError' });
});
