/** The stack of layers of a disk, bottom first. Pure. */

export type Kind = 'IMAGE' | 'BASE' | 'FROZEN' | 'ACTIVE' | 'ASIDE';

export interface Layer {
  readonly Kind: Kind;
  readonly LayerId?: string;
  readonly ImageId?: string;
  readonly ImageName?: string;
  readonly AllocatedBytes?: number;
  readonly Stored: boolean;
  readonly Merging: boolean;
  readonly Snapshots: readonly { readonly SnapshotId: string; readonly SnapshotName: string }[];
}

export interface Disk {
  readonly DiskId: string;
  readonly DiskType: 'SYSTEM' | 'DATA';
  readonly DiskSize: number;
  readonly Layers: readonly Layer[];
}

/**
 * What the layers take that lie above the last one that a snapshot holds: in bytes, at most what was written since and no
 * snapshot has. Null when it is not known.
 */
export function unheldBytes({ Layers: layers }: Disk): number | null {
  let bytes = 0;
  for (const layer of layers.filter((one) => one.Kind !== 'ASIDE').toReversed()) {
    if (layer.Kind === 'IMAGE' || layer.Snapshots.length > 0) return bytes;
    if (layer.AllocatedBytes === undefined) return null;
    bytes += layer.AllocatedBytes;
  }
  return bytes;
}
