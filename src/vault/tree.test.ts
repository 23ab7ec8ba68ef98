import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildTree, type Change, type TreeSink } from './build-tree.ts';
import { decode, type Encoded, encodeChunk, ZERO_NAME } from './codec.ts';
import type { Root } from './root.ts';
import { CHUNK, FANOUT } from './testing.ts';
import { diff, leaves } from './tree.ts';

class Memory implements TreeSink {
  readonly chunkSize = CHUNK;
  readonly fanout = FANOUT;
  readonly pages = new Map<string, Buffer>();
  reads = 0;

  async page(name: Buffer): Promise<Buffer> {
    this.reads++;
    const page = this.pages.get(name.toString('hex'));
    if (!page) throw new Error('no such page');
    return page;
  }
  async ensure(): Promise<void> {}
  async putPage(page: Encoded): Promise<void> {
    this.pages.set(page.name.toString('hex'), decode(page));
  }
}

const NAMES = [ZERO_NAME, ...[1, 2, 3].map((n) => encodeChunk(Buffer.alloc(CHUNK, n)).name)];
const nameOf = (value: number): Buffer => NAMES[value]!;

/** A disk is the list of the numbers of its chunks; a step is a new length and some changed places. */
const step = fc.record({
  length: fc.nat(80),
  changes: fc.dictionary(fc.nat(79).map(String), fc.nat(3), { maxKeys: 12 }),
});

function apply(model: number[], { length, changes }: { length: number; changes: Record<string, number> }) {
  const next = Array.from({ length }, (_, i) => model[i] ?? 0);
  const list: Change[] = [];
  for (const key of Object.keys(changes).sort((a, b) => Number(a) - Number(b))) {
    const index = Number(key);
    if (index >= length) continue;
    next[index] = changes[key]!;
    list.push({ index, name: nameOf(changes[key]!) });
  }
  return { next, list };
}

async function* slowly<T>(items: T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('any history of changes, growth and shrinking gives the leaves and the root of a plain array', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), fc.boolean(), async (steps, async) => {
      const sink = new Memory();
      let model: number[] = [];
      let root: Root | null = null;
      for (const each of steps) {
        const { next, list } = apply(model, each);
        const before: { root: Root | null; model: number[] } = { root, model };
        root = await buildTree(sink, root, next.length * CHUNK, async ? slowly(list) : list);
        model = next;
        const want = model.flatMap((v, index) => (v === 0 ? [] : [{ index, name: nameOf(v) }]));
        expect(await collect(leaves(sink, root))).toEqual(want);
        const fresh: Root = await buildTree(new Memory(), null, root.size, want);
        expect(fresh).toEqual(root);
        const longest = Math.max(model.length, before.model.length);
        const changed = Array.from({ length: longest }, (_, index) => ({
          index,
          from: nameOf(before.model[index] ?? 0),
          to: nameOf(model[index] ?? 0),
        })).filter(({ from, to }) => !from.equals(to));
        expect(await collect(diff(sink, before.root, root))).toEqual(changed);
      }
    }),
    { numRuns: 100 },
  );
}, 20_000);

test('a range of leaves is the part of all leaves', async () => {
  await fc.assert(
    fc.asyncProperty(step, fc.nat(90), fc.nat(90), async ({ changes }, from, to) => {
      const sink = new Memory();
      const { list } = apply([], { length: 80, changes });
      const root = await buildTree(sink, null, 80 * CHUNK, list);
      const all = await collect(leaves(sink, root));
      const part = await collect(leaves(sink, root, { from, to }));
      expect(part).toEqual(all.filter(({ index }) => index >= from && index < to));
    }),
    { numRuns: 60 },
  );
});

test('only the pages on the changed path are read', async () => {
  const sink = new Memory();
  const all = Array.from({ length: 1024 }, (_, index) => ({ index, name: nameOf(1 + (index % 3)) }));
  const a = await buildTree(sink, null, 1024 * CHUNK, all);
  sink.reads = 0;
  const b = await buildTree(sink, a, 1024 * CHUNK, [{ index: 500, name: ZERO_NAME }]);
  expect(sink.reads).toBe(5);
  sink.reads = 0;
  expect(await collect(diff(sink, a, b))).toHaveLength(1);
  expect(sink.reads).toBe(10);
  sink.reads = 0;
  expect(await collect(diff(sink, a, a))).toHaveLength(0);
  expect((await buildTree(sink, a, 1024 * CHUNK, [])).name).toEqual(a.name);
  expect(sink.reads).toBe(0);
});

test('many changes build in bounded memory: full pages are put while more changes come', async () => {
  const sink = new Memory();
  let put = 0;
  let held = 0;
  Object.assign(sink, { fanout: 256, putPage: async () => void put++ });
  const all = (function* () {
    for (let index = 0; index < 400_000; index++) {
      held = Math.max(held, index - put * 256);
      yield { index, name: NAMES[1 + (index % 3)]! };
    }
  })();
  await buildTree(sink, null, 400_000 * CHUNK, all);
  expect(put).toBeGreaterThan(400_000 / 256);
  // A page or two of each level.
  expect(held).toBeLessThanOrEqual(3 * 256);
});

test('changes out of order or beyond the end are refused, and their source is told to stop', async () => {
  const sink = new Memory();
  for (const indexes of [[1, 1], [2, 1], [8], [-1], [0.5]]) {
    let stopped = false;
    const source = (function* () {
      try {
        for (const index of indexes) yield { index, name: NAMES[1]! };
        yield { index: 7, name: NAMES[1]! };
      } finally {
        stopped = true;
      }
    })();
    await expect(buildTree(sink, null, 8 * CHUNK, source)).rejects.toMatchObject({
      code: 'InvalidParameter',
    });
    expect(stopped).toBe(true);
  }
});

test('a disk that is no multiple of the chunk size has one more leaf, and an empty one none', async () => {
  const sink = new Memory();
  const root = await buildTree(sink, null, 3 * CHUNK + 1, [{ index: 3, name: NAMES[1]! }]);
  expect(await collect(leaves(sink, root))).toEqual([{ index: 3, name: NAMES[1]! }]);
  expect(await buildTree(sink, root, 0, [])).toEqual({ name: ZERO_NAME, size: 0 });
});
