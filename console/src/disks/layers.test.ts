import { expect, test } from 'vitest';
import { type Kind, type Layer, unheldBytes } from './layers.ts';

const layer = (kind: Kind, bytes: number | undefined, ...held: string[]): Layer => ({
  Kind: kind,
  ...(bytes === undefined ? {} : { AllocatedBytes: bytes }),
  Stored: true,
  Merging: false,
  Snapshots: held.map((SnapshotName) => ({ SnapshotId: `s-${SnapshotName}`, SnapshotName })),
});
const bytesOf = (...layers: Layer[]) =>
  unheldBytes({ DiskId: 'd', DiskType: 'SYSTEM', DiskSize: 1, Layers: layers });
const image = layer('IMAGE', 1000);

test('what no snapshot has are the layers above the last one that a snapshot holds', () => {
  expect(bytesOf(image, layer('BASE', 500, 'a'), layer('ACTIVE', 7))).toBe(7);
  expect(bytesOf(image, layer('BASE', 500, 'a'), layer('FROZEN', 30), layer('ACTIVE', 7))).toBe(37);
  expect(bytesOf(image, layer('BASE', 500, 'a'), layer('FROZEN', 30, 'b'), layer('ACTIVE', 7))).toBe(7);
});

test('without a snapshot it is all that is not of the image', () => {
  expect(bytesOf(image, layer('BASE', 500), layer('ACTIVE', 7))).toBe(507);
  expect(bytesOf(layer('ACTIVE', 7))).toBe(7);
});

test('what a reset left aside does not count, and what is not there makes it unknown', () => {
  expect(bytesOf(image, layer('BASE', 500, 'a'), layer('ACTIVE', 7), layer('ASIDE', 90))).toBe(7);
  expect(bytesOf(image, layer('BASE', 500, 'a'), layer('ACTIVE', undefined))).toBeNull();
});
