/**
 * The seed of a guest with cloud-init (NoCloud): who it is, and the cloud-config of its bundle.
 *
 * Invariants: the folder is root's and QEMU's user only reads it; the guest gets it as a disk that it cannot write; the
 * instance is the desktop's id, so that a guest sets itself up once, and anew when its disk is a new one.
 */
import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlockdevNode } from '../qemu/blockdev.ts';
import type { User } from '../qemu/process.ts';
import type { DesktopRow } from './rows.ts';
import type { RunFolder } from './run-folder.ts';

/** What a guest can be called. */
export const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** The files of the seed by name. A name that is none for a host (it may be any text) gives way to the id. */
export function seedFiles(
  row: Pick<DesktopRow, 'id' | 'hostname'>,
  cloudConfig: string,
): Record<string, string> {
  const host = HOST_NAME.test(row.hostname) ? row.hostname : row.id;
  return {
    // JSON is YAML: nothing of a name becomes syntax.
    'meta-data': `${JSON.stringify({ 'instance-id': row.id, 'local-hostname': host })}\n`,
    'user-data': `#cloud-config\n${cloudConfig}\n`,
  };
}

/** Writes the seed afresh and gives the disk that shows it; undefined for a desktop that has none. */
export async function makeSeed(
  row: DesktopRow,
  folder: RunFolder,
  user: User | undefined,
): Promise<BlockdevNode | undefined> {
  if (row.cloud_init === null) return undefined;
  await rm(folder.seed, { recursive: true, force: true });
  await mkdir(folder.seed, { mode: 0o700 });
  for (const [name, text] of Object.entries(seedFiles(row, row.cloud_init))) {
    const file = join(folder.seed, name);
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    if (user !== undefined) await letRead(file, user, 0o640);
  }
  if (user !== undefined) await letRead(folder.seed, user, 0o750);
  return {
    // QEMU makes the FAT file system; cloud-init looks for its label.
    driver: 'vvfat',
    'node-name': 'seed',
    dir: folder.seed,
    label: 'cidata',
    floppy: true,
    rw: false,
    'read-only': true,
  };
}

/** It stays the service's own: the user's group is let in. */
async function letRead(path: string, user: User, mode: number): Promise<void> {
  await chown(path, process.getuid!(), user.gid);
  await chmod(path, mode);
}
