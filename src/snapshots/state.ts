/**
 * All that the decisions about one disk depend on.
 *
 * Invariant: outside of a transaction others may write between its queries, so what is decided upon it is decided again
 * where nobody can: under the disk's lock, or in the transaction that acts.
 */
import type { Queries } from '../catalogue/catalogue.ts';
import type { DesktopStatus } from '../catalogue/schema.ts';
import { type DiskRow, diskById, type LayerRow, layersOf } from '../catalogue/stacks.ts';
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

/** Undefined when there is no such disk (any more). */
export async function loadState(queries: Queries, diskId: string): Promise<DiskState | undefined> {
  const disk = await diskById(queries, diskId);
  if (disk === undefined) return undefined;
  await faults.hit('state.disk.read');
  const desktop = await queries
    .selectFrom('desktops')
    .select('status')
    .where('id', '=', disk.desktop_id)
    .executeTakeFirstOrThrow();
  const layers = await layersOf(queries, diskId);
  const pending = await queries
    .selectFrom('snapshots')
    .select('layer_id')
    .where('disk_id', '=', diskId)
    .where('status', '=', 'PROGRESSING')
    .where('layer_id', 'is not', null)
    .execute();
  const imageIds = [...new Set(layers.flatMap((layer) => layer.image_id ?? []))];
  const images =
    imageIds.length === 0
      ? []
      : await queries.selectFrom('images').select(['id', 'root']).where('id', 'in', imageIds).execute();
  const frozen = new Set(layers.filter((layer) => layer.state === 'frozen').map((layer) => layer.id));
  return {
    disk,
    desktopStatus: desktop.status,
    layers,
    wanted: new Set(pending.map((row) => row.layer_id!).filter((id) => frozen.has(id))),
    imageRoots: new Map(
      images.flatMap((image) => (image.root === null ? [] : [[image.id, image.root] as const])),
    ),
  };
}
