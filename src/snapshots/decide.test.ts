import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chain } from '../catalogue/stacks.ts';
import { nextStep, resetWay, settleStep, unneededLayers } from './decide.ts';
import { BLOCKS, DiskModel } from './testing/disk-model.ts';

type Act = (model: DiskModel) => void;
const act = (name: string, run: Act) => Object.assign(run, { [fc.toStringMethod]: () => name });

const index = fc.nat({ max: 9 });
const acts = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.nat({ max: BLOCKS - 1 }), fc.nat({ max: 3 }))
      .map(([block, value]) => act(`write ${block}=${value}`, (model) => model.write(block, value))),
  },
  { weight: 5, arbitrary: fc.boolean().map((hit) => act('freeze', (model) => model.freeze(hit))) },
  { weight: 6, arbitrary: fc.constant(act('step', (model) => void model.step())) },
  {
    weight: 3,
    arbitrary: fc
      .double({ min: 0, max: 0.9, noNaN: true })
      .map((share) => act(`step up to ${share}`, (model) => void model.step(share))),
  },
  { weight: 2, arbitrary: index.map((at) => act(`remove ${at}`, (model) => model.remove(at))) },
  { weight: 3, arbitrary: index.map((at) => act(`reset ${at}`, (model) => model.reset(at, true))) },
  { weight: 2, arbitrary: index.map((at) => act(`rebuild ${at}`, (model) => model.reset(at, false))) },
);
const images = fc.option(fc.array(fc.nat({ max: 3 }), { minLength: BLOCKS, maxLength: BLOCKS }));

function play(image: number[] | null, sequence: readonly Act[]): DiskModel {
  const model = new DiskModel(image);
  for (const each of sequence) {
    each(model);
    model.check();
  }
  return model;
}

/** Works until there is nothing to do. */
function finish(model: DiskModel): void {
  for (let steps = 0; model.step(); steps++) {
    model.check();
    if (steps > 200) throw new Error(`there is always something to do:\n${model.trace.join('\n')}`);
  }
}

test('whatever happens, every snapshot can be had, and the work ends with a short stack', () => {
  fc.assert(
    fc.property(images, fc.array(acts, { maxLength: 60 }), (image, sequence) => {
      const model = play(image, sequence);
      const content = model.view(model.disk.active_layer);
      finish(model);
      expect(model.view(model.disk.active_layer)).toEqual(content);
      expect(model.state().wanted.size).toBe(0);
      expect(model.snapshots.every((each) => each.failed || each.root !== null)).toBe(true);
      const stack = chain(model.layers, model.disk.active_layer);
      expect(stack.length).toBeLessThanOrEqual(2);
      // The stack and the prepared layer: nothing else is left.
      expect(model.layers).toHaveLength(stack.length + 1);
      expect(model.disk.settling_layer).toBeNull();
    }),
    { numRuns: 3_000 },
  );
});

test('a deleted desktop goes when its last snapshot is stored, and no earlier', () => {
  fc.assert(
    fc.property(
      images,
      fc.array(acts, { maxLength: 40 }),
      fc.array(acts, { maxLength: 10 }),
      (image, before, after) => {
        const model = play(image, before);
        model.removeDesktop();
        for (const each of after) {
          each(model);
          model.check();
        }
        finish(model);
        expect(model.released).toBe(true);
        expect(model.snapshots.every((each) => each.failed || each.root !== null)).toBe(true);
      },
    ),
    { numRuns: 1_500 },
  );
});

/** Does whatever is to be done, but leaves the settle. */
function untilSettle(model: DiskModel): void {
  while (nextStep(model.state())?.kind !== 'settle' && model.step()) {}
}

test('a first snapshot: prepared, archived, kept at the bottom, prepared again', () => {
  const model = new DiskModel([1, 1, 1, 1, 1]);
  const { active_layer: first } = model.disk;
  expect(nextStep(model.state())).toEqual({ kind: 'prepare' });
  model.step();
  model.write(0, 2);
  model.freeze(true);
  expect(nextStep(model.state())).toEqual({ kind: 'prepare' });
  model.step();
  const parentRoot = 'root:1,1,1,1,1';
  expect(nextStep(model.state())).toEqual({ kind: 'archive', layer: first, depth: 1, parentRoot });
  model.step();
  expect(nextStep(model.state())).toBeNull();
});

test('waiting snapshots are archived from the bottom up, each on the root below', () => {
  const model = new DiskModel(null);
  for (let i = 0; i < 3; i++) {
    model.step();
    model.write(i, 1);
    model.freeze(i !== 0);
  }
  model.step();
  // The first freeze failed: its layer goes with the second's.
  const [, second, third] = chain(model.layers, model.disk.active_layer).map((each) => each.id);
  expect(nextStep(model.state())).toEqual({ kind: 'archive', layer: second, depth: 2, parentRoot: null });
  model.step();
  expect(nextStep(model.state())).toEqual({
    kind: 'archive',
    layer: third,
    depth: 1,
    parentRoot: 'root:1,1,0,0,0',
  });
});

test('a long stack is settled before more is archived, but not layer by layer', () => {
  const model = new DiskModel(null);
  for (let i = 0; i < 9; i++) {
    while (nextStep(model.state())?.kind === 'prepare') model.step();
    model.write(i % BLOCKS, i);
    model.freeze(true);
  }
  const kinds: string[] = [];
  for (let i = 0; i < 8; i++) {
    kinds.push(nextStep(model.state())!.kind);
    model.step();
  }
  expect(kinds).toEqual(['prepare', ...new Array(5).fill('archive'), 'settle', 'archive']);
});

test('an unfinished settle is a source of nothing below it, and is finished after a reset', () => {
  const model = new DiskModel(null);
  for (let i = 1; i <= 2; i++) {
    while (nextStep(model.state())?.kind === 'prepare') model.step();
    model.write(0, i);
    model.freeze(true);
  }
  untilSettle(model);
  const [bottom, settled] = chain(model.layers, model.disk.active_layer).map((each) => each.id);
  const [first, second] = model.snapshots;
  const target = (snapshot: typeof first) => ({ layer: snapshot!.layer, root: snapshot!.root! });
  expect(resetWay(model.state(), target(first))).toEqual({ kind: 'onto', layer: bottom });
  model.step(0.5);
  expect(model.disk.settling_layer).toBe(settled);
  expect(resetWay(model.state(), target(first))).toMatchObject({ kind: 'difference', over: settled });
  expect(resetWay(model.state(), target(second))).toEqual({ kind: 'onto', layer: settled });
  model.reset(0, true);
  expect(settleStep(model.state())).toEqual({ kind: 'settle', count: 1 });
  finish(model);
});

test('layers above a reset stay as a branch while a snapshot waits for them, and no longer', () => {
  const model = new DiskModel(null);
  model.step();
  model.write(0, 1);
  model.freeze(true);
  untilSettle(model);
  model.write(0, 2);
  model.freeze(true);
  model.reset(0, true);
  const { layer } = model.snapshots[1]!;
  expect(layer).not.toBeNull();
  expect(unneededLayers(model.state())).toEqual([]);
  expect(settleStep(model.state())).toBeNull();
  while (model.snapshots[1]!.root === null) model.step();
  expect(unneededLayers(model.state())).toEqual([layer]);
});

test('a disk that is being frozen or reset gets no new prepared layer', () => {
  const model = new DiskModel(null);
  model.disk = { ...model.disk, intent: '{"kind":"reset","snapshotId":"s-1"}' };
  expect(nextStep(model.state())).toBeNull();
});

test('an open freeze is settled before anything else', () => {
  const model = new DiskModel(null);
  model.disk = {
    ...model.disk,
    intent: '{"kind":"freeze","snapshotId":"s-1","frozen":"l-0","prepared":"l-1"}',
  };
  expect(nextStep(model.state())).toEqual({ kind: 'resolve' });
});

test('a step that failed just now is passed over, and what does not need it goes on', () => {
  const model = new DiskModel(null);
  for (let i = 1; i <= 2; i++) {
    while (nextStep(model.state())?.kind === 'prepare') model.step();
    model.write(0, i);
    model.freeze(true);
  }
  const next = (...skip: ('prepare' | 'settle')[]) => nextStep(model.state(), new Set(skip))?.kind;
  expect([next(), next('prepare')]).toEqual(['prepare', 'archive']);
  untilSettle(model);
  expect([next(), next('settle')]).toEqual(['settle', undefined]);
});

test('a reset with nothing sound below writes the difference to the golden image, or all', () => {
  const target = { layer: null, root: 'root:9,9,9,9,9' };
  const blank = resetWay(new DiskModel(null).state(), target);
  expect(blank).toEqual({ kind: 'difference', over: null, root: null, imageId: null });
  const imaged = resetWay(new DiskModel([1, 2, 3, 4, 5]).state(), target);
  expect(imaged).toEqual({ kind: 'difference', over: null, root: 'root:1,2,3,4,5', imageId: 'm-1' });
});

test('a bottom layer that a rebuild left half-merged is never taken for its snapshot again', () => {
  const model = new DiskModel(null);
  for (let i = 1; i <= 2; i++) {
    while (nextStep(model.state())?.kind === 'prepare') model.step();
    for (let block = 0; block < BLOCKS; block++) model.write(block, i);
    model.freeze(true);
  }
  untilSettle(model);
  model.step(0.5);
  // Waits for the layers of the unfinished settle.
  model.write(0, 3);
  model.freeze(true);
  model.reset(1, false);
  model.check();
  model.reset(0, true);
  model.check();
  finish(model);
});
