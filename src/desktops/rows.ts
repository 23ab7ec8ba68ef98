/**
 * The rows of desktops: reading them, and changing their status.
 *
 * Invariant: every change of status counts `state_version` up and is made only on the version it was decided on, so
 * that of two deciders one wins and the other sees it.
 */
import type { Selectable, Updateable } from 'kysely';
import type { Queries, Trx } from '../catalogue/catalogue.ts';
import type { DesktopStatus, DesktopTable } from '../catalogue/schema.ts';
import { EcdError } from '../errors.ts';

export type DesktopRow = Selectable<DesktopTable>;
type Change = Omit<Updateable<DesktopTable>, 'id' | 'state_version'>;

export async function findDesktop(queries: Queries, id: string): Promise<DesktopRow | undefined> {
  return await queries.selectFrom('desktops').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The rows of `ids`, each once, in order. Throws InvalidDesktopId.NotFound for one unknown or Deleted. */
export async function wantDesktops(queries: Queries, ids: readonly string[]): Promise<DesktopRow[]> {
  const rows: DesktopRow[] = [];
  for (const id of new Set(ids)) {
    const row = await findDesktop(queries, id);
    if (row === undefined || row.status === 'Deleted') throw new EcdError('InvalidDesktopId.NotFound');
    rows.push(row);
  }
  return rows;
}

/** The new row, or null when another has changed it since `row` was read. */
export async function changeStatus(
  queries: Queries,
  row: DesktopRow,
  change: Change & { readonly status: DesktopStatus },
): Promise<DesktopRow | null> {
  const changed = await queries
    .updateTable('desktops')
    .set({ ...change, state_version: row.state_version + 1 })
    .where('id', '=', row.id)
    .where('state_version', '=', row.state_version)
    .returningAll()
    .executeTakeFirst();
  return changed ?? null;
}

/** As `changeStatus`, for a request: throws OperationConflict when another was quicker. */
export async function mustChangeStatus(
  trx: Trx,
  row: DesktopRow,
  change: Change & { readonly status: DesktopStatus },
): Promise<DesktopRow> {
  const changed = await changeStatus(trx, row, change);
  if (changed !== null) return changed;
  throw new EcdError('OperationConflict', {
    reason: 'The status of the desktop changed meanwhile; look again.',
  });
}

/** Changes that are no change of status. */
export async function note(queries: Queries, id: string, change: Omit<Change, 'status'>): Promise<void> {
  await queries.updateTable('desktops').set(change).where('id', '=', id).execute();
}
