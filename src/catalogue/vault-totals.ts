/**
 * What the snapshots of the catalogue held at instants of the past.
 *
 * Invariants: a row is what was there at its time, and is never changed (one of a time that a wrong clock said, far ahead,
 * goes); one is written only when something has changed since the last one, so that a vault at rest costs nothing.
 */
import type { Catalogue, Queries } from './catalogue.ts';
import { rows } from './conditions.ts';
import { type HistoryPoint, heldInAll } from './holdings.ts';

const DAY_MS = 24 * 60 * 60_000;

/** Notes what is there now. `now`: milliseconds since 1970. */
export async function recordTotals(catalogue: Catalogue, now: number): Promise<void> {
  const { snapshots, logical, changed, stored } = await heldInAll(catalogue.db);
  await catalogue.transaction(async (trx) => {
    const last = await trx
      .selectFrom('vault_totals')
      .selectAll()
      .orderBy('at', 'desc')
      .limit(1)
      .executeTakeFirst();
    const same =
      last?.snapshots === snapshots &&
      last.logical === logical &&
      last.changed === changed &&
      last.stored === stored;
    // A clock that was set back a little must not rewrite the past; one that was far ahead has left what never was.
    if (same || (last === undefined && snapshots === 0)) return;
    if (last !== undefined && last.at >= now) {
      if (last.at < now + DAY_MS) return;
      await trx.deleteFrom('vault_totals').where('at', '>=', now).execute();
    }
    await trx.insertInto('vault_totals').values({ at: now, snapshots, logical, changed, stored }).execute();
  });
}

/** Oldest first; of many about `points`, each the last of its stretch of time. */
export async function recordedTotals(queries: Queries, points: number): Promise<HistoryPoint[]> {
  const [span] = await rows<{ first: number | null; last: number | null }>(
    queries,
    'SELECT min(at) AS first, max(at) AS last FROM vault_totals',
    [],
  );
  if (span?.first == null || span.last === null) return [];
  const step = Math.max(1, Math.ceil((span.last - span.first + 1) / points));
  return rows(
    queries,
    // The other columns are those of the row with the greatest time.
    `SELECT max(at) AS at, snapshots, logical, changed, stored FROM vault_totals
     GROUP BY (at - CAST(? AS INTEGER)) / CAST(? AS INTEGER) ORDER BY at`,
    [span.first, step],
  );
}
