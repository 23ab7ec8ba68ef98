/**
 * SQLite under kysely, by Node's own `node:sqlite`.
 *
 * Invariants: WAL with `synchronous=FULL`: a committed transaction survives a power cut; every kysely transaction is
 * `BEGIN IMMEDIATE`, so that it cannot fail half-way for a lock another process took; foreign keys are on.
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type SqliteStatement,
} from 'kysely';
import { EcdError } from '../errors.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Schema } from './schema.ts';

export type Db = Kysely<Schema>;

const STATEMENT_CACHE = 500;

/** Opens (and creates, and migrates) the catalogue file. The file is readable by its owner only. */
export function openSqlite(file: string): Db {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file);
    database.exec(`PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000;`);
  } catch (error) {
    throw new EcdError('Catalogue.Unavailable', { reason: `cannot open ${file}` }, error);
  }
  try {
    migrate(database);
  } catch (error) {
    database.close();
    throw error instanceof EcdError
      ? error
      : new EcdError('Catalogue.Unavailable', { reason: 'the migration failed' }, error);
  }
  return new Kysely<Schema>({
    dialect: {
      createDriver: () => new ImmediateDriver(adapt(database)),
      createAdapter: () => new SqliteAdapter(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
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

class ImmediateDriver extends SqliteDriver implements Driver {
  constructor(database: SqliteDatabase) {
    super({ database });
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** The part of better-sqlite3's interface that kysely's driver speaks, over node:sqlite, with prepared statements kept. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const cache = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      const kept = cache.get(sql);
      if (kept !== undefined) return kept;
      if (cache.size >= STATEMENT_CACHE) cache.delete(cache.keys().next().value!);
      const statement = adaptStatement(database.prepare(sql));
      cache.set(sql, statement);
      return statement;
    },
  };
}

/** Rows as plain objects: those that node:sqlite makes itself are dictionaries, a third slower to make and to read. */
function adaptStatement(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  const names = statement.columns().map((column) => column.name);
  statement.setReturnArrays(true);
  const row = (cells: unknown): Record<string, unknown> => {
    const made: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) made[names[i]!] = (cells as unknown[])[i];
    return made;
  };
  return {
    reader: names.length > 0,
    all: (parameters) => statement.all(...values(parameters)).map(row),
    run: (parameters) => statement.run(...values(parameters)),
    *iterate(parameters) {
      for (const cells of statement.iterate(...values(parameters))) yield row(cells);
    },
  };
}
