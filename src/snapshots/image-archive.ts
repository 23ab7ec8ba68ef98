/**
 * Storing a golden image in the vault, once, when it is imported: its root is the parent of every desktop made from it.
 *
 * Invariant: an image becomes Available only with its root and its record durable.
 */
import type { Logger } from 'pino';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { DiskPool } from '../disks/types.ts';
import { describeError } from '../errors.ts';
import { faults } from '../faults.ts';
import type { Clock } from '../ids.ts';
import { rootKey, type Vault } from '../vault/index.ts';
import { storeView } from './archive.ts';
import { imageRecord } from './records.ts';
import type { ScanPool } from './scan.ts';

export interface ImageArchive {
  readonly catalogue: Catalogue;
  readonly vault: Vault;
  readonly pool: DiskPool;
  readonly scan: ScanPool;
  readonly log: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Archives an image whose file is in the images' directory and whose row says Creating. Its failure is in the row. */
export async function archiveImage(deps: ImageArchive, imageId: string): Promise<void> {
  const { catalogue } = deps;
  const row = await catalogue.db
    .selectFrom('images')
    .selectAll()
    .where('id', '=', imageId)
    .executeTakeFirst();
  if (row?.status !== 'Creating') return;
  try {
    await store(deps, imageId, row.size_bytes);
    deps.log.info({ image: imageId }, 'an image is available');
  } catch (error) {
    if (deps.signal.aborted) throw error;
    deps.log.error({ image: imageId, error: describeError(error) }, 'an image could not be archived');
    await setImage(deps, imageId, { status: 'CreateFailed' });
    throw error;
  }
}

async function store(deps: ImageArchive, imageId: string, sizeBytes: number): Promise<void> {
  const stack = { diskId: imageId, sizeBytes, imageId, layers: [] };
  const view = await deps.pool.openView(stack);
  const session = await deps.vault.session();
  try {
    const root = await storeView(deps, view, session, {
      layers: 'all',
      parent: null,
      sizeBytes,
      signal: deps.signal,
      report: (done, total) =>
        setImage(deps, imageId, { progress: Math.min(99, Math.floor((100 * done) / Math.max(total, 1))) }),
    });
    await session.flush();
    await faults.hit('image.flushed');
    const row = await deps.catalogue.db
      .selectFrom('images')
      .selectAll()
      .where('id', '=', imageId)
      .executeTakeFirstOrThrow();
    await deps.vault.putRecord(imageId, imageRecord(row, rootKey(root)));
    await setImage(deps, imageId, { status: 'Available', progress: 100, root: rootKey(root) });
  } finally {
    await session.close();
    await view.close();
  }
}

async function setImage(
  deps: ImageArchive,
  imageId: string,
  values: { status?: 'Available' | 'CreateFailed'; progress?: number; root?: string },
): Promise<void> {
  await deps.catalogue.db
    .updateTable('images')
    .set({ ...values, updated_at: deps.clock() })
    .where('id', '=', imageId)
    .execute();
}
