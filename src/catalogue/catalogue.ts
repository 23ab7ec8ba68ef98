/**
 * The door to the catalogue: one object that every part is given, and its transactions.
 *
 * Invariants: whatever belongs together is written in one `transaction`; inside one, only its own `trx` is used (the
 * outer `db` does not see it, and would wait for ever to write) and nothing but its own statements is waited for (see
 * group-commit.ts). A failing database fails the operations at work with Catalogue.Unavailable.
 */
import { sql, type Transaction } from 'kysely';
import { EcdError } from '../errors.ts';
import type { Schema } from './schema.ts';
import { type Db, openSqlite } from './sqlite.ts';

/** A database handle for queries: the catalogue itself or a transaction of it. */
export type Queries = Db | Transaction<Schema>;
export type Trx = Transaction<Schema>;

export class Catalogue {
  readonly db: Db;

  private constructor(db: Db) {
    this.db = db;
  }

  static open(file: string): Catalogue {
    return new Catalogue(openSqlite(file));
  }

  /** Runs `work` in one durable transaction. An EcdError thrown inside rolls back and passes through. */
  async transaction<T>(work: (trx: Trx) => Promise<T>): Promise<T> {
    try {
      return await this.db.transaction().execute(work);
    } catch (error) {
      throw error instanceof EcdError
        ? error
        : new EcdError('Catalogue.Unavailable', { reason: 'a transaction failed' }, error);
    }
  }

  /** Folds the write-ahead log into the file and closes it. */
  async close(): Promise<void> {
    await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(this.db).catch(() => {});
    await this.db.destroy();
  }
}
