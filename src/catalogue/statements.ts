/**
 * Runs the texts of queries on one SQLite connection, with its prepared statements kept.
 *
 * Invariants: everything here is synchronous; rows are plain objects: those that node:sqlite makes itself are
 * dictionaries, a third slower to make and to read.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { QueryResult } from 'kysely';

const MOST_KEPT = 500;

type Cells = readonly unknown[];

interface Kept {
  readonly statement: StatementSync;
  /** Of its columns; none of a statement that gives no rows. */
  readonly names: readonly string[];
}

export class Statements {
  readonly #database: DatabaseSync;
  readonly #kept = new Map<string, Kept>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** False outside of a transaction: also after an error upon which SQLite rolled back all of it by itself. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  run<Row>(sql: string, parameters: readonly unknown[] = []): QueryResult<Row> {
    const { statement, names } = this.#prepare(sql);
    const values = parameters as SQLInputValue[];
    if (names.length > 0) {
      const rows = statement.all(...values) as unknown as Cells[];
      return { rows: rows.map((cells) => rowOf(names, cells) as Row) };
    }
    const { changes, lastInsertRowid } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string): Kept {
    const kept = this.#kept.get(sql);
    if (kept !== undefined) return kept;
    if (this.#kept.size >= MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const made = { statement, names: statement.columns().map((column) => column.name) };
    this.#kept.set(sql, made);
    return made;
  }
}

function rowOf(names: readonly string[], cells: Cells): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (let i = 0; i < names.length; i++) row[names[i]!] = cells[i];
  return row;
}
