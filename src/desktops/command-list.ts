/**
 * Reading invocations: a command's overall status follows from those of its desktops.
 *
 * Invariants: newest first, by time and id, so that a page goes on where the last one ended whatever was added since;
 * output is read only when asked for.
 */
import { type SqlBool, sql } from 'kysely';
import type { Queries } from '../catalogue/catalogue.ts';
import type { InvocationDesktopTable } from '../catalogue/schema.ts';

export type InvocationStatus = 'Pending' | 'Running' | 'Finished' | 'PartialFailed' | 'Stopped' | 'Failed';

export interface InvocationFilter {
  readonly regionId: string;
  readonly invokeId?: string | undefined;
  readonly type?: string | undefined;
  readonly status?: InvocationStatus | undefined;
  /** Those that went to any of them. Only these desktops are listed then. */
  readonly desktopIds?: readonly string[] | undefined;
  readonly endUserId?: string | undefined;
  /** Default true. */
  readonly includeDesktops?: boolean | undefined;
  /** Default false. */
  readonly includeOutput?: boolean | undefined;
}

export interface Page {
  readonly limit: number;
  /** The last one of the page before. */
  readonly after?: { readonly createdAt: number; readonly id: string } | undefined;
}

export interface InvokeDesktop {
  readonly desktopId: string;
  readonly desktopName: string;
  readonly status: InvocationDesktopTable['status'];
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly exitCode: number | null;
  /** Null when it was not asked for, or there is none yet. */
  readonly output: Buffer | null;
  readonly dropped: number;
  readonly errorCode: string;
  readonly errorInfo: string;
}

export interface Invocation {
  readonly id: string;
  readonly type: string;
  /** The text itself. */
  readonly content: string;
  readonly endUserId: string;
  readonly creator: string;
  readonly createdAt: number;
  readonly status: InvocationStatus;
  readonly desktopCount: number;
  readonly succeededCount: number;
  readonly desktops: readonly InvokeDesktop[];
}

export interface InvocationPage {
  readonly invocations: readonly Invocation[];
  /** Where the next page begins; null when this is the last. */
  readonly next: { readonly createdAt: number; readonly id: string } | null;
  /** Of all pages. */
  readonly total: number;
}

const STATUS = sql<InvocationStatus>`CASE
  WHEN SUM(d.status = 'Pending') = COUNT(*) THEN 'Pending'
  WHEN SUM(d.status IN ('Pending', 'Running')) > 0 THEN 'Running'
  WHEN SUM(d.status = 'Success') = COUNT(*) THEN 'Finished'
  WHEN SUM(d.status = 'Success') > 0 THEN 'PartialFailed'
  WHEN SUM(d.status = 'Stopped') = COUNT(*) THEN 'Stopped'
  ELSE 'Failed' END`;

export async function listInvocations(
  queries: Queries,
  filter: InvocationFilter,
  page: Page,
): Promise<InvocationPage> {
  const grouped = groups(queries, filter);
  const { count } = await queries
    .selectFrom(grouped.as('g'))
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  let query = grouped;
  if (page.after !== undefined) {
    const { createdAt, id } = page.after;
    query = query.where(sql<SqlBool>`(i.created_at, i.id) < (${createdAt}, ${id})`);
  }
  const rows = await query
    .orderBy('i.created_at', 'desc')
    .orderBy('i.id', 'desc')
    .limit(page.limit + 1)
    .execute();
  const shown = rows.slice(0, page.limit);
  const desktops = filter.includeDesktops === false ? new Map() : await desktopsOf(queries, shown, filter);
  const last = shown.at(-1);
  return {
    invocations: shown.map((row) => ({
      id: row.id,
      type: row.type,
      content: row.content,
      endUserId: row.end_user_id,
      creator: row.creator,
      createdAt: row.created_at,
      status: row.status,
      desktopCount: Number(row.total),
      succeededCount: Number(row.succeeded),
      desktops: desktops.get(row.id) ?? [],
    })),
    next: rows.length > page.limit && last ? { createdAt: last.created_at, id: last.id } : null,
    total: Number(count),
  };
}

function groups(queries: Queries, filter: InvocationFilter) {
  let query = queries
    .selectFrom('invocations as i')
    .innerJoin('invocation_desktops as d', 'd.invocation_id', 'i.id')
    .where('i.region_id', '=', filter.regionId)
    .groupBy('i.id')
    .select(['i.id', 'i.type', 'i.content', 'i.end_user_id', 'i.creator', 'i.created_at'])
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .select(sql<number>`SUM(d.status = 'Success')`.as('succeeded'))
    .select(STATUS.as('status'));
  if (filter.invokeId !== undefined) query = query.where('i.id', '=', filter.invokeId);
  if (filter.type !== undefined) query = query.where('i.type', '=', filter.type);
  if (filter.endUserId !== undefined) query = query.where('i.end_user_id', '=', filter.endUserId);
  if (filter.desktopIds !== undefined && filter.desktopIds.length > 0) {
    const ids = [...filter.desktopIds];
    query = query.where('i.id', 'in', (eb) =>
      eb.selectFrom('invocation_desktops').select('invocation_id').where('desktop_id', 'in', ids),
    );
  }
  if (filter.status !== undefined) query = query.having(sql<SqlBool>`${STATUS} = ${filter.status}`);
  return query;
}

async function desktopsOf(
  queries: Queries,
  shown: readonly { readonly id: string }[],
  filter: InvocationFilter,
): Promise<Map<string, InvokeDesktop[]>> {
  const found = new Map<string, InvokeDesktop[]>();
  if (shown.length === 0) return found;
  let query = queries
    .selectFrom('invocation_desktops as d')
    .leftJoin('desktops', 'desktops.id', 'd.desktop_id')
    .where(
      'd.invocation_id',
      'in',
      shown.map((row) => row.id),
    )
    .orderBy('d.desktop_id')
    .select(['d.invocation_id', 'd.desktop_id', 'd.status', 'd.created_at', 'd.started_at', 'd.finished_at'])
    .select(['d.exit_code', 'd.dropped', 'd.error_code', 'd.error_info', 'desktops.name'])
    .select(filter.includeOutput === true ? 'd.output' : sql<null>`NULL`.as('output'));
  if (filter.desktopIds !== undefined && filter.desktopIds.length > 0)
    query = query.where('d.desktop_id', 'in', [...filter.desktopIds]);
  for (const row of await query.execute()) {
    const list = found.get(row.invocation_id) ?? [];
    found.set(row.invocation_id, list);
    list.push({
      desktopId: row.desktop_id,
      desktopName: row.name ?? '',
      status: row.status,
      createdAt: row.created_at,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      exitCode: row.exit_code,
      output: row.output === null ? null : Buffer.from(row.output),
      dropped: row.dropped,
      errorCode: row.error_code,
      errorInfo: row.error_info,
    });
  }
  return found;
}
