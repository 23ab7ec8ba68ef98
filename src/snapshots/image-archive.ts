/**
 * Storing a golden image in the vault, once, when it is imported: its root is the parent of every desktop made from it.
 *
 * Invariant: an image becomes Available only with its root and its record durable.
 */
import type { Logger } from 'pino';
import type { SharedMutex } from '../async.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { imageById } from '../catalogue/images.ts';
import type { DiskPool } from '../disks/types.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import type { Clock } from '../ids.ts';
import { rootKey, type Vault } from '../vault/index.ts';
import { storeView } from './archive.ts';
import { setImage } from './image-rows.ts';
import { imageRecord } from './records.ts';
import type { ScanPool } from './scan.ts';

export interface ImageArchive {
  readonly catalogue: Catalogue;
  readonly vault: Vault;
  readonly pool: DiskPool;
  readonly scan: ScanPool;
  readonly log: Logger;
  readonly clock: Clock;
  /** Held while records are written or removed together with their rows. */
  readonly recordLock: SharedMutex;
  readonly signal: AbortSignal;
}

/** Archives an image whose file is in the images' directory and whose row says Creating. Its failure is in the row. */
export async function archiveImage(deps: ImageArchive, imageId: string): Promise<void> {
  const { catalogue } = deps;
  const row = await imageById(catalogue.db, imageId);
  if (row?.status !== 'Creating') return;
  try {
    await store(deps, imageId, row.size_bytes);
    deps.log.info({ image: imageId }, 'an image is available');
  } catch (error) {
    if (deps.signal.aborted) throw error;
    deps.log.error({ image: imageId, error: describeError(error) }, 'an image could not be archived');
    await setImage(catalogue.db, imageId, { status: 'CreateFailed', updated_at: deps.clock() });
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
        setImage(deps.catalogue.db, imageId, {
          progress: Math.min(99, Math.floor((100 * done) / Math.max(total, 1))),
          updated_at: deps.clock(),
        }),
    });
    await session.flush();
    await faults.hit('image.flushed');
    await publishImage(deps, imageId, rootKey(root));
  } finally {
    await session.close();
    await view.close();
  }
}

/** The record, then the row. Throws Cancelled when the image has been deleted. */
export async function publishImage(
  deps: Pick<ImageArchive, 'catalogue' | 'vault' | 'clock' | 'recordLock'>,
  imageId: string,
  root: string,
): Promise<void> {
  await deps.recordLock.run(async () => {
    const row = await imageById(deps.catalogue.db, imageId);
    if (row === undefined) throw new EcdError('Cancelled', { reason: 'the image was deleted' });
    await deps.vault.putRecord(imageId, imageRecord(row, root));
    await faults.hit('image.recorded');
    const done = { status: 'Available', progress: 100, root, updated_at: deps.clock() } as const;
    await setImage(deps.catalogue.db, imageId, done);
  });
  await faults.hit('image.published');
}

/** After it was renamed, say. An image that is not Available yet gets its record with that. */
export async function renewImageRecord(
  deps: Pick<ImageArchive, 'catalogue' | 'vault' | 'recordLock'>,
  imageId: string,
): Promise<void> {
  await deps.recordLock.run(async () => {
    const row = await imageById(deps.catalogue.db, imageId);
    if (row?.status === 'Available' && row.root !== null)
      await deps.vault.putRecord(imageId, imageRecord(row, row.root));
  });
}
