/**
 * Brings an image file into the data directory.
 *
 * Invariants: the file is whole, synced and under its final name before a row speaks of it (name and row in one
 * transaction, so that two imports do not mix); a failed or ended import leaves neither; the golden image can be read by
 * QEMU's user and written by nobody.
 */
import { chmodSync, chownSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { DataDir } from '../data-dir.ts';
import { syncDirectory } from '../data-dir.ts';
import { EcdError } from '../errors.ts';
import { newId, systemClock } from '../ids.ts';
import { imgConvert, imgInfo } from '../qemu/img.ts';
import { PROBE_LIMITS, probeImport } from '../qemu/import-probe.ts';
import type { User } from '../qemu/process.ts';

export interface ImportRequest {
  readonly file: string;
  readonly name: string;
  readonly description: string;
  readonly osType: 'Linux' | 'Windows';
  /** Whom QEMU runs as; undefined: as this process. */
  readonly user: User | undefined;
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly onProgress: (share: number) => void;
}

const DRAFT = /^\.m-[a-z0-9]+\.(\d+)\.draft$/;

/** Converts and registers an image (status Creating). Answers its id. Throws Image.ImportFailed or Cancelled. */
export async function importImage(
  dir: DataDir,
  catalogue: Catalogue,
  request: ImportRequest,
): Promise<string> {
  sweepDrafts(dir);
  const id = newId.image();
  const draft = join(dir.images, `.${id}.${process.pid}.draft`);
  const final = join(dir.images, `${id}.qcow2`);
  try {
    const sizeBytes = await convert(request, draft);
    if (request.user !== undefined) chownSync(draft, 0, request.user.gid);
    chmodSync(draft, request.user === undefined ? 0o400 : 0o440);
    await catalogue.transaction(async (trx) => {
      renameSync(draft, final);
      syncDirectory(dir.images);
      const now = systemClock();
      await trx
        .insertInto('images')
        .values({
          id,
          name: request.name,
          description: request.description,
          os_type: request.osType,
          platform: request.osType,
          status: 'Creating',
          progress: 0,
          size_bytes: sizeBytes,
          root: null,
          created_at: now,
          updated_at: now,
        })
        .execute();
    });
  } catch (error) {
    for (const file of [draft, final]) rmSync(file, { force: true });
    throw error;
  }
  return id;
}

async function convert({ file, signal, onProgress }: ImportRequest, target: string): Promise<number> {
  try {
    const { format } = await probeImport(file, signal);
    await imgConvert({ source: file, sourceFormat: format, target, onProgress, signal });
    return (await imgInfo(target, { format: 'qcow2', limits: PROBE_LIMITS, signal })).virtualBytes;
  } catch (error) {
    if (!EcdError.is(error) || error.code === 'Cancelled') throw error;
    const reason = String(error.details['reason'] ?? error.message).trim();
    const full = /No space left/i.test(reason);
    throw new EcdError(
      'Image.ImportFailed',
      {
        file: basename(file),
        reason: reason.replace(/^The image is refused: /, '').replace(/\.$/, ''),
        remedy: full
          ? 'Free space in the data directory.'
          : 'Any image that stands alone and that QEMU reads can be imported; qemu-img convert makes one of a chain.',
      },
      error,
    );
  }
}

/** Takes back an image that never became Available: first the row, then the file. */
export async function dropImage(dir: DataDir, catalogue: Catalogue, id: string): Promise<void> {
  const { numDeletedRows } = await catalogue.transaction(async (trx) => {
    const deleted = await trx
      .deleteFrom('images')
      .where('id', '=', id)
      .where('status', '!=', 'Available')
      .executeTakeFirst();
    // The archive may have written its record already; the service removes it by this name.
    if (deleted.numDeletedRows > 0n)
      await trx.insertInto('dropped_records').values({ record_id: id }).execute();
    return deleted;
  });
  if (numDeletedRows > 0n) rmSync(join(dir.images, `${id}.qcow2`), { force: true });
}

/** Removes what imports that were killed have left. */
function sweepDrafts(dir: DataDir): void {
  for (const name of readdirSync(dir.images)) {
    const pid = DRAFT.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(dir.images, name), { force: true });
  }
}
