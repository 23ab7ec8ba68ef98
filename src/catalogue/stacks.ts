/** Reading a disk's layers out of the catalogue. */
import type { Selectable } from 'kysely';
import { EcdError } from '../errors.ts';
import type { Queries } from './catalogue.ts';
import type { DiskTable, DiskType, LayerTable } from './schema.ts';

/** A stack as `disks/` wants it (structurally its `Stack`). */
export interface StackRows {
  readonly diskId: string;
  readonly sizeBytes: number;
  readonly imageId: string | null;
  readonly layers: readonly string[];
}

export type DiskRow = Selectable<DiskTable>;
export type LayerRow = Selectable<LayerTable>;

export async function diskOf(
  queries: Queries,
  desktopId: string,
  type: DiskType,
): Promise<DiskRow | undefined> {
  return queries
    .selectFrom('disks')
    .selectAll()
    .where('desktop_id', '=', desktopId)
    .where('type', '=', type)
    .executeTakeFirst();
}

export async function disksOf(queries: Queries, desktopId: string): Promise<DiskRow[]> {
  return queries
    .selectFrom('disks')
    .selectAll()
    .where('desktop_id', '=', desktopId)
    .orderBy('type', 'desc')
    .execute();
}

export async function diskById(queries: Queries, diskId: string): Promise<DiskRow | undefined> {
  return queries.selectFrom('disks').selectAll().where('id', '=', diskId).executeTakeFirst();
}

export async function layersOf(queries: Queries, diskId: string): Promise<LayerRow[]> {
  return queries.selectFrom('layers').selectAll().where('disk_id', '=', diskId).execute();
}

/** The layers from `top` down to the bottom. Throws InternalError when the catalogue names a layer that is not in it. */
export function* downFrom(layers: readonly LayerRow[], top: string): Generator<LayerRow, void> {
  const byId = index(layers);
  let steps = 0;
  for (let id: string | null = top; id !== null; ) {
    const layer = byId.get(id);
    if (layer === undefined || steps++ > byId.size) {
      throw new EcdError('InternalError', {}, new Error(`layer ${id} is not in the catalogue`));
    }
    yield layer;
    id = layer.parent_id;
  }
}

/** The layers from the bottom to `top`. Throws like `downFrom`. */
export function chain(layers: readonly LayerRow[], top: string): LayerRow[] {
  return [...downFrom(layers, top)].reverse();
}

/** The layers by id; kept, for a list that was read once is walked many times. Nobody changes such a list. */
function index(layers: readonly LayerRow[]): ReadonlyMap<string, LayerRow> {
  const kept = INDEXES.get(layers);
  if (kept !== undefined) return kept;
  const made = new Map(layers.map((layer) => [layer.id, layer]));
  INDEXES.set(layers, made);
  return made;
}

const INDEXES = new WeakMap<readonly LayerRow[], ReadonlyMap<string, LayerRow>>();

/** The stack of a disk up to `top` (its active layer if none is named). */
export async function loadStack(
  queries: Queries,
  disk: DiskRow,
  top: string = disk.active_layer,
): Promise<StackRows> {
  return stackOf(disk, chain(await layersOf(queries, disk.id), top));
}

export function stackOf(disk: DiskRow, layers: readonly LayerRow[]): StackRows {
  return {
    diskId: disk.id,
    sizeBytes: disk.size_bytes,
    imageId: layers[0]?.image_id ?? null,
    layers: layers.map((layer) => layer.id),
  };
}
