/**
 * Layers' files and the catalogue, in step.
 *
 * Invariant: a file's name is in `garbage` before the file is made and after its row is gone, so that a service that
 * dies in between finds every file of its own by name: at the next start what is in `garbage` is unlinked.
 */
import type { Trx } from '../catalogue/catalogue.ts';
import type { LayerTable } from '../catalogue/schema.ts';
import { type DiskRow, loadStack } from '../catalogue/stacks.ts';
import { faults } from '../faults.ts';
import { newId } from '../ids.ts';
import type { SnapshotContext } from './context.ts';

/** A name for a layer to be made. */
export async function allocateLayer(ctx: SnapshotContext, diskId: string): Promise<string> {
  const layerId = newId.layer();
  // In transactions, also single statements share their commit with others.
  await ctx.catalogue.transaction((trx) =>
    trx.insertInto('garbage').values({ disk_id: diskId, layer_id: layerId }).execute(),
  );
  await faults.hit('layers.named');
  return layerId;
}

/** The made layer takes its place in the catalogue. */
export async function adoptLayer(
  trx: Trx,
  layer: Pick<LayerTable, 'id' | 'disk_id' | 'parent_id' | 'image_id' | 'state' | 'root' | 'created_at'>,
): Promise<void> {
  await trx
    .deleteFrom('garbage')
    .where('disk_id', '=', layer.disk_id)
    .where('layer_id', '=', layer.id)
    .execute();
  await trx
    .insertInto('layers')
    .values({ ...layer, frozen_at: layer.state === 'frozen' ? layer.created_at : null })
    .execute();
}

/** Takes layers out of the catalogue, topmost first; their files wait for `sweep`. */
export async function discardLayers(trx: Trx, diskId: string, layerIds: readonly string[]): Promise<void> {
  for (const id of layerIds) {
    await trx.updateTable('snapshots').set({ layer_id: null }).where('layer_id', '=', id).execute();
    await trx.deleteFrom('layers').where('id', '=', id).execute();
    await trx.insertInto('garbage').values({ disk_id: diskId, layer_id: id }).execute();
  }
}

/** Unlinks layers that are out of the catalogue. */
export async function sweep(
  ctx: SnapshotContext,
  diskId: string,
  layerIds: readonly string[],
): Promise<void> {
  if (layerIds.length === 0) return;
  await ctx.pool.release(diskId, layerIds);
  await faults.hit('layers.released');
  await ctx.catalogue.transaction((trx) =>
    trx
      .deleteFrom('garbage')
      .where('disk_id', '=', diskId)
      .where('layer_id', 'in', [...layerIds])
      .execute(),
  );
  await faults.hit('layers.forgotten');
}

/** Makes the empty layer that the next freeze will put on top. The caller holds the disk's lock. */
export async function prepareLayer(ctx: SnapshotContext, disk: DiskRow): Promise<string> {
  const stack = await loadStack(ctx.catalogue.db, disk);
  const layerId = await allocateLayer(ctx, disk.id);
  try {
    await ctx.pool.prepare(stack, layerId);
    await faults.hit('prepare.made');
    await ctx.catalogue.transaction(async (trx) => {
      await adoptLayer(trx, {
        id: layerId,
        disk_id: disk.id,
        parent_id: disk.active_layer,
        image_id: null,
        state: 'prepared',
        root: null,
        created_at: ctx.clock(),
      });
      await trx.updateTable('disks').set({ prepared_layer: layerId }).where('id', '=', disk.id).execute();
    });
  } catch (error) {
    await sweep(ctx, disk.id, [layerId]);
    throw error;
  }
  await faults.hit('prepare.adopted');
  return layerId;
}
