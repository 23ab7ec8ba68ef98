/**
 * Files that commands write for the user.
 *
 * Invariant: a file appears under its name when it is whole and synced, or not at all; what was there is overwritten only
 * when asked for.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from '../data-dir.ts';
import { EcdError } from '../errors.ts';

/** Throws Cli.Refused when `file` (absolute) cannot be written, or is there and `force` is not. */
export async function checkTarget(file: string, force: boolean): Promise<void> {
  const refuse = (reason: string, remedy: string) => new EcdError('Cli.Refused', { reason, remedy });
  const found = await stat(file).catch(() => null);
  if (found !== null && !found.isFile()) throw refuse(`${file} is no file`, 'Name a file.');
  if (found !== null && !force)
    throw refuse(`${file} is there already`, 'Name another file, or use --force.');
  if (!existsSync(dirname(file))) throw refuse(`there is no directory ${dirname(file)}`, 'Make it first.');
}

/** Puts the file in place that `make` leaves in the folder it is given (0700, beside the target) and answers. */
export async function putWhole(file: string, make: (folder: string) => Promise<string>): Promise<void> {
  const work = await mkdtemp(join(dirname(file), `.${basename(file)}.`));
  try {
    const whole = await make(work);
    const handle = await open(whole, 'r+');
    await handle.sync().finally(() => handle.close());
    await rename(whole, file);
    syncDirectory(dirname(file));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
