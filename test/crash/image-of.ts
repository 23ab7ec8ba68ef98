/** A stack for programs that open disks by a name. */
import { join } from 'node:path';
import type { World } from './world.ts';

/** The stack as one image for qemu-io. */
export function imageOf(
  world: World,
  diskId: string,
  imageId: string | null,
  layers: readonly string[],
): string {
  const node = (filename: string, backing: object | null): object => ({
    ...{ driver: 'qcow2', backing, discard: 'unmap', file: { driver: 'file', filename, discard: 'unmap' } },
  });
  let image = imageId === null ? null : node(join(world.dir.images, `${imageId}.qcow2`), null);
  for (const layer of layers) image = node(join(world.dir.disks, diskId, `${layer}.qcow2`), image);
  return `json:${JSON.stringify(image)}`;
}
