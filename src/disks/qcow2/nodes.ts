/**
 * A stack as nodes of QEMU's block graph. Pure.
 *
 * Invariants: a layer's format node is named as the layer, its file node `f-` and the layer; every node discards and
 * turns written zeros into unmapped ones; all but the active layer are read-only, with file nodes `auto-read-only`, so
 * that a commit may reopen them; a node is listed before the one that stands on it.
 */
import { isAbsolute } from 'node:path';
import type { BlockdevNode } from '../../qemu/blockdev.ts';
import type { Stack } from '../types.ts';
import type { PoolFiles } from './files.ts';

const UNMAP = { discard: 'unmap', 'detect-zeroes': 'unmap' } as const;

export function fileNode(layerId: string): string {
  return `f-${layerId}`;
}

function goldenNode(diskId: string): string {
  return `g-${diskId}`;
}

export function topNode(stack: Stack): string {
  return stack.layers.at(-1) ?? goldenNode(stack.diskId);
}

/** All nodes of a stack; `writable` says whether the topmost layer is (then it is the active one). */
export function stackNodes(files: PoolFiles, stack: Stack, writable: boolean): BlockdevNode[] {
  const nodes: BlockdevNode[] = [];
  let below: string | null = null;
  if (stack.imageId !== null) {
    below = goldenNode(stack.diskId);
    nodes.push(...layerNodes(below, `f${below}`, files.image(stack.imageId), null, false));
  }
  for (const layerId of stack.layers) {
    const active = writable && layerId === stack.layers.at(-1);
    nodes.push(...layerNodes(layerId, fileNode(layerId), files.layer(stack.diskId, layerId), below, active));
    below = layerId;
  }
  return nodes;
}

/** One layer's two nodes; `backing` null leaves the header's backing file closed. */
export function layerNodes(
  node: string,
  file: string,
  filename: string,
  backing: string | null,
  writable: boolean,
): BlockdevNode[] {
  if (!isAbsolute(filename)) throw new TypeError(`${filename} is no absolute path`);
  return [
    {
      driver: 'file',
      'node-name': file,
      filename,
      discard: 'unmap',
      ...(writable ? {} : { 'auto-read-only': true }),
    },
    { driver: 'qcow2', 'node-name': node, file, backing, 'read-only': !writable, ...UNMAP },
  ];
}
