/** What the layers of a desktop's disks are and hold, for those who want to see it. */
import type { Queries } from './catalogue.ts';
import { marks, rows } from './conditions.ts';
import { chain, type DiskRow, disksOf, type LayerRow, layersOf } from './stacks.ts';

/** A snapshot that can be read from a layer as it lies on the disk. */
export interface HeldSnapshot {
  readonly id: string;
  readonly name: string;
  readonly type: 'USER' | 'AUTO';
  readonly layer_id: string | null;
  readonly root: string | null;
}

export interface DiskStack {
  readonly disk: DiskRow;
  /** The active layer is the last one. */
  readonly layers: readonly LayerRow[];
  /** Frozen ones beside the stack, which are there until they are archived. */
  readonly aside: readonly LayerRow[];
  /** Of the layers' own instants; at most `MOST_SNAPSHOTS`. */
  readonly snapshots: readonly HeldSnapshot[];
}

const MOST_SNAPSHOTS = 200;

/** The system disk first. */
export async function stacksOfDesktop(queries: Queries, desktopId: string): Promise<DiskStack[]> {
  const stacks: DiskStack[] = [];
  for (const disk of await disksOf(queries, desktopId)) {
    const all = await layersOf(queries, disk.id);
    const layers = chain(all, disk.active_layer);
    const inStack = new Set(layers);
    const aside = all.filter((layer) => layer.state === 'frozen' && !inStack.has(layer));
    const ids = [...layers, ...aside].map((layer) => layer.id);
    const roots = layers.flatMap((layer) => layer.root ?? []);
    const snapshots = await rows<HeldSnapshot>(
      queries,
      `SELECT id, name, type, layer_id, root FROM snapshots
       WHERE desktop_id = ? AND disk_id = ? AND image_id IS NULL AND status <> 'FAILED'
         AND (layer_id IN (${marks(ids.length)}) OR root IN (${marks(roots.length)}))
       ORDER BY created_at DESC, id DESC LIMIT ?`,
      [desktopId, disk.id, ...ids, ...roots, MOST_SNAPSHOTS],
    );
    stacks.push({ disk, layers, aside, snapshots });
  }
  return stacks;
}
