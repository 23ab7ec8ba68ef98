import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newId } from '../../ids.ts';
import { imgCheck, imgInfo } from '../../qemu/img.ts';
import { EmptyLayers } from './empty-layer.ts';
import { PoolFiles } from './files.ts';

const MIB = 1024 ** 2;
const OPTIONS = ['-o', 'cluster_size=128k,extended_l2=on'];
let dir: string;
let files: PoolFiles;
let empty: EmptyLayers;
const diskId = newId.disk();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'el-'));
  for (const each of ['disks', 'images']) mkdirSync(join(dir, each));
  files = new PoolFiles(join(dir, 'disks'), join(dir, 'images'), undefined);
  empty = new EmptyLayers(files);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What `qemu-img create` itself makes of the same. */
function wanted(sizeBytes: number, backing: string | null): Buffer {
  const file = join(dir, 'wanted.qcow2');
  rmSync(file, { force: true });
  const below = backing === null ? [] : ['-u', '-F', 'qcow2', '-b', backing];
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', ...OPTIONS, ...below, file, String(sizeBytes)]);
  return readFileSync(file);
}

test.each([512, 64 * MIB, 3 * MIB + 1536, 1024 ** 4])(
  '%i bytes: the very file qemu-img makes',
  async (sizeBytes) => {
    const [bottom, top] = [newId.layer(), newId.layer()];
    await empty.make(diskId, bottom, sizeBytes, null, null);
    await empty.make(diskId, top, sizeBytes, bottom, null);
    expect(readFileSync(files.layer(diskId, bottom)).equals(wanted(sizeBytes, null))).toBe(true);
    expect(readFileSync(files.layer(diskId, top)).equals(wanted(sizeBytes, `${bottom}.qcow2`))).toBe(true);
    for (const layer of [bottom, top]) {
      const file = files.layer(diskId, layer);
      expect(await imgCheck(file)).toEqual({ errors: 0, leaks: 0, checkErrors: 0 });
      const { size, blocks, mode } = statSync(file);
      expect(mode & 0o777).toBe(0o600);
      expect(blocks * 512).toBeLessThanOrEqual(Math.max(size, MIB));
    }
    expect(await imgInfo(files.layer(diskId, top), { format: 'qcow2' })).toMatchObject({
      ...{
        virtualBytes: sizeBytes,
        backingFile: `${bottom}.qcow2`,
        backingFormat: 'qcow2',
        clusterBytes: 128 * 1024,
      },
    });
  },
);

test('over a golden image, which need not be as large', async () => {
  const [imageId, layer] = [newId.image(), newId.layer()];
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', files.image(imageId), '1M']);
  await empty.make(diskId, layer, 8 * MIB, null, imageId);
  const file = files.layer(diskId, layer);
  expect(await imgInfo(file)).toMatchObject({ virtualBytes: 8 * MIB, backingFile: files.image(imageId) });
  expect(await imgCheck(file)).toEqual({ errors: 0, leaks: 0, checkErrors: 0 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('many at once, of two sizes, and no examples are left', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('openecd-layer-'));
  const bottom = newId.layer();
  await empty.make(diskId, bottom, MIB, null, null);
  const made = Array.from({ length: 12 }, () => newId.layer());
  await Promise.all(made.map((layer, at) => empty.make(diskId, layer, (1 + (at % 2)) * MIB, bottom, null)));
  for (const [at, layer] of made.entries())
    expect((await imgInfo(files.layer(diskId, layer))).virtualBytes).toBe((1 + (at % 2)) * MIB);
  const after = readdirSync(tmpdir()).filter((name) => name.startsWith('openecd-layer-'));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

test('one that cannot be made leaves no file; a layer that is there is never written over', async () => {
  writeFileSync(join(dir, 'disks', 'in-the-way'), '');
  await expect(empty.make('in-the-way', newId.layer(), MIB, null, null)).rejects.toThrow();
  const layer = newId.layer();
  await empty.make(diskId, layer, MIB, null, null);
  const content = readFileSync(files.layer(diskId, layer));
  await expect(empty.make(diskId, layer, 2 * MIB, null, null)).rejects.toThrow();
  expect(readFileSync(files.layer(diskId, layer)).equals(content)).toBe(true);
});
