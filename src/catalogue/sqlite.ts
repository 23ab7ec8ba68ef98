/**
 * SQLite under kysely, by Node's own `node:sqlite`.
 *
 * Invariants: WAL with `synchronous=FULL`: a committed transaction survives a power cut; foreign keys are on. Who may
 * write when, and what is committed together, is the driver's (group-commit.ts).
 */
import { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { EcdError } from '../errors.ts';
import { GroupCommitDriver } from './group-commit.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Schema } from './schema.ts';
import { Statements } from './statements.ts';

export type Db = Kysely<Schema>;

/** Of pages, in KiB, for each of the two connections. */
const CACHE_KIB = 16_384;

/** The driver has the order of connections; kysely's own lock would let nobody join a commit. */
class Adapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

/**
 * Opens (and creates, and migrates) the catalogue file. The file is readable by its owner only; what is deleted is
 * overwritten in it, for it may be a password of a guest.
 */
export function openSqlite(file: string): Db {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file);
    database.exec(`PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA wal_autocheckpoint = 4000;
      PRAGMA secure_delete = ON;`);
  } catch (error) {
    throw new EcdError('Catalogue.Unavailable', { reason: `cannot open ${file}` }, error);
  }
  const writer = new Statements(database);
  let reader: Statements;
  try {
    migrate(database);
    reader = openReader(file) ?? writer;
  } catch (error) {
    database.close();
    throw error instanceof EcdError
      ? error
      : new EcdError('Catalogue.Unavailable', { reason: 'the migration failed' }, error);
  }
  return new Kysely<Schema>({
    dialect: {
      createDriver: () => new GroupCommitDriver(writer, reader),
      createAdapter: () => new Adapter(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

/** A second connection that only reads; none for a database in memory, which is its connection's own. */
function openReader(file: string): Statements | undefined {
  if (file === ':memory:') return undefined;
  const database = new DatabaseSync(file, { readOnly: true });
  database.exec(`PRAGMA busy_timeout = 10000; PRAGMA cache_size = -${CACHE_KIB};`);
  return new Statements(database);
}

function migrate(database: DatabaseSync): void {
  const version = () =>
    (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
  if (version() > MIGRATIONS.length) {
    throw new EcdError('Catalogue.FormatUnknown', { found: version(), known: MIGRATIONS.length });
  }
  if (version() === MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    for (let at = version(); at < MIGRATIONS.length; at++) {
      for (const statement of MIGRATIONS[at]!) database.exec(statement);
      database.exec(`PRAGMA user_version = ${at + 1}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
