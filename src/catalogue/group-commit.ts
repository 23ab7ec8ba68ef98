/**
 * kysely's driver for one SQLite file: transactions that end in turns of the event loop that follow each other share one
 * commit, and so one sync of the log, the dearest part of a write. What comes alone is committed at once.
 *
 * Invariants: a transaction, or a single statement that writes, is answered only after the commit that it shares, also
 * when it is rolled back, for what it saw of others may not be durable before; a commit that fails fails all who share
 * it. Members of a group run one after the other, the later ones as savepoints: one that fails leaves the others whole.
 * What is read outside of a transaction comes from a connection of its own, which sees only what was committed, and
 * waits for nobody. Inside of a transaction nothing is waited for but its own statements: others share its end.
 */
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';
import type { Statements } from './statements.ts';

const READS = /^\s*select\b/i;
const WRITES = /^\s*(insert|update|delete|replace)\b/i;
/** So that nobody waits long for the others: a few syncs' time. */
const MOST_MEMBERS = 100;
const LONGEST_MS = 4;

/** Transactions that share a commit. */
interface Group {
  members: number;
  /** Nobody may join it any more: it ends with the member that runs. */
  due: boolean;
  /** Why it cannot be committed. */
  lost: unknown;
  readonly end: PromiseWithResolvers<void>;
}

/** What kysely takes for a connection: it lives as long as one transaction or statement. */
class Session implements DatabaseConnection {
  readonly #driver: GroupCommitDriver;
  /** While a transaction runs in it, and after. */
  group: Group | undefined;

  constructor(driver: GroupCommitDriver) {
    this.#driver = driver;
  }

  executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    return this.#driver.execute(this, query);
  }

  // biome-ignore lint/correctness/useYield: kysely asks for a generator
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('the catalogue does not stream');
  }
}

export class GroupCommitDriver implements Driver {
  readonly #writer: Statements;
  readonly #reader: Statements;
  #group: Group | undefined;
  /** Whether somebody has the writing connection, and who waits for it. */
  #busy = false;
  readonly #waiting: (() => void)[] = [];

  /** @param reader the writer itself for a database that only one connection can see: then who reads waits */
  constructor(writer: Statements, reader: Statements) {
    this.#writer = writer;
    this.#reader = reader;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Session> {
    return new Session(this);
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#turn();
    this.#alone(() => {});
    if (this.#reader !== this.#writer) this.#reader.close();
    this.#writer.close();
  }

  async execute<Row>(session: Session, { sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    if (session.group !== undefined) return this.#inside(session.group, sql, parameters);
    if (READS.test(sql) && this.#reader !== this.#writer) return this.#reader.run(sql, parameters);
    await this.#turn();
    // What comes alone is committed at once; so is what SQLite runs in no transaction.
    if (this.#group === undefined || !WRITES.test(sql))
      return this.#alone(() => this.#writer.run(sql, parameters));
    this.#join(session);
    let result: QueryResult<Row>;
    try {
      result = this.#inside(session.group!, sql, parameters);
    } catch (error) {
      await this.rollbackTransaction(session);
      throw error;
    }
    await this.commitTransaction(session);
    return result;
  }

  async beginTransaction(session: Session): Promise<void> {
    await this.#turn();
    this.#join(session);
  }

  async commitTransaction({ group }: Session): Promise<void> {
    // An error here has kysely roll back.
    if (group!.lost !== undefined) throw group!.lost;
    if (group!.members > 0) this.#inside(group!, 'RELEASE member');
    group!.members++;
    this.#pass();
    await group!.end.promise;
  }

  async rollbackTransaction({ group }: Session): Promise<void> {
    // Its commit has failed: nothing of it is left.
    if (this.#group !== group) return;
    try {
      if (group!.members === 0 || !this.#writer.inTransaction) {
        this.#abandon(group!, new Error('SQLite rolled the transaction back'));
        return;
      }
      this.#inside(group!, 'ROLLBACK TO member');
      this.#inside(group!, 'RELEASE member');
    } catch (error) {
      // What it has written cannot be told from what the others have: nobody's is kept.
      this.#abandon(group!, error);
      throw error;
    } finally {
      this.#pass();
    }
    await group!.end.promise.catch(() => {});
  }

  /** A statement of the transaction that runs. After an error SQLite may have rolled back more than the statement. */
  #inside<Row>(group: Group, sql: string, parameters: readonly unknown[] = []): QueryResult<Row> {
    if (group.lost !== undefined) throw group.lost;
    try {
      return this.#writer.run(sql, parameters);
    } catch (error) {
      if (!this.#writer.inTransaction) group.lost = error;
      throw error;
    }
  }

  /** The one whose turn it is begins a transaction. */
  #join(session: Session): void {
    try {
      if (this.#group === undefined) {
        // At once, so that it cannot fail half-way for a lock that another process took.
        this.#writer.run('BEGIN IMMEDIATE');
        this.#group = this.#newGroup();
      } else if (this.#group.members > 0) this.#writer.run('SAVEPOINT member');
      session.group = this.#group;
    } catch (error) {
      this.#pass();
      throw error;
    }
  }

  /** The one whose turn it is does something after the commit of all before it. */
  #alone<T>(work: () => T): T {
    try {
      if (this.#group !== undefined) this.#commit(this.#group);
      return work();
    } finally {
      this.#pass();
    }
  }

  #newGroup(): Group {
    const group = { members: 0, due: false, lost: undefined, end: Promise.withResolvers<void>() };
    group.end.promise.catch(() => {});
    this.#endAfter(group, 0, performance.now() + LONGEST_MS);
    return group;
  }

  /** Ends the group with the first turn of the event loop that brings no further member. */
  #endAfter(group: Group, members: number, until: number): void {
    setImmediate(() => {
      if (this.#group !== group) return;
      if (group.members > members && performance.now() < until)
        return this.#endAfter(group, group.members, until);
      group.due = true;
      if (!this.#busy) this.#commit(group);
    });
  }

  #commit(group: Group): void {
    try {
      this.#inside(group, 'COMMIT');
    } catch (error) {
      this.#abandon(group, error);
      return;
    }
    this.#group = undefined;
    group.end.resolve();
  }

  #abandon(group: Group, cause: unknown): void {
    this.#group = undefined;
    group.lost ??= cause;
    group.end.reject(group.lost);
    try {
      if (this.#writer.inTransaction) this.#writer.run('ROLLBACK');
    } catch {
      // The next one is told why it cannot begin.
    }
  }

  async #turn(): Promise<void> {
    if (this.#busy) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy = true;
  }

  /** The next one's turn. */
  #pass(): void {
    const group = this.#group;
    if (group !== undefined && (group.due || group.members >= MOST_MEMBERS)) this.#commit(group);
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy = false;
    else next();
  }
}
