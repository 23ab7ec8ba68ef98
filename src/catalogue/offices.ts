/**
 * Office sites and policy groups, which desktops name.
 *
 * Invariants: a desktop may name what is not there; one that is not deleted keeps what it names from being deleted
 * (asked inside the transaction that deletes).
 */
import type { Insertable, Selectable } from 'kysely';
import type { Queries, Trx } from './catalogue.ts';
import { Conditions, marks, rows } from './conditions.ts';
import type { PageRequest } from './listing.ts';
import type { OfficeSiteTable, PolicyGroupTable } from './schema-offices.ts';

type Kind = 'office_sites' | 'policy_groups';
/** `desktops`: how many have it, deleted ones left out. */
export type OfficeSiteRow = Selectable<OfficeSiteTable> & { readonly desktops: number };
export type PolicyGroupRow = Selectable<PolicyGroupTable> & { readonly desktops: number };

export interface OfficeFilter {
  readonly regionId: string;
  readonly ids?: readonly string[] | undefined;
  readonly excludedIds?: readonly string[] | undefined;
  /** Of policy groups alone. */
  readonly scope?: 'GLOBAL' | 'IP' | undefined;
}

/** The column of desktops that names one. */
const NAMED_BY = { office_sites: 'office_site_id', policy_groups: 'policy_group_id' } as const;

const HAS = (kind: Kind, id: string) =>
  `FROM desktops d WHERE d.${NAMED_BY[kind]} = ${id} AND d.status <> 'Deleted'`;

/** Up to `limit + 1` after the key, newest first; with `offset` instead of a key, after so many. */
export function listOfficeSites(
  queries: Queries,
  filter: OfficeFilter,
  page: PageRequest,
): Promise<OfficeSiteRow[]> {
  return list(queries, 'office_sites', filter, page, 0);
}

/** As `listOfficeSites`. */
export function listPolicyGroups(
  queries: Queries,
  filter: OfficeFilter,
  page: PageRequest,
  offset: number,
): Promise<PolicyGroupRow[]> {
  return list(queries, 'policy_groups', filter, page, offset);
}

/** On all pages. */
export async function countOffices(queries: Queries, kind: Kind, filter: OfficeFilter): Promise<number> {
  const where = conditions(filter);
  const text = `SELECT count(*) AS count FROM ${kind} t ${where.text}`;
  const [found] = await rows<{ count: number }>(queries, text, where.values);
  return Number(found!.count);
}

export async function insertOfficeSite(trx: Trx, row: Insertable<OfficeSiteTable>): Promise<void> {
  await trx.insertInto('office_sites').values(row).execute();
}

export async function insertPolicyGroup(trx: Trx, row: Insertable<PolicyGroupTable>): Promise<void> {
  await trx.insertInto('policy_groups').values(row).execute();
}

/** Of the region; undefined if there is none. */
export function policyGroupById(
  queries: Queries,
  regionId: string,
  id: string,
): Promise<Selectable<PolicyGroupTable> | undefined> {
  return queries
    .selectFrom('policy_groups')
    .selectAll()
    .where('region_id', '=', regionId)
    .where('id', '=', id)
    .executeTakeFirst();
}

export async function updatePolicyGroup(
  trx: Trx,
  id: string,
  change: Pick<PolicyGroupTable, 'name' | 'scope' | 'settings'>,
): Promise<void> {
  await trx.updateTable('policy_groups').set(change).where('id', '=', id).execute();
}

/** Deletes those of the region; gives the first that a desktop has instead, if there is one, and deletes none then. */
export async function deleteOffices(
  trx: Trx,
  kind: Kind,
  regionId: string,
  ids: readonly string[],
): Promise<string | undefined> {
  const [used] = await rows<{ id: string }>(
    trx,
    `SELECT t.id FROM ${kind} t WHERE t.region_id = ? AND t.id IN (${marks(ids.length)})
     AND EXISTS (SELECT 1 ${HAS(kind, 't.id')}) LIMIT 1`,
    [regionId, ...ids],
  );
  if (used !== undefined) return used.id;
  await trx
    .deleteFrom(kind)
    .where('region_id', '=', regionId)
    .where('id', 'in', [...ids])
    .execute();
  return undefined;
}

function list<Row>(
  queries: Queries,
  kind: Kind,
  filter: OfficeFilter,
  page: PageRequest,
  offset: number,
): Promise<Row[]> {
  const where = conditions(filter).olderThan('t.created_at', 't.id', page.after);
  return rows<Row>(
    queries,
    `SELECT t.*, (SELECT count(*) ${HAS(kind, 't.id')}) AS desktops FROM ${kind} t ${where.text}
     ORDER BY t.created_at DESC, t.id DESC LIMIT ? OFFSET ?`,
    [...where.values, page.limit + 1, offset],
  );
}

function conditions(filter: OfficeFilter): Conditions {
  const where = new Conditions().equals('t.region_id', filter.regionId).among('t.id', filter.ids);
  const { excludedIds } = filter;
  if (excludedIds !== undefined) where.add(`t.id NOT IN (${marks(excludedIds.length)})`, ...excludedIds);
  return where.equals('t.scope', filter.scope);
}
