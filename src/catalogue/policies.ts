/**
 * Automatic snapshot policies and the desktops that have them.
 *
 * Invariants: a desktop has at most one policy (its binding's primary key is the desktop); a binding made or a schedule
 * changed now has no points before now; a policy that is deleted leaves its snapshots, and they their ends.
 */
import type { Selectable } from 'kysely';
import type { Queries, Trx } from './catalogue.ts';
import { Conditions, marks, rows } from './conditions.ts';
import type { PageRequest } from './listing.ts';
import type { DesktopStatus, DiskType, SnapshotPolicyTable } from './schema.ts';

export type PolicyRow = Selectable<SnapshotPolicyTable>;
/** `desktops`: how many have it, deleted ones left out. */
export type PolicyListRow = PolicyRow & { readonly desktops: number };

export interface PolicyFilter {
  readonly regionId: string;
  readonly id?: string | undefined;
  /** Whole, or with `*`. */
  readonly name?: string | undefined;
}

const BOUND = `FROM policy_bindings b JOIN desktops d ON d.id = b.desktop_id
  WHERE b.policy_id = p.id AND d.status <> 'Deleted'`;

/** Up to `limit + 1` policies after the key, newest first. */
export function listPolicies(
  queries: Queries,
  filter: PolicyFilter,
  page: PageRequest,
): Promise<PolicyListRow[]> {
  const where = new Conditions().equals('p.region_id', filter.regionId).equals('p.id', filter.id);
  where.like('p.name', filter.name).olderThan('p.created_at', 'p.id', page.after);
  return rows(
    queries,
    `SELECT p.*, (SELECT count(*) ${BOUND}) AS desktops FROM snapshot_policies p ${where.text}
     ORDER BY p.created_at DESC, p.id DESC LIMIT ?`,
    [...where.values, page.limit + 1],
  );
}

export function policyById(queries: Queries, id: string): Promise<PolicyRow | undefined> {
  return queries.selectFrom('snapshot_policies').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Those that a desktop has. */
export function policiesInUse(queries: Queries): Promise<PolicyRow[]> {
  return rows(
    queries,
    `SELECT p.* FROM snapshot_policies p WHERE EXISTS (SELECT 1 ${BOUND}) ORDER BY p.id`,
    [],
  );
}

/** Gives desktops a policy instead of any other. Those that have it already keep what is under way. */
export async function bindDesktops(
  trx: Trx,
  policyId: string,
  desktopIds: readonly string[],
  now: number,
): Promise<void> {
  for (const id of desktopIds) {
    await trx
      .insertInto('policy_bindings')
      .values({ desktop_id: id, policy_id: policyId, bound_at: now, last_point: now })
      .onConflict((conflict) =>
        conflict
          .column('desktop_id')
          .doUpdateSet({ policy_id: policyId, bound_at: now, last_point: now })
          .where('policy_bindings.policy_id', '!=', policyId),
      )
      .execute();
  }
}

/** Takes its policy from each desktop; with `policyId` only from those that have this one. */
export async function unbindDesktops(
  trx: Trx,
  desktopIds: readonly string[],
  policyId: string | undefined,
): Promise<void> {
  let query = trx.deleteFrom('policy_bindings').where('desktop_id', 'in', [...desktopIds]);
  if (policyId !== undefined) query = query.where('policy_id', '=', policyId);
  await query.execute();
}

/** After its schedule has changed: what the new one would have done before now is not made up. */
export async function forgetPoints(trx: Trx, policyId: string, now: number): Promise<void> {
  await trx
    .updateTable('policy_bindings')
    .set({ last_point: now })
    .where('policy_id', '=', policyId)
    .where('last_point', '<', now)
    .execute();
}

/** Which policy a desktop has, if any. */
export async function policyOf(queries: Queries, desktopId: string): Promise<string | undefined> {
  const row = await queries
    .selectFrom('policy_bindings')
    .select('policy_id')
    .where('desktop_id', '=', desktopId)
    .executeTakeFirst();
  return row?.policy_id;
}

export interface DueRow {
  readonly desktop_id: string;
  readonly region_id: string;
  readonly last_point: number;
}

/** Desktops with this policy that have not dealt with a point yet; deleted ones left out. */
export function dueDesktops(queries: Queries, policyId: string, point: number): Promise<DueRow[]> {
  return rows(
    queries,
    `SELECT b.desktop_id, d.region_id, b.last_point
     FROM policy_bindings b JOIN desktops d ON d.id = b.desktop_id
     WHERE b.policy_id = ? AND b.last_point < ? AND d.status <> 'Deleted' ORDER BY b.desktop_id`,
    [policyId, point],
  );
}

export interface BoundDisk {
  readonly desktop_id: string;
  readonly desktop_name: string;
  readonly disk_type: DiskType;
}

/** The disks of all desktops with a policy; deleted ones left out. */
export function boundDisks(queries: Queries, policyId: string): Promise<BoundDisk[]> {
  return rows(
    queries,
    `SELECT d.id AS desktop_id, d.name AS desktop_name, k.type AS disk_type
     FROM policy_bindings b JOIN desktops d ON d.id = b.desktop_id JOIN disks k ON k.desktop_id = d.id
     WHERE b.policy_id = ? AND d.status <> 'Deleted' ORDER BY d.id, k.type DESC`,
    [policyId],
  );
}

/** The region and status of each desktop that is in the catalogue. */
export function desktopsAmong(
  queries: Queries,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly region_id: string; readonly status: DesktopStatus }[]> {
  return rows(queries, `SELECT id, region_id, status FROM desktops WHERE id IN (${marks(ids.length)})`, ids);
}
