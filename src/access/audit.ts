/**
 * The audit log: who did what, when, from where, on what, and how it ended; also what policies did by themselves, what
 * commands on this computer changed of rights and keys, and when each key was used last.
 *
 * Invariants: no request waits for it: entries are written together, `FLUSH_MS` after the first of them, in the
 * catalogue's own transactions, and all that is left when the service ends; memory is bounded: what a dead database
 * leaves waiting over `MOST_WAITING` is dropped, counted and told in the log. What a policy deletes and what a command
 * changes is written in the transaction that does it (`write`, `writeAudit`). An entry holds names, never values of
 * parameters; a text that is no id of ours is not written. Refusals that cost their sender nothing (no right signature,
 * too fast) are written at `CHEAP_PER_SECOND` at most, so that nobody can wash the log away.
 */
import type { Insertable } from 'kysely';
import { AUDIT_RESOURCE } from '../catalogue/audit-rows.ts';
import type { Catalogue, Trx } from '../catalogue/catalogue.ts';
import type { AuditTable } from '../catalogue/schema-access.ts';
import { describeError } from '../errors.ts';
import type { Clock } from '../ids.ts';

/** One answer. */
export interface AuditEntry {
  readonly requestId: string;
  /** Empty when the request names no known operation. */
  readonly operation: string;
  readonly kind: 'read' | 'write' | '';
  /** As claimed; proved when `userName` is not empty. */
  readonly accessKeyId: string;
  readonly userName: string;
  /** `desktop/ID` and the like. */
  readonly resources: readonly string[];
  /** The client's address; `local`: a command on this computer, and `userName` is one of its operating system. */
  readonly source: string;
  readonly status: number;
  /** `OK`, or the code of the refusal. */
  readonly code: string;
  readonly seconds: number;
  /** Of what a policy did by itself: `userName` is who made it, and there is neither a key nor an address. */
  readonly policyId?: string;
  /** Of such a deed, or the status that a command gave a key; holds nothing that a client has sent. */
  readonly reason?: string;
}

export interface AuditOptions {
  /** Also reads that were answered. */
  readonly reads: boolean;
  readonly clock: Clock;
  readonly log: { warn(fields: object, message: string): void };
}

export const FLUSH_MS = 200;
export const CHEAP_PER_SECOND = 10;
const MOST_WAITING = 20_000;
const ROWS_AT_ONCE = 500;
/** More than an operation names: 500 desktops, and what else they are made of. */
const MOST_RESOURCES = 600;
/** Of a refusal, which costs nothing to bring about. */
const MOST_REFUSED = 20;
const USED_MS = 60_000;
const MOST_KEYS = 10_000;
const KEY_ID = /^(LTAI[A-Za-z0-9]{20}|STS\.[A-Za-z0-9]{24})$/;
const LONGEST_REASON = 500;

type Row = Insertable<AuditTable>;

export class AuditLog {
  readonly #catalogue: Catalogue;
  readonly #options: AuditOptions;
  #waiting: Row[] = [];
  #used = new Map<string, number>();
  /** When the last use of a key was written. */
  readonly #written = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #dropped = 0;
  #omitted = 0;
  #cheap = { second: 0, count: 0 };

  constructor(catalogue: Catalogue, options: AuditOptions) {
    this.#catalogue = catalogue;
    this.#options = options;
  }

  record(entry: AuditEntry): void {
    const now = this.#options.clock();
    if (entry.policyId === undefined) {
      if (entry.userName !== '') this.#noteUse(entry.accessKeyId, now);
      if (entry.kind === 'read' && entry.code === 'OK' && !this.#options.reads) return;
      if ((entry.userName === '' || entry.code.startsWith('Throttling.')) && !this.#mayBeCheap(now)) return;
    }
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(rowOf(entry, now));
    this.#schedule();
  }

  /** Writes entries in a transaction of the caller: they are there if what they tell of is. */
  async write(trx: Trx, entries: readonly AuditEntry[]): Promise<void> {
    await writeAudit(trx, entries, this.#options.clock());
  }

  /** Writes all that waits; resolves when it is durable, or given up. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const next = this.#flushing.then(() => this.#write());
    this.#flushing = next;
    await next;
  }

  async close(): Promise<void> {
    await this.flush();
  }

  /** At most once a minute for each key. */
  #noteUse(accessKeyId: string, now: number): void {
    const last = this.#written.get(accessKeyId);
    if (last !== undefined && Math.abs(now - last) < USED_MS) return;
    if (this.#written.size >= MOST_KEYS) this.#written.clear();
    this.#written.set(accessKeyId, now);
    this.#used.set(accessKeyId, now);
    this.#schedule();
  }

  #mayBeCheap(now: number): boolean {
    const second = Math.floor(now / 1000);
    if (this.#cheap.second !== second) this.#cheap = { second, count: 0 };
    if (++this.#cheap.count <= CHEAP_PER_SECOND) return true;
    this.#omitted++;
    return false;
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.flush(), FLUSH_MS);
  }

  async #write(): Promise<void> {
    const rows = this.#waiting;
    const used = this.#used;
    this.#waiting = [];
    this.#used = new Map();
    try {
      for (let at = 0; at < rows.length || (at === 0 && used.size > 0); at += ROWS_AT_ONCE) {
        await this.#catalogue.transaction(async (trx) => {
          if (at < rows.length) await insert(trx, rows.slice(at, at + ROWS_AT_ONCE));
          if (at > 0) return;
          for (const [id, time] of used)
            await trx.updateTable('access_keys').set({ last_used_at: time }).where('id', '=', id).execute();
        });
      }
    } catch (error) {
      this.#dropped += rows.length;
      this.#options.log.warn({ error: describeError(error) }, 'the audit log could not be written');
    }
    if (this.#dropped + this.#omitted > 0)
      this.#options.log.warn(
        { dropped: this.#dropped, omitted: this.#omitted },
        'the audit log is not complete: answers dropped, and cheap refusals omitted',
      );
    this.#dropped = 0;
    this.#omitted = 0;
  }
}

/** Writes entries in a transaction of the caller, also where there is no log open. */
export async function writeAudit(trx: Trx, entries: readonly AuditEntry[], now: number): Promise<void> {
  const rows = entries.map((entry) => rowOf(entry, now));
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) await insert(trx, rows.slice(at, at + ROWS_AT_ONCE));
}

/** How much of the log is kept. */
export interface AuditRotation {
  readonly maxRows: number;
  /** Milliseconds. */
  readonly maxAgeMs: number;
}

/** Removes what is too old or too much, from the old end. */
export async function rotateAudit(catalogue: Catalogue, keep: AuditRotation, now: number): Promise<void> {
  const newest = await catalogue.db.selectFrom('audit').select('id').orderBy('id', 'desc').executeTakeFirst();
  if (newest === undefined) return;
  const firstKept = await catalogue.db
    .selectFrom('audit')
    .select('id')
    .where('id', '>', newest.id - keep.maxRows)
    .where('at', '>=', now - keep.maxAgeMs)
    .orderBy('id')
    .executeTakeFirst();
  const below = firstKept?.id ?? newest.id + 1;
  const oldest = await catalogue.db.selectFrom('audit').select('id').orderBy('id').executeTakeFirst();
  // In steps, so that no request waits long.
  for (let at = oldest!.id; at < below; at += ROWS_AT_ONCE)
    await catalogue.db
      .deleteFrom('audit')
      .where('id', '<', Math.min(below, at + ROWS_AT_ONCE))
      .execute();
}

async function insert(trx: Trx, rows: readonly Row[]): Promise<void> {
  await trx.insertInto('audit').values(rows).execute();
}

function rowOf(entry: AuditEntry, now: number): Row {
  const shown = entry.resources
    .slice(0, entry.code === 'OK' ? MOST_RESOURCES : MOST_REFUSED)
    .map((name) => (name === '*' || AUDIT_RESOURCE.test(name) ? name : '(no id)'));
  const more = entry.resources.length - shown.length;
  return {
    at: now,
    request_id: entry.requestId,
    access_key_id: KEY_ID.test(entry.accessKeyId) ? entry.accessKeyId : '',
    user_name: entry.userName,
    operation: entry.operation,
    kind: entry.kind,
    resources: JSON.stringify(more > 0 ? [...shown, `(${more} more)`] : shown),
    source: entry.source,
    status: entry.status,
    code: entry.code,
    duration_us: Math.round(entry.seconds * 1e6),
    policy_id: entry.policyId ?? '',
    reason: (entry.reason ?? '').slice(0, LONGEST_REASON),
  };
}
