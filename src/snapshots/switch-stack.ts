/**
 * A disk gets another stack: of layers that are there, of what is written from the vault, or of a golden image alone.
 *
 * Invariants: the old stack stays until the new one is durable, and the catalogue switches in one transaction, which ends
 * the lease; layers that waiting snapshots need stay, as a branch, until those are archived.
 */
import type { Trx } from '../catalogue/catalogue.ts';
import { chain } from '../catalogue/stacks.ts';
import type { LayerWriter, Stack } from '../disks/types.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import type { Root } from '../vault/index.ts';
import type { SnapshotContext } from './context.ts';
import { fillLayer } from './fill-layer.ts';
import { adoptLayer, allocateLayer, discardLayers, sweep } from './layers.ts';
import type { DiskState } from './state.ts';

/** Whether files can be built upon; else all comes from the vault. Throws when that cannot be told now. */
export async function isSound(ctx: SnapshotContext, below: Stack): Promise<boolean> {
  try {
    await ctx.pool.check(below);
    return true;
  } catch (error) {
    if (!EcdError.is(error, 'Disk.Damaged')) throw error;
    ctx.log.warn({ disk: below.diskId, error: describeError(error) }, 'the disk is built from the vault');
    return false;
  }
}

/** What a new layer is to hold. */
export interface Content {
  /** Content of the stack below, null when it is empty. */
  readonly source: Root | null;
  readonly target: Root;
  readonly root: string;
}

/**
 * Puts a new active layer on `below`, or on a new layer over it that holds `content`, and drops the old stack. `image`: the
 * desktop is of this one from then on.
 */
export async function switchTo(
  ctx: SnapshotContext,
  state: DiskState,
  below: Stack,
  content: Content | null,
  image: string | null = null,
): Promise<void> {
  const { disk } = state;
  const made: string[] = [];
  // Both trees stay in the vault until the catalogue names the new layer's root, whatever is deleted meanwhile.
  const session = content === null ? null : await ctx.vault.session();
  let committing = false;
  try {
    for (const root of [content?.source, content?.target]) if (root != null) session?.hold(root);
    let stack = below;
    if (content !== null) {
      const filled = await allocateLayer(ctx, disk.id);
      made.push(filled);
      await writeContent(ctx, below, filled, content);
      stack = { ...below, layers: [...below.layers, filled] };
    }
    await faults.hit('reset.written');
    const active = await allocateLayer(ctx, disk.id);
    made.push(active);
    await ctx.pool.prepare(stack, active);
    await faults.hit('reset.prepared');
    committing = true;
    const dropped = await commitSwitch(ctx, state, below, made, content, image);
    await faults.hit('reset.committed');
    // What cannot be unlinked now is garbage by name, and goes at the next start.
    await sweep(ctx, disk.id, dropped).catch((error: unknown) => {
      ctx.log.warn({ disk: disk.id, error: describeError(error) }, 'old layers could not be unlinked yet');
    });
  } catch (error) {
    // A commit that failed may be found done after a crash: its files are garbage by name until the next start tells.
    if (!committing) await sweep(ctx, disk.id, made);
    throw error;
  } finally {
    await session?.close();
  }
}

async function writeContent(
  ctx: SnapshotContext,
  below: Stack,
  layer: string,
  content: Content,
): Promise<void> {
  let writer: LayerWriter | undefined;
  try {
    writer = await ctx.pool.writeLayer(below, layer);
    await faults.hit('reset.opened', { qsd: writer.pid });
    await fillLayer(ctx.vault, writer, content.source, content.target, below.sizeBytes, ctx.signal);
    await faults.hit('reset.filled', { qsd: writer.pid });
    await writer.finish();
  } catch (error) {
    await writer?.discard();
    throw error;
  }
}

/** One transaction: the new stack is the disk's, the old active and prepared layers are garbage, the lease has ended. */
async function commitSwitch(
  ctx: SnapshotContext,
  state: DiskState,
  below: Stack,
  made: readonly string[],
  content: Content | null,
  image: string | null,
): Promise<string[]> {
  const { disk } = state;
  const now = ctx.clock();
  const active = made.at(-1)!;
  const base = { disk_id: disk.id, created_at: now };
  return ctx.catalogue.transaction(async (trx) => {
    let parent = below.layers.at(-1) ?? null;
    // Only the bottom layer stands on the golden image.
    const goldenOf = (layer: string | null) => (layer === null ? below.imageId : null);
    if (content !== null) {
      await adoptLayer(trx, {
        ...base,
        id: made[0]!,
        parent_id: parent,
        image_id: goldenOf(parent),
        state: 'frozen',
        root: content.root,
      });
      parent = made[0]!;
    }
    await adoptLayer(trx, {
      ...base,
      id: active,
      parent_id: parent,
      image_id: goldenOf(parent),
      state: 'active',
      root: null,
    });
    const settling = below.layers.includes(disk.settling_layer ?? '') ? disk.settling_layer : null;
    if (disk.settling_layer !== null && settling === null) await forgetHalfMerged(trx, state);
    const switched = await trx
      .updateTable('disks')
      .set({ active_layer: active, prepared_layer: null, settling_layer: settling, intent: null })
      .where('id', '=', disk.id)
      .where('intent', '=', disk.intent)
      .executeTakeFirst();
    if (switched.numUpdatedRows !== 1n) {
      throw new EcdError('OperationConflict', { reason: 'The disk was taken over by another process.' });
    }
    if (image !== null) {
      await trx.updateTable('desktops').set({ image_id: image }).where('id', '=', disk.desktop_id).execute();
    }
    const dropped = [...(disk.prepared_layer === null ? [] : [disk.prepared_layer]), disk.active_layer];
    await discardLayers(trx, disk.id, dropped);
    return dropped;
  });
}

/** The layers below an unfinished settle no longer hold what they held, and now nothing else in the catalogue says so. */
async function forgetHalfMerged(trx: Trx, { layers, disk }: DiskState): Promise<void> {
  const below = chain(layers, disk.settling_layer!).slice(0, -1);
  const ids = below.map((layer) => layer.id);
  await trx.updateTable('layers').set({ root: null }).where('id', 'in', ids).execute();
  await trx.updateTable('snapshots').set({ layer_id: null }).where('layer_id', 'in', ids).execute();
}
