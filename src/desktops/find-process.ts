/**
 * Which process is a desktop's QEMU.
 *
 * Invariants: the catalogue's word goes first; the pid file is for a QEMU whose start was cut short, and QEMU's user can
 * replace it, so a process it names counts only if it is QEMU and was started for this desktop.
 */
import { readFile } from 'node:fs/promises';
import { isAlive, type ProcessRef, readPidFile, runsProgram } from '../qemu/process.ts';
import type { DesktopRow } from './rows.ts';
import type { RunFolder } from './run-folder.ts';

const PROGRAM = 'qemu-system-x86_64';

/** The living process, or null. */
export async function processOf(row: DesktopRow, folder: RunFolder): Promise<ProcessRef | null> {
  if (row.qemu_pid !== null && row.qemu_start_time !== null) {
    const known = { pid: row.qemu_pid, startTime: row.qemu_start_time };
    if (isAlive(known)) return known;
  }
  const filed = readPidFile(folder.pid);
  if (filed === null || !isAlive(filed) || !runsProgram(filed, PROGRAM)) return null;
  const line = await readFile(`/proc/${filed.pid}/cmdline`, 'utf8').catch(() => '');
  return line.split('\0').includes(`guest=${row.id}`) ? filed : null;
}
