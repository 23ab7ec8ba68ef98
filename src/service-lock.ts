/**
 * One service for each data directory.
 *
 * Invariants: the lock is SQLite's exclusive lock on a file of its own: the kernel drops it with the process, however
 * that ends, so no stale lock is ever to be judged; the process id beside it is for messages only. Looking whether it
 * is held takes a shared lock for an instant, which a service that starts waits out.
 */
import { closeSync, constants, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { EcdError } from './errors.ts';

const WAIT_MS = 500;
/** Locks of this process. A database nobody refers to is closed by the garbage collector, and its lock gone. */
const held = new Set<DatabaseSync>();

export interface ServiceLock {
  /** Gives it back; harmless when called again. */
  release(): void;
}

/** Takes the lock at `file` or throws Service.Locked; `path` is the directory that the message names. */
export function takeLock(file: string, path: string): ServiceLock {
  const database = open(file, WAIT_MS);
  try {
    // No journal file: nothing is ever written.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw error;
    throw new EcdError('Service.Locked', { path, pid: readPid(file) ?? 'unknown' });
  }
  writeFileSync(pidFile(file), `${process.pid}\n`, { mode: 0o600 });
  held.add(database);
  return {
    release: () => {
      if (!held.delete(database)) return;
      rmSync(pidFile(file), { force: true });
      database.close();
    },
  };
}

/** True while some process (this one too) holds the lock at `file`. */
export function isLocked(file: string): boolean {
  const database = open(file, 0);
  try {
    database.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    database.close();
  }
}

function open(file: string, waitMs: number): DatabaseSync {
  closeSync(openSync(file, constants.O_CREAT | constants.O_RDWR, 0o600));
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA busy_timeout = ${waitMs}`);
  return database;
}

function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return (error as { errcode?: number }).errcode === SQLITE_BUSY;
}

function pidFile(file: string): string {
  return `${file}.pid`;
}

function readPid(file: string): number | null {
  try {
    return Number.parseInt(readFileSync(pidFile(file), 'utf8'), 10) || null;
  } catch {
    return null;
  }
}
