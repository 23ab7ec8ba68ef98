import { expect, test } from 'vitest';
import { newId } from '../../ids.ts';
import type { Stack } from '../types.ts';
import { PoolFiles } from './files.ts';
import { fileNode, layerNodes, stackNodes, topNode } from './nodes.ts';

const files = new PoolFiles('/data/disks', '/data/images', undefined);
const stack: Stack = {
  ...{ diskId: newId.disk(), sizeBytes: 1024, imageId: newId.image() },
  layers: [newId.layer(), newId.layer(), newId.layer()],
};

test('a stack from the golden image up: each node stands on one that is listed before it', () => {
  const nodes = stackNodes(files, stack, true);
  expect(nodes).toHaveLength(8);
  const listed = new Set<unknown>();
  for (const node of nodes) {
    for (const below of [node['file'], node['backing']]) if (below != null) expect(listed).toContain(below);
    listed.add(node['node-name']);
  }
  const formats = nodes.filter((node) => node.driver === 'qcow2');
  expect(formats.map((node) => node['backing'])).toEqual([
    null,
    `g-${stack.diskId}`,
    ...stack.layers.slice(0, 2),
  ]);
  expect(formats.slice(1).map((node) => node['node-name'])).toEqual(stack.layers);
  expect(nodes.filter((node) => node.driver === 'file').map((node) => node['filename'])).toEqual([
    `/data/images/${stack.imageId}.qcow2`,
    ...stack.layers.map((layer) => `/data/disks/${stack.diskId}/${layer}.qcow2`),
  ]);
});

test('every node discards and unmaps zeros; all but the active one are read-only, and a commit may reopen them', () => {
  for (const writable of [true, false]) {
    const nodes = stackNodes(files, stack, writable);
    for (const node of nodes) expect(node['discard']).toBe('unmap');
    const formats = nodes.filter((node) => node.driver === 'qcow2');
    for (const node of formats) expect(node['detect-zeroes']).toBe('unmap');
    expect(formats.map((node) => node['read-only'])).toEqual([true, true, true, !writable]);
    const fileNodes = nodes.filter((node) => node.driver === 'file');
    expect(fileNodes.map((node) => node['auto-read-only'] === true)).toEqual([true, true, true, !writable]);
    for (const node of fileNodes) expect(node).not.toHaveProperty('read-only');
  }
});

test("node names fit QEMU's 31 characters; the topmost is the active layer, or the image where there is none", () => {
  for (const node of stackNodes(files, stack, true)) expect(node['node-name'].length).toBeLessThanOrEqual(31);
  expect(topNode(stack)).toBe(stack.layers[2]);
  const golden = { ...stack, layers: [] };
  expect(stackNodes(files, golden, false).at(-1)!['node-name']).toBe(topNode(golden));
  expect(stackNodes(files, { ...stack, imageId: null }, true)[1]).toMatchObject({ backing: null });
});

test('a relative name is refused: it could mean a protocol', () => {
  expect(() => layerNodes('l', fileNode('l'), 'nbd:x', null, false)).toThrow('absolute');
});
