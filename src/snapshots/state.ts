/**
 * All that the decisions about one disk depend on.
 *
 * Invariant: outside of a transaction others may write between its queries, so what is decided upon it is decided again
 * where nobody can: under the disk's lock, or in the transaction that acts.
 */
import type { Queries } from '../catalogue/catalogue.ts';
import { rows } from '../catalogue/conditions.ts';
import type { DesktopStatus } from '../catalogue/schema.ts';
import type { DiskRow, LayerRow } from '../catalogue/stacks.ts';
import { faults } from '../faults.ts';

export interface DiskState {
  readonly disk: DiskRow;
  readonly desktopStatus: DesktopStatus;
  readonly layers: readonly LayerRow[];
  /** Layers whose content snapshots wait for, by layer. */
  readonly wanted: ReadonlySet<string>;
  /** Root of the golden image below the bottom layers, by image. */
  readonly imageRoots: ReadonlyMap<string, string>;
}

/** What the disk's owner is doing with it: its lease. */
export type Intent =
  | {
      readonly kind: 'freeze';
      readonly snapshotId: string;
      readonly frozen: string;
      readonly prepared: string;
    }
  | { readonly kind: 'reset'; readonly snapshotId: string }
  /** To an image: a rebuild. */
  | { readonly kind: 'reset'; readonly imageId: string };

export function intentOf(disk: Pick<DiskRow, 'intent'>): Intent | null {
  return disk.intent === null ? null : (JSON.parse(disk.intent) as Intent);
}

type StateLayer = LayerRow & { readonly image_root: string | null; readonly waited_for: 0 | 1 };

// Texts, and few of them: this is asked before each step of each disk.
const DISK = `SELECT d.*, t.status AS desktop_status FROM disks d JOIN desktops t ON t.id = d.desktop_id WHERE d.id = ?`;
const LAYERS = `SELECT l.*, i.root AS image_root,
  EXISTS (SELECT 1 FROM snapshots s WHERE s.layer_id = l.id AND s.status = 'PROGRESSING') AS waited_for
  FROM layers l LEFT JOIN images i ON i.id = l.image_id WHERE l.disk_id = ?`;

/** Undefined when there is no such disk (any more). */
export async function loadState(queries: Queries, diskId: string): Promise<DiskState | undefined> {
  const [disk] = await rows<DiskRow & { readonly desktop_status: DesktopStatus }>(queries, DISK, [diskId]);
  if (disk === undefined) return undefined;
  await faults.hit('state.disk.read');
  const layers = await rows<StateLayer>(queries, LAYERS, [diskId]);
  const wanted = layers.filter((layer) => layer.state === 'frozen' && layer.waited_for === 1);
  return {
    disk,
    desktopStatus: disk.desktop_status,
    layers,
    wanted: new Set(wanted.map((layer) => layer.id)),
    imageRoots: new Map(
      layers.flatMap(({ image_id: image, image_root: root }) =>
        image === null || root === null ? [] : [[image, root] as const],
      ),
    ),
  };
}
