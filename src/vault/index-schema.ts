/**
 * Opens the SQLite file of an index.
 *
 * Invariants: the file is a cache: one that is broken, of another version or of another vault is thrown away and made
 * anew; one file serves one process: a reader given the writer's file works on a private copy of it.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EcdError } from '../errors.ts';

const VERSION = 1;

const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE packs (
    id INTEGER PRIMARY KEY, hex TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, stored INTEGER NOT NULL,
    liveChunks INTEGER NOT NULL, livePages INTEGER NOT NULL, liveStored INTEGER NOT NULL, liveRaw INTEGER NOT NULL,
    shadowed INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE objects (
    name BLOB PRIMARY KEY, pack INTEGER NOT NULL, offset INTEGER NOT NULL, stored INTEGER NOT NULL,
    raw INTEGER NOT NULL, kind INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE dead (name BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
`;

/** An open index file. `file` is removed at close when `temporary`. */
export interface IndexFile {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly temporary: boolean;
}

/** Opens or makes the index of a vault. Throws `Vault.Unavailable` when the file cannot be made at all. */
export function openIndexFile(file: string, vaultId: string, readonly: boolean): IndexFile {
  const role = readonly ? 'reader' : 'writer';
  try {
    const found = existsSync(file) ? describe(file) : null;
    if (found?.vault === vaultId && found.role === 'writer' && readonly) {
      const copy = join(tmpdir(), `openecd-index-${randomBytes(8).toString('hex')}.sqlite`);
      copyIndex(file, copy);
      return { db: prepare(copy), file: copy, temporary: true };
    }
    if (found && found.vault !== vaultId && readonly) {
      const own = join(tmpdir(), `openecd-index-${randomBytes(8).toString('hex')}.sqlite`);
      return { db: create(own, vaultId, role), file: own, temporary: true };
    }
    if (found?.vault === vaultId && found.role === role) return { db: prepare(file), file, temporary: false };
    removeIndexFile(file);
    return { db: create(file, vaultId, role), file, temporary: false };
  } catch (error) {
    throw new EcdError('Vault.Unavailable', { reason: `index ${file}` }, error);
  }
}

export function removeIndexFile(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
}

function create(file: string, vaultId: string, role: string): DatabaseSync {
  const db = prepare(file);
  db.exec(SCHEMA);
  const put = db.prepare('INSERT INTO meta VALUES (?, ?)');
  put.run('version', String(VERSION));
  put.run('vault', vaultId);
  put.run('role', role);
  return db;
}

function prepare(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 5000 });
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384; PRAGMA temp_store = FILE',
  );
  return db;
}

/** Which vault an index file belongs to; null when it is not a sound index of this version. */
function describe(file: string): { vault: string; role: string } | null {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(file, { timeout: 5000 });
    const meta = Object.fromEntries(
      db
        .prepare('SELECT key, value FROM meta')
        .all()
        .map((row) => [row['key'] as string, row['value'] as string]),
    );
    // Touches the root of every table: a file cut off in the middle shows here, not in the middle of an archive.
    for (const table of ['packs', 'objects', 'dead']) db.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
    if (meta['version'] !== String(VERSION) || !meta['vault'] || !meta['role']) return null;
    return { vault: meta['vault'], role: meta['role'] };
  } catch {
    return null;
  } finally {
    db?.close();
  }
}

function copyIndex(from: string, to: string): void {
  const db = new DatabaseSync(from, { readOnly: true, timeout: 5000 });
  try {
    db.prepare('VACUUM INTO ?').run(to);
  } finally {
    db.close();
  }
}
