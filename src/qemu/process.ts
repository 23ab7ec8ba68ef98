/**
 * Programs that outlive the service: QEMU and its storage daemon.
 *
 * Invariants: such a program has a session of its own and its output in a file; a process is named by its pid and its
 * start time, and a pid alone is never trusted; its pid file is written before its first instruction, by the process
 * itself, so that no crash of the service leaves one without; a pid file of an earlier boot names nobody.
 */
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { EcdError } from '../errors.ts';
import { sleep } from './wait.ts';

/** A process: its pid and its start time in clock ticks since boot (field 22 of /proc/PID/stat). */
export interface ProcessRef {
  readonly pid: number;
  readonly startTime: string;
}

export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface DetachedSpec {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Gets standard output and errors, appended; made with mode 0600. */
  readonly logFile: string;
  readonly pidFile: string;
  /** Whom to run as, without other groups; only for a service that is root. */
  readonly user?: User | undefined;
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** The shell becomes the program (`exec`): same pid, same start time. */
const LAUNCHER = `umask 077; { read -r stat < "/proc/$$/stat" && read -r boot < ${BOOT_ID} && printf '%s\\n%s\\n' "$stat" "$boot" >&3; } || exit 126; exec 3>&-; exec "$@"`;

/** Starts a program; it is running or has ended with a word in its log when this answers. */
export async function spawnDetached(spec: DetachedSpec): Promise<ProcessRef> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
  const failed = (reason: string, cause?: unknown): EcdError =>
    new EcdError('Qemu.StartFailed', { program: basename(spec.program), reason }, cause);
  const opened: number[] = [];
  try {
    opened.push(openSync(spec.logFile, flags | constants.O_APPEND, 0o600));
    opened.push(openSync(spec.pidFile, flags | constants.O_TRUNC, 0o600));
    const [log, pid] = opened;
    const child = spawn('/bin/sh', ['-c', LAUNCHER, 'sh', spec.program, ...spec.args], {
      cwd: spec.cwd,
      detached: true,
      stdio: ['ignore', log!, log!, pid!],
      ...(spec.user ? { uid: spec.user.uid, gid: spec.user.gid } : {}),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    const startTime = readStat(child.pid!)?.startTime;
    // Already ended and reaped: a start time that no process has.
    return { pid: child.pid!, startTime: startTime ?? '0' };
  } catch (error) {
    throw failed((error as Error).message, error);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

interface Stat {
  readonly pid: number;
  /** The program's name, cut to 15 bytes. */
  readonly name: string;
  readonly state: string;
  readonly threads: number;
  readonly startTime: string;
}

/** True while the process runs; a zombie does not. */
export function isAlive(ref: ProcessRef): boolean {
  const stat = readStat(ref.pid);
  return stat !== null && stat.startTime === ref.startTime && !isZombie(stat);
}

/**
 * True when nothing of the process is left. One whose first thread is a zombie may have others that are still ending, and
 * it holds its files and their locks until the last of them is gone.
 */
export function isGone(ref: ProcessRef): boolean {
  const stat = readStat(ref.pid);
  return stat === null || stat.startTime !== ref.startTime || (isZombie(stat) && stat.threads <= 1);
}

const isZombie = ({ state }: Stat): boolean => state === 'Z' || state === 'X';

/** True when the living process is this program (or is about to become it). */
export function runsProgram(ref: ProcessRef, program: string): boolean {
  const stat = readStat(ref.pid);
  const name = basename(program).slice(0, 15);
  return stat !== null && stat.startTime === ref.startTime && (stat.name === name || stat.name === 'sh');
}

/** Sends a signal; false when the process is no more. */
export function kill(ref: ProcessRef, signal: NodeJS.Signals): boolean {
  if (!isAlive(ref)) return false;
  try {
    return process.kill(ref.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw new EcdError(
      'Qemu.CommandFailed',
      { command: signal, reason: (error as Error).message, class: 'kill' },
      error,
    );
  }
}

/** True when the process has ended within the time: nothing of it is left. */
export async function waitExit(ref: ProcessRef, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (let pause = 2; !isGone(ref); pause = Math.min(pause * 2, 50)) {
    if (Date.now() >= deadline) return false;
    await sleep(pause);
  }
  return true;
}

/** Ends a process: politely, then by force. True when it is gone. */
export async function terminate(ref: ProcessRef, politeMs: number): Promise<boolean> {
  if (kill(ref, 'SIGTERM') && !(await waitExit(ref, politeMs))) kill(ref, 'SIGKILL');
  return await waitExit(ref, 5_000);
}

/** The process a pid file names, alive or not; null when there is no such file, or it is of an earlier boot. */
export function readPidFile(path: string): ProcessRef | null {
  const [line, boot] = (readSmall(path) ?? '').split('\n');
  const stat = parseStat(line ?? '');
  if (stat === null || boot !== readSmall(BOOT_ID)?.trim()) return null;
  return { pid: stat.pid, startTime: stat.startTime };
}

function readStat(pid: number): Stat | null {
  return parseStat(readSmall(`/proc/${pid}/stat`) ?? '');
}

/** The name stands in parentheses and may hold any byte, so fields are counted from the last one. */
function parseStat(line: string): Stat | null {
  const open = line.indexOf(' (');
  const close = line.lastIndexOf(') ');
  const pid = Number(line.slice(0, Math.max(open, 0)));
  if (open < 0 || close < open || !Number.isSafeInteger(pid) || pid <= 1) return null;
  const fields = line.slice(close + 2).split(' ');
  const [state, threads, startTime] = [fields[0], fields[17], fields[19]];
  if (state === undefined || threads === undefined || startTime === undefined) return null;
  return { pid, name: line.slice(open + 2, close), state, threads: Number(threads), startTime };
}

function readSmall(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
