/**
 * An image's golden file, written once from the image's tree.
 *
 * Invariants: an image becomes Available only with its whole file synced under its name and its record in the vault; one
 * that cannot be made is CreateFailed and keeps neither file nor content; a service that dies in between begins the file
 * again. Nothing of the vault is copied: the tree is the snapshot's.
 */
import type { LayerWriter } from '../disks/types.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { parseRoot, type Root } from '../vault/index.ts';
import type { SnapshotContext } from './context.ts';
import { fillLayer } from './fill-layer.ts';
import { publishImage } from './image-archive.ts';
import { dropImageSnapshot, type ImageRow, setImage } from './image-rows.ts';
import { dropRecords } from './remove.ts';

/** How much of the work for an image of a desktop is done, in percent, when its snapshot is stored. */
const STORED = 50;

/** Does what can be done for an image now; it may still wait for its snapshot. Throws Cancelled by the signal. */
export async function makeImage(ctx: SnapshotContext, row: ImageRow, signal: AbortSignal): Promise<void> {
  const root = row.root ?? (await takeOver(ctx, row));
  if (root === null) return;
  await writeFile(ctx, row, parseRoot(root), signal);
  await publishImage(ctx, row.id, root);
  ctx.log.info({ image: row.id }, 'an image is available');
}

/** Its file and its content go, the row tells. */
export async function failImage(ctx: SnapshotContext, imageId: string): Promise<void> {
  await ctx.pool.releaseImage(imageId);
  await ctx.catalogue.transaction(async (trx) => {
    await dropImageSnapshot(trx, imageId);
    const failed = { status: 'CreateFailed', root: null, updated_at: ctx.clock() } as const;
    await setImage(trx, imageId, failed);
  });
  await dropRecords(ctx);
}

/** The snapshot's content is the image's from now on. Null while it is not stored. Throws when it never will be. */
async function takeOver(ctx: SnapshotContext, { id, progress }: ImageRow): Promise<string | null> {
  const root = await ctx.catalogue.transaction(async (trx) => {
    const snapshot = await trx
      .selectFrom('snapshots')
      .select(['status', 'root', 'failure', 'total_bytes', 'done_bytes'])
      .where('image_id', '=', id)
      .executeTakeFirst();
    if (snapshot === undefined || snapshot.status === 'FAILED') {
      const reason = snapshot?.failure ?? 'its snapshot is gone';
      throw new EcdError('OperationDenied.SnapshotFailed', { reason });
    }
    const { root, total_bytes: total, done_bytes: done } = snapshot;
    if (snapshot.status !== 'ACCOMPLISHED' || root === null) {
      const share = total === null ? 0 : Math.floor((STORED * done) / Math.max(total, 1));
      if (share > progress) await setImage(trx, id, { progress: share, updated_at: ctx.clock() });
      return null;
    }
    await setImage(trx, id, { root, progress: STORED, updated_at: ctx.clock() });
    await dropImageSnapshot(trx, id);
    return root;
  });
  if (root !== null) {
    await faults.hit('image.taken.over');
    await dropRecords(ctx);
  }
  return root;
}

async function writeFile(
  ctx: SnapshotContext,
  { id, size_bytes: sizeBytes, made_of: madeOf }: ImageRow,
  root: Root,
  signal: AbortSignal,
): Promise<void> {
  let total = 0;
  for await (const _ of ctx.vault.leaves(root)) {
    if (signal.aborted) throw new EcdError('Cancelled', { reason: 'the service stops' });
    total++;
  }
  const report = reporter(ctx, id, total, madeOf === 'desktop' ? STORED : 0);
  let writer: LayerWriter | undefined;
  try {
    writer = await ctx.pool.writeImage(id, sizeBytes);
    await faults.hit('image.opened', { qsd: writer.pid });
    await fillLayer(ctx.vault, writer, null, root, sizeBytes, signal, report.tell);
    await report.end();
    await faults.hit('image.filled', { qsd: writer.pid });
    await writer.finish();
  } catch (error) {
    await writer?.discard();
    throw error;
  }
  await faults.hit('image.written');
}

/** Counts chunks and tells the row each new percent, one report at a time. */
function reporter(ctx: SnapshotContext, imageId: string, total: number, from: number) {
  let [count, told] = [0, from];
  let busy: Promise<void> | undefined;
  return {
    tell() {
      count++;
      const progress = Math.min(99, from + Math.floor(((100 - from) * count) / total));
      if (busy !== undefined || progress === told) return;
      told = progress;
      // Progress that cannot be written is no reason to stop.
      busy = setImage(ctx.catalogue.db, imageId, { progress, updated_at: ctx.clock() })
        .catch(() => {})
        .finally(() => {
          busy = undefined;
        });
    },
    end: async () => busy,
  };
}
