/**
 * Tickets for the screens of desktops: who holds one may open the screen of one desktop, once.
 *
 * Invariants: a ticket is random and only its hash is on record; it belongs to one user, the key that asked and one
 * desktop; of all that spend it, at once or over restarts and with several servers, one succeeds: the row goes with the
 * answer; after `TICKET_MS` it is worth nothing. A task has one ticket at a time: a new one takes the place of the old one.
 */
import { randomUUID } from 'node:crypto';
import { EcdError } from '../errors.ts';
import type { Catalogue, Queries, Trx } from './catalogue.ts';
import type { Db } from './sqlite.ts';
import { makeToken, tokenHash } from './tokens.ts';

/** How long a ticket is valid: 10 minutes. */
export const TICKET_MS = 10 * 60_000;

export interface Ticket {
  readonly ticket: string;
  readonly taskId: string;
}

/** What a ticket stands for. */
export interface TicketHolder {
  readonly desktopId: string;
  readonly userName: string;
  /** The key that asked for it. */
  readonly accessKeyId: string;
}

/** Makes a ticket of a user for a desktop; with `taskId` in the place of the one that this task had. */
export async function issueTicket(
  trx: Trx,
  holder: TicketHolder,
  now: number,
  taskId: string = randomUUID(),
): Promise<Ticket> {
  const ticket = makeToken();
  const fresh = {
    hash: tokenHash(ticket),
    access_key_id: holder.accessKeyId,
    expires_at: now + TICKET_MS,
  };
  await trx
    .insertInto('tickets')
    .values({ task_id: taskId, desktop_id: holder.desktopId, user_name: holder.userName, ...fresh })
    .onConflict((conflict) => conflict.column('task_id').doUpdateSet(fresh))
    .execute();
  return { ticket, taskId };
}

/** The task, while its ticket is neither spent nor too old. */
export async function findTicketTask(
  queries: Queries,
  taskId: string,
  now: number,
): Promise<TicketHolder | undefined> {
  const row = await queries
    .selectFrom('tickets')
    .select(['desktop_id', 'user_name', 'access_key_id'])
    .where('task_id', '=', taskId)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row && holderOf(row);
}

/**
 * Takes a ticket for its one use. Throws OperationDenied.TicketInvalid when it is unknown, too old or spent, and
 * IncorrectDesktopStatus when its desktop does not run. It is spent then, too: therefore never in a transaction.
 */
export async function spendTicket(
  db: Db,
  ticket: string,
  now: number,
): Promise<TicketHolder & { readonly regionId: string }> {
  const row = await db
    .deleteFrom('tickets')
    .where('hash', '=', tokenHash(ticket))
    .returning(['desktop_id', 'user_name', 'access_key_id', 'expires_at'])
    .executeTakeFirst();
  if (row === undefined || row.expires_at <= now) throw new EcdError('OperationDenied.TicketInvalid');
  const desktop = await db
    .selectFrom('desktops')
    .select(['status', 'region_id'])
    .where('id', '=', row.desktop_id)
    .executeTakeFirst();
  if (desktop?.status !== 'Running')
    throw new EcdError('IncorrectDesktopStatus', { status: desktop?.status ?? 'Deleted', wanted: 'Running' });
  return { ...holderOf(row), regionId: desktop.region_id };
}

function holderOf(row: { desktop_id: string; user_name: string; access_key_id: string }): TicketHolder {
  return { desktopId: row.desktop_id, userName: row.user_name, accessKeyId: row.access_key_id };
}

/** Forgets tickets that are too old. */
export async function forgetTickets(catalogue: Catalogue, now: number): Promise<void> {
  await catalogue.db.deleteFrom('tickets').where('expires_at', '<=', now).execute();
}
