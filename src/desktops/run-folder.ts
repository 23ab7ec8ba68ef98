/**
 * The folder of a desktop's QEMU: its sockets, its log, its pid file, its UEFI variables.
 *
 * Invariants: only QEMU's user (and root) can enter it. QEMU may be hostile there: the service follows no link in it,
 * and what it reads back from a log is bounded.
 */
import { constants } from 'node:fs';
import { chmod, chown, copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { User } from '../qemu/process.ts';

const LOG_LIMIT = 4 * 1024 * 1024;
const TAIL_BYTES = 2_000;
const TAIL_LINES = 5;

export interface RunFolder {
  readonly dir: string;
  readonly qmp: string;
  readonly agent: string;
  readonly vnc: string;
  readonly log: string;
  readonly pid: string;
  readonly vars: string;
  /** Where QEMU puts a picture of its screen. */
  readonly screen: string;
  /** What cloud-init reads; beside the folder, so that QEMU's user cannot change it. */
  readonly seed: string;
}

/** Names are short: a unix socket's path has at most 107 bytes. */
export function runFolder(dataDir: string, desktopId: string): RunFolder {
  const dir = join(dataDir, 'run', desktopId);
  return {
    dir,
    qmp: join(dir, 'qmp'),
    agent: join(dir, 'ga'),
    vnc: join(dir, 'vnc'),
    log: join(dir, 'qemu.log'),
    pid: join(dir, 'qemu.pid'),
    vars: join(dir, 'vars.fd'),
    screen: join(dir, 'screen.ppm'),
    seed: `${dir}.seed`,
  };
}

/** Makes the folder ready for a new QEMU: sockets of an earlier one are gone, the log is a fresh one. */
export async function makeRunFolder(folder: RunFolder, user: User | undefined): Promise<void> {
  await mkdir(folder.dir, { recursive: true, mode: 0o700 });
  await chmod(folder.dir, 0o700);
  if (user !== undefined) await chown(folder.dir, user.uid, user.gid);
  for (const file of [folder.qmp, folder.agent, folder.vnc, folder.pid, folder.screen])
    await rm(file, { force: true });
  await rename(folder.log, `${folder.log}.1`).catch(() => {});
}

/** Each desktop writes UEFI variables of its own; they outlive a stop. */
export async function makeVars(folder: RunFolder, template: string, user: User | undefined): Promise<void> {
  if (await stat(folder.vars).catch(() => null)) return;
  const fresh = `${folder.vars}.new`;
  await rm(fresh, { force: true });
  await copyFile(template, fresh, constants.COPYFILE_EXCL);
  await chmod(fresh, 0o600);
  if (user !== undefined) await chown(fresh, user.uid, user.gid);
  await rename(fresh, folder.vars);
}

export async function removeRunFolder(folder: RunFolder): Promise<void> {
  await rm(folder.dir, { recursive: true, force: true });
  await rm(folder.seed, { recursive: true, force: true });
}

/** The last lines of QEMU's log on one line, empty when there are none. */
export async function logTail(folder: RunFolder): Promise<string> {
  try {
    const bytes = await readTail(folder.log, TAIL_BYTES);
    return bytes
      .toString('utf8')
      .split('\n')
      .map((line) => line.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '').trim())
      .filter((line) => line !== '')
      .slice(-TAIL_LINES)
      .join(' | ');
  } catch {
    return '';
  }
}

/** Cuts a log that a guest makes QEMU fill. QEMU appends, so what it writes next lands at the new end. */
export async function boundLog(folder: RunFolder): Promise<void> {
  const file = await open(folder.log, constants.O_RDWR | constants.O_NOFOLLOW).catch(() => null);
  if (file === null) return;
  try {
    const info = await file.stat();
    if (info.isFile() && info.size > LOG_LIMIT) await file.truncate(0);
  } finally {
    await file.close();
  }
}

async function readTail(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const info = await file.stat();
    if (!info.isFile()) return Buffer.alloc(0);
    const buffer = Buffer.alloc(Math.min(bytes, info.size));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, info.size - buffer.length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
