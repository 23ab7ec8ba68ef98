/**
 * The lock of a vault's one writer: files `<path>.<n>`.
 *
 * Invariants: a lock file appears whole, by `link`; a dead one is taken over by making the next number, which one of many
 * can; who has made one looks once more and withdraws if another living one is there: of two, the later sees the earlier.
 * Dead is certain: same host and no such process, or another one under its number, or the host has started anew since.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { EcdError } from '../errors.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** The host's boot, and the process's start after it: both as Linux says them, or ''. */
  readonly boot: string;
  readonly started: string;
}

interface Found {
  readonly number: number;
  readonly file: string;
  /** Null: dead or unreadable. */
  readonly living: Holder | null;
}

/** Takes the lock at `path`; answers what gives it back. Throws `Vault.Locked` when a living process holds it. */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    boot: await bootId(),
    started: await startedAt(process.pid),
  };
  for (let attempt = 0; attempt < 5; attempt++) {
    const found = await lockFiles(path);
    refuse(path, found);
    const file = `${path}.${Math.max(0, ...found.map(({ number }) => number)) + 1}`;
    if (!(await tryCreate(file, JSON.stringify(mine)))) continue;
    const others = (await lockFiles(path)).filter((other) => other.file !== file);
    try {
      refuse(path, others);
      for (const dead of others) await rm(dead.file, { force: true });
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
    return () => rm(file, { force: true });
  }
  throw locked(path, `${path}.*`, null);
}

function refuse(path: string, found: readonly Found[]): void {
  const held = found.find(({ living }) => living !== null);
  if (held !== undefined) throw locked(path, held.file, held.living);
}

function locked(path: string, file: string, holder: Holder | null): EcdError {
  const { pid, host } = holder ?? { pid: 'unknown', host: 'unknown' };
  return new EcdError('Vault.Locked', { path: dirname(path), pid, host, file });
}

async function lockFiles(path: string): Promise<Found[]> {
  const prefix = `${basename(path)}.`;
  const found: Found[] = [];
  for (const name of await readdir(dirname(path))) {
    const number = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (!Number.isSafeInteger(number)) continue;
    const file = `${path}.${number}`;
    const holder = await holderOf(file);
    found.push({ number, file, living: holder !== null && (await alive(holder)) ? holder : null });
  }
  return found;
}

/** Makes the file with its content in one step, so that nobody reads half a lock. */
async function tryCreate(file: string, content: string): Promise<boolean> {
  const own = `${file}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    const handle = await open(own, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function holderOf(file: string): Promise<Holder | null> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8')) as Holder;
    return Number.isInteger(holder.pid) && holder.pid > 0 ? holder : null;
  } catch {
    return null;
  }
}

async function alive(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return true;
  if (holder.boot !== (await bootId())) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return holder.started === (await startedAt(holder.pid));
}

async function bootId(): Promise<string> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
}

/** Field 22 of /proc/PID/stat: the start in clock ticks since boot. */
async function startedAt(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/stat`, 'utf8').then(
    (text) => text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '',
    () => '',
  );
}
