/**
 * Listing the audit log, newest first.
 *
 * Invariant: one query a page, led by the index of the time or of the RequestId, or over a bounded number of entries.
 */
import type { Selectable } from 'kysely';
import type { Queries } from './catalogue.ts';
import { Conditions, rows } from './conditions.ts';
import type { PageRequest } from './listing.ts';
import type { AuditTable } from './schema-access.ts';

export interface AuditFilter {
  readonly requestId?: string | undefined;
  /** As policies name it, without quotes: looked for among the newest `MOST_SEARCHED` entries. */
  readonly resource?: string | undefined;
  /** Milliseconds, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export type AuditRow = Selectable<AuditTable> & {
  /** `id` as a text that is ordered as it is. */ place: string;
};

/** As long as the largest number of a row. */
const PLACE = "printf('%019d', id)";

/** Reading so many takes about 20 ms. */
export const MOST_SEARCHED = 20_000;

/** Up to `limit + 1` entries after the key: one more than the page tells that there is another page. */
export function listAudit(queries: Queries, filter: AuditFilter, page: PageRequest): Promise<AuditRow[]> {
  const where = new Conditions().equals('request_id', filter.requestId);
  // By the number of the row: by the time SQLite would walk the whole log for a thing of which little is told.
  const unindexed = filter.resource === undefined ? '' : 'NOT INDEXED';
  if (filter.resource !== undefined) {
    where.add('id > (SELECT MAX(id) FROM audit) - ?', MOST_SEARCHED);
    where.add('instr(resources, ?) > 0', JSON.stringify(filter.resource));
  }
  if (filter.from !== undefined) where.add('at >= ?', filter.from);
  if (filter.to !== undefined) where.add('at <= ?', filter.to);
  if (page.after !== null) where.add('(at, id) < (?, ?)', page.after[0], Number(page.after[1]));
  return rows<AuditRow>(
    queries,
    `SELECT *, ${PLACE} AS place FROM audit ${unindexed} ${where.text} ORDER BY at DESC, id DESC LIMIT ?`,
    [...where.values, page.limit + 1],
  );
}
