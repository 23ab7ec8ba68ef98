/**
 * Stopping commands: on record, and in the guest.
 *
 * Invariants: a command that was not sent yet is Stopped at once and is never sent; one that runs is Running until its
 * end, whoever asked for it, and asked for again until then; one that has ended stays as it is.
 */
import { sleep } from '../async.ts';
import type { Queries, Trx } from '../catalogue/catalogue.ts';
import { EcdError } from '../errors.ts';
import { execInGuest } from '../qemu/agent-exec.ts';
import type { AgentLink } from './agent-link.ts';
import { endOf } from './guest-command.ts';

export interface StopRequest {
  readonly regionId: string;
  readonly invokeId: string;
  /** Only on these desktops; undefined: on all. */
  readonly desktopIds?: readonly string[] | undefined;
}

export interface Stops {
  /** Desktops on which it was not sent yet. */
  readonly pending: readonly string[];
  /** Desktops on which it runs. */
  readonly running: readonly string[];
  /** When its time is over, in milliseconds since 1970. */
  readonly deadline: number;
}

const AGAIN_MS = 1_000;

/** Throws InvalidInvokeId.NotFound, InvalidDesktopId.NotFound, OperationDenied.NotStoppable. */
export async function recordStop(trx: Trx, request: StopRequest, now: number): Promise<Stops> {
  const invocation = await trx
    .selectFrom('invocations')
    .selectAll()
    .where('id', '=', request.invokeId)
    .where('region_id', '=', request.regionId)
    .executeTakeFirst();
  if (invocation === undefined) throw new EcdError('InvalidInvokeId.NotFound');
  const rows = await trx
    .selectFrom('invocation_desktops')
    .select(['desktop_id', 'status'])
    .where('invocation_id', '=', invocation.id)
    .execute();
  const wanted = new Set(request.desktopIds ?? rows.map((row) => row.desktop_id));
  const chosen = rows.filter((row) => wanted.has(row.desktop_id));
  if (chosen.length < wanted.size) throw new EcdError('InvalidDesktopId.NotFound');
  const having = (status: 'Pending' | 'Running') =>
    chosen.filter((row) => row.status === status).map((row) => row.desktop_id);
  const [pending, running] = [having('Pending'), having('Running')];
  if (running.length > 0 && invocation.type !== 'RunShellScript') {
    throw new EcdError('OperationDenied.NotStoppable');
  }
  const change = (ids: string[]) =>
    trx
      .updateTable('invocation_desktops')
      .where('invocation_id', '=', invocation.id)
      .where('desktop_id', 'in', ids);
  if (pending.length > 0) await change(pending).set({ status: 'Stopped', finished_at: now }).execute();
  if (running.length > 0) await change(running).set({ stop_wanted: 1 }).execute();
  return { pending, running, deadline: invocation.created_at + invocation.timeout_s * 1_000 };
}

/** Whether a command runs on a desktop, as far as the record says. */
export async function isRunning(queries: Queries, invokeId: string, desktopId: string): Promise<boolean> {
  const row = await queries
    .selectFrom('invocation_desktops')
    .select('status')
    .where('invocation_id', '=', invokeId)
    .where('desktop_id', '=', desktopId)
    .executeTakeFirst();
  return row?.status === 'Running';
}

/**
 * Ends a command in its guest, and asks again while `goesOn` says so: the command may have been sent after the first
 * time. Throws when the signal aborts or the guest refuses.
 */
export async function endInGuest(
  link: AgentLink,
  invokeId: string,
  signal: AbortSignal,
  goesOn: () => Promise<boolean>,
): Promise<void> {
  do {
    await link.whenOpen(signal);
    await execInGuest((command, args) => link.call(command, args, signal), { ...endOf(invokeId), signal });
    await sleep(AGAIN_MS, signal);
  } while (await goesOn());
}
