/**
 * Getting an imported image into the vault: by the running service, which looks for new images, or else here.
 *
 * Invariants: the vault and the disks are touched only while this process holds the service lock; when it is interrupted
 * the image is taken back, unless the running service has it in hand.
 */
import { resolve } from 'node:path';
import pino from 'pino';
import { SharedMutex, sleep } from '../async.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { DataDir } from '../data-dir.ts';
import { Qcow2Pool } from '../disks/qcow2/pool.ts';
import { describeError, EcdError } from '../errors.ts';
import { systemClock } from '../ids.ts';
import type { ServiceLock } from '../service-lock.ts';
import type { Settings } from '../settings.ts';
import { archiveImage } from '../snapshots/image-archive.ts';
import { ScanPool } from '../snapshots/scan.ts';
import { qemuUser } from '../system-user.ts';
import { openVault } from '../vault-of.ts';
import type { Context } from './command.ts';
import { dropImage } from './image-import.ts';
import { withProgress } from './progress.ts';

export interface StoreOptions {
  readonly settings: Settings;
  /** The vault if this command has to write it; undefined: the one the service used last. */
  readonly vaultDir: string | undefined;
}

const POLL_MS = 300;

/** Waits until the image is Available. Throws Image.ImportFailed, or Cancelled. */
export async function storeImage(
  dir: DataDir,
  catalogue: Catalogue,
  id: string,
  options: StoreOptions,
  { stderr, signal }: Context,
): Promise<void> {
  await withProgress('storing in the vault', { out: stderr, unit: 'percent' }, async (update) => {
    for (;;) {
      const row = await imageRow(catalogue, id);
      if (row?.status === 'Available') return;
      if (row?.status !== 'Creating') {
        await dropImage(dir, catalogue, id);
        throw failed(id, 'the service could not store it in the vault', 'Look in the log of the service.');
      }
      update(row.progress, 100);
      const lock = tryLock(dir);
      if (lock !== null) await storeHere(dir, catalogue, id, options, signal, lock, update);
      else
        await sleep(POLL_MS, signal).catch((error: unknown) => {
          stderr.write(`The running service goes on storing ${id}.\n`);
          throw error;
        });
    }
  });
}

async function storeHere(
  dir: DataDir,
  catalogue: Catalogue,
  id: string,
  options: StoreOptions,
  signal: AbortSignal,
  lock: ServiceLock,
  update: (done: number, total: number) => void,
): Promise<void> {
  const timer = setInterval(() => {
    // A display that misses one look is no failure.
    imageRow(catalogue, id).then(
      (row) => update(row?.progress ?? 0, 100),
      () => {},
    );
  }, POLL_MS);
  try {
    await archiveWithParts(dir, catalogue, id, options, signal);
  } catch (error) {
    await dropImage(dir, catalogue, id);
    if (signal.aborted || EcdError.is(error, 'Cancelled')) throw error;
    throw failed(id, describeError(error), 'Remove the cause and import it again.', error);
  } finally {
    clearInterval(timer);
    lock.release();
  }
}

/** The parts of a service that an archive needs, for its time. */
async function archiveWithParts(
  dir: DataDir,
  catalogue: Catalogue,
  imageId: string,
  { settings, vaultDir }: StoreOptions,
  signal: AbortSignal,
): Promise<void> {
  const log = pino({ level: 'silent' });
  const path = resolve(vaultDir ?? dir.vault);
  const owner = qemuUser(settings.qemuUser);
  if (owner !== undefined) dir.checkPassable(owner, settings.qemuUser);
  const vault = await openVault({ catalogue, vaultDir: path, indexFile: dir.vaultIndex });
  const pool = new Qcow2Pool({
    disksDir: dir.disks,
    imagesDir: dir.images,
    runDir: dir.daemons,
    owner,
    log,
  });
  const scan = new ScanPool({ threads: settings.snapshots.scanThreads, chunkSize: vault.chunkSize });
  try {
    dir.vault = path;
    const recordLock = new SharedMutex();
    await archiveImage(
      { catalogue, vault, pool, scan, log, clock: systemClock, recordLock, signal },
      imageId,
    );
  } finally {
    await scan.close();
    await pool.close();
    await vault.close();
  }
}

function tryLock(dir: DataDir): ServiceLock | null {
  try {
    return dir.isServed() ? null : dir.lockService();
  } catch (error) {
    if (EcdError.is(error, 'Service.Locked')) return null;
    throw error;
  }
}

async function imageRow(catalogue: Catalogue, id: string) {
  return await catalogue.db
    .selectFrom('images')
    .select(['status', 'progress'])
    .where('id', '=', id)
    .executeTakeFirst();
}

function failed(file: string, reason: string, remedy: string, cause?: unknown): EcdError {
  return new EcdError('Image.ImportFailed', { file, reason, remedy }, cause);
}
