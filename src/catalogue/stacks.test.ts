import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chain, type DiskRow, type LayerRow, stackOf } from './stacks.ts';

function layer(id: string, parent: string | null, image: string | null = null): LayerRow {
  const rest = { disk_id: 'd', state: 'frozen' as const, root: null, created_at: 1, frozen_at: null };
  return { id, parent_id: parent, image_id: image, ...rest };
}
const ids = (layers: readonly LayerRow[]) => layers.map((each) => each.id);
const disk: DiskRow = {
  ...{ id: 'd', desktop_id: 'ecd', type: 'system', size_bytes: 512, active_layer: 'c' },
  ...{ prepared_layer: null, settling_layer: null, intent: null },
};

test('the layers from the bottom up, without those of a branch', () => {
  const layers = [layer('c', 'b'), layer('a', null, 'm'), layer('x', 'a'), layer('b', 'a')];
  expect(ids(chain(layers, 'c'))).toEqual(['a', 'b', 'c']);
  expect(ids(chain(layers, 'x'))).toEqual(['a', 'x']);
  expect(ids(chain(layers, 'a'))).toEqual(['a']);
  const stack = { diskId: 'd', sizeBytes: 512, imageId: 'm', layers: ['a', 'b', 'c'] };
  expect(stackOf(disk, chain(layers, 'c'))).toEqual(stack);
});

test('a stack over nothing has no image', () => {
  expect(stackOf(disk, [layer('a', null)])).toMatchObject({ imageId: null, layers: ['a'] });
});

test('whatever order the rows come in', () => {
  const made = Array.from({ length: 12 }, (_, at) => layer(`l${at}`, at === 0 ? null : `l${at - 1}`));
  fc.assert(
    fc.property(fc.shuffledSubarray(made, { minLength: 12 }), fc.nat({ max: 11 }), (rows, top) => {
      expect(ids(chain(rows, `l${top}`))).toEqual(ids(made.slice(0, top + 1)));
    }),
  );
});

test('a layer that is not there, and a ring, are failures and no endless loop', () => {
  expect(() => chain([layer('b', 'a')], 'b')).toThrow(expect.objectContaining({ code: 'InternalError' }));
  expect(() => chain([], 'b')).toThrow(expect.objectContaining({ code: 'InternalError' }));
  const ring = [layer('a', 'b'), layer('b', 'a')];
  expect(() => chain(ring, 'a')).toThrow(expect.objectContaining({ code: 'InternalError' }));
});
