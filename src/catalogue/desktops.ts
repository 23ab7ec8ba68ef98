/**
 * Listing desktops, newest first, with their images and disks.
 *
 * Invariant: a deleted desktop is given only to who asks for the status `Deleted`.
 */
import type { Selectable } from 'kysely';
import type { Queries } from './catalogue.ts';
import { Conditions, marks, rows } from './conditions.ts';
import type { PageRequest } from './listing.ts';
import type { DesktopStatus, DesktopTable, DiskTable } from './schema.ts';
import { haveTags, type TagFilter } from './tags.ts';

export interface DesktopFilter {
  readonly regionId: string;
  readonly ids?: readonly string[] | undefined;
  /** Whole, or with `*`. */
  readonly name?: string | undefined;
  readonly statuses?: readonly DesktopStatus[] | undefined;
  readonly userName?: string | undefined;
  /** Assigned to at least one, to none of them. */
  readonly userIds?: readonly string[] | undefined;
  readonly excludedUserIds?: readonly string[] | undefined;
  readonly officeSiteId?: string | undefined;
  /** Whole, or with `*`. */
  readonly officeSiteName?: string | undefined;
  readonly policyGroupId?: string | undefined;
  readonly chargeType?: string | undefined;
  readonly osTypes?: readonly string[] | undefined;
  readonly imageIds?: readonly string[] | undefined;
  readonly bundleIds?: readonly string[] | undefined;
  readonly snapshotPolicyId?: string | undefined;
  /** All of them. */
  readonly tags?: readonly TagFilter[] | undefined;
}

export type DesktopListRow = Selectable<DesktopTable> & {
  /** Null when the image is in the catalogue no more. */
  readonly os_type: string | null;
  readonly platform: string | null;
  readonly snapshot_policy_id: string | null;
  readonly snapshot_policy_name: string | null;
  /** Null when there is no such record. */
  readonly office_site_name: string | null;
  readonly policy_group_name: string | null;
};

const FROM = `FROM desktops d LEFT JOIN images i ON i.id = d.image_id
  LEFT JOIN policy_bindings b ON b.desktop_id = d.id LEFT JOIN snapshot_policies p ON p.id = b.policy_id
  LEFT JOIN office_sites o ON o.id = d.office_site_id LEFT JOIN policy_groups g ON g.id = d.policy_group_id `;

/** Up to `limit + 1` desktops after the key; with `offset` instead of a key, after so many. */
export function listDesktops(
  queries: Queries,
  filter: DesktopFilter,
  page: PageRequest,
  offset = 0,
): Promise<DesktopListRow[]> {
  const where = conditions(filter).olderThan('d.created_at', 'd.id', page.after);
  return rows(
    queries,
    `SELECT d.*, i.os_type, i.platform, p.id AS snapshot_policy_id, p.name AS snapshot_policy_name,
       o.name AS office_site_name, g.name AS policy_group_name
     ${FROM}${where.text} ORDER BY d.created_at DESC, d.id DESC LIMIT ? OFFSET ?`,
    [...where.values, page.limit + 1, offset],
  );
}

export async function countDesktops(queries: Queries, filter: DesktopFilter): Promise<number> {
  const where = conditions(filter);
  const found = await rows<{ count: number }>(
    queries,
    `SELECT count(*) AS count ${FROM}${where.text}`,
    where.values,
  );
  return Number(found[0]?.count ?? 0);
}

/** The disks of some desktops by their desktop's id, the system disk first. */
export async function disksOfDesktops(
  queries: Queries,
  desktopIds: readonly string[],
): Promise<Map<string, Selectable<DiskTable>[]>> {
  if (desktopIds.length === 0) return new Map();
  const found = await rows<Selectable<DiskTable>>(
    queries,
    `SELECT * FROM disks WHERE desktop_id IN (${marks(desktopIds.length)}) ORDER BY type DESC`,
    desktopIds,
  );
  return Map.groupBy(found, (disk) => disk.desktop_id);
}

/** The first of `ids` that is a desktop of another region, if there is one. */
export async function desktopElsewhere(
  queries: Queries,
  ids: readonly string[],
  regionId: string,
): Promise<string | undefined> {
  const found = await rows<{ id: string }>(
    queries,
    `SELECT id FROM desktops WHERE id IN (${marks(ids.length)}) AND region_id <> ? LIMIT 1`,
    [...ids, regionId],
  );
  return found[0]?.id;
}

function conditions(filter: DesktopFilter): Conditions {
  const where = new Conditions().equals('d.region_id', filter.regionId);
  if (filter.statuses === undefined) where.add("d.status <> 'Deleted'");
  else where.among('d.status', filter.statuses);
  where.among('d.id', filter.ids).like('d.name', filter.name);
  users(where, 'EXISTS', filter.userName === undefined ? undefined : [filter.userName]);
  users(where, 'EXISTS', filter.userIds);
  users(where, 'NOT EXISTS', filter.excludedUserIds);
  where.equals('d.office_site_id', filter.officeSiteId).equals('d.policy_group_id', filter.policyGroupId);
  where.like('o.name', filter.officeSiteName);
  where.equals('d.charge_type', filter.chargeType).among('i.os_type', filter.osTypes);
  where.equals('b.policy_id', filter.snapshotPolicyId);
  haveTags(where, filter.tags);
  return where.among('d.image_id', filter.imageIds).among('d.bundle_id', filter.bundleIds);
}

function users(where: Conditions, word: 'EXISTS' | 'NOT EXISTS', ids: readonly string[] | undefined): void {
  if (ids === undefined) return;
  const text = `${word} (SELECT 1 FROM json_each(d.end_user_ids) u WHERE u.value IN (${marks(ids.length)}))`;
  where.add(text, ...ids);
}
