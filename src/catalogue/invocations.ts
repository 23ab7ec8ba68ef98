/**
 * Listing invocations, newest first, and what became of them on each desktop.
 *
 * Invariant: the status of an invocation follows from those of its desktops alone (`overallStatus`), and the filter of
 * the listing (`STATUS_CONDITIONS`) says the same in SQL; a test holds both side by side.
 */
import type { Selectable } from 'kysely';
import type { Queries } from './catalogue.ts';
import { Conditions, marks, rows } from './conditions.ts';
import type { PageRequest } from './listing.ts';
import type { InvocationDesktopTable, InvocationTable } from './schema.ts';

export type InvocationRow = Selectable<InvocationTable>;
export type OverallStatus = 'Pending' | 'Running' | 'Success' | 'Failed' | 'PartialFailed' | 'Stopped';

export interface InvocationFilter {
  readonly regionId: string;
  readonly id?: string | undefined;
  readonly type?: string | undefined;
  /** `Running` holds those that are pending, too. */
  readonly status?: Exclude<OverallStatus, 'Pending'> | undefined;
  readonly endUserId?: string | undefined;
  /** Run on at least one of them. */
  readonly desktopIds?: readonly string[] | undefined;
}

export type InvokedDesktopRow = Omit<Selectable<InvocationDesktopTable>, 'output'> & {
  readonly output: Uint8Array | null;
  readonly desktop_name: string | null;
};

const some = (condition: string) =>
  `EXISTS (SELECT 1 FROM invocation_desktops x WHERE x.invocation_id = v.id AND x.status ${condition})`;
const OPEN = "IN ('Pending', 'Running')";

const STATUS_CONDITIONS: Readonly<Record<Exclude<OverallStatus, 'Pending'>, string>> = {
  Running: some(OPEN),
  Failed: `${some("= 'Failed'")} AND NOT ${some("NOT IN ('Failed', 'Stopped')")}`,
  PartialFailed: `${some("= 'Failed'")} AND ${some("= 'Success'")} AND NOT ${some(OPEN)}`,
  Stopped: `NOT ${some("<> 'Stopped'")}`,
  Success: `${some("= 'Success'")} AND NOT ${some("NOT IN ('Success', 'Stopped')")}`,
};

export function overallStatus(statuses: readonly InvocationDesktopTable['status'][]): OverallStatus {
  const has = (status: InvocationDesktopTable['status']) => statuses.includes(status);
  const all = (status: InvocationDesktopTable['status']) => statuses.every((s) => s === status);
  if (all('Pending')) return 'Pending';
  if (has('Pending') || has('Running')) return 'Running';
  if (has('Failed')) return has('Success') ? 'PartialFailed' : 'Failed';
  return has('Success') ? 'Success' : 'Stopped';
}

/** Up to `limit + 1` invocations after the key. */
export function listInvocations(
  queries: Queries,
  filter: InvocationFilter,
  page: PageRequest,
): Promise<InvocationRow[]> {
  const where = new Conditions()
    .equals('v.region_id', filter.regionId)
    .equals('v.id', filter.id)
    .equals('v.type', filter.type)
    .equals('v.end_user_id', filter.endUserId);
  if (filter.status !== undefined) where.add(STATUS_CONDITIONS[filter.status]);
  if (filter.desktopIds !== undefined) {
    where.add(
      `v.id IN (SELECT invocation_id FROM invocation_desktops WHERE desktop_id IN (${marks(filter.desktopIds.length)}))`,
      ...filter.desktopIds,
    );
  }
  where.olderThan('v.created_at', 'v.id', page.after);
  return rows(
    queries,
    `SELECT v.* FROM invocations v ${where.text} ORDER BY v.created_at DESC, v.id DESC LIMIT ?`,
    [...where.values, page.limit + 1],
  );
}

/** What became of some invocations on each desktop, by the invocation's id. Outputs only if asked for. */
export async function invokedDesktops(
  queries: Queries,
  invocationIds: readonly string[],
  withOutput: boolean,
): Promise<Map<string, InvokedDesktopRow[]>> {
  if (invocationIds.length === 0) return new Map();
  const found = await rows<InvokedDesktopRow>(
    queries,
    `SELECT x.invocation_id, x.desktop_id, x.status, x.created_at, x.started_at, x.finished_at, x.exit_code,
       ${withOutput ? 'x.output' : 'NULL AS output'}, x.dropped, x.error_code, x.error_info, d.name AS desktop_name
     FROM invocation_desktops x LEFT JOIN desktops d ON d.id = x.desktop_id
     WHERE x.invocation_id IN (${marks(invocationIds.length)}) ORDER BY x.desktop_id`,
    invocationIds,
  );
  return Map.groupBy(found, (row) => row.invocation_id);
}
