/**
 * Listing snapshots, newest first.
 *
 * Invariants: one query a page, led by an index, with the desktop of now by its primary key; a desktop's row outlives
 * its snapshots (it becomes `Deleted`); a snapshot is listed from its freeze on, when its time is known for good, so
 * that no item of a listing moves; one that is taken for an image is nobody's to see.
 */
import type { Queries } from './catalogue.ts';
import { Conditions, rows } from './conditions.ts';
import type { PageRequest } from './listing.ts';
import type { Consistency, DesktopStatus, DiskType, SnapshotStatus } from './schema.ts';

export interface SnapshotFilter {
  readonly regionId: string;
  readonly id?: string | undefined;
  readonly desktopId?: string | undefined;
  /** Names: whole, or with `*`. That of a desktop is its name of now. */
  readonly desktopName?: string | undefined;
  readonly name?: string | undefined;
  readonly diskType?: DiskType | undefined;
  readonly type?: 'USER' | 'AUTO' | undefined;
  readonly creator?: string | undefined;
  readonly osType?: string | undefined;
  /** Milliseconds, both included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface SnapshotListRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly desktop_id: string;
  /** Name and status of now; the name of then and null when the desktop is in the catalogue no more. */
  readonly desktop_name: string;
  readonly desktop_status: DesktopStatus | null;
  readonly disk_type: DiskType;
  readonly disk_size_bytes: number;
  readonly os_type: string;
  readonly type: 'USER' | 'AUTO';
  readonly status: SnapshotStatus;
  readonly creator: string;
  readonly consistency: Consistency | null;
  readonly created_at: number;
  readonly archived_at: number | null;
  readonly total_bytes: number | null;
  readonly done_bytes: number;
  readonly stored_bytes: number | null;
  readonly expires_at: number | null;
}

const SELECT = `SELECT s.id, s.name, s.description, s.desktop_id,
  COALESCE(d.name, s.desktop_name) AS desktop_name, d.status AS desktop_status, s.disk_type, s.disk_size_bytes, s.os_type, s.type, s.status, s.creator, s.consistency,
  s.created_at, s.archived_at, s.total_bytes, s.done_bytes, s.stored_bytes, s.expires_at
  FROM snapshots s LEFT JOIN desktops d ON d.id = s.desktop_id `;

/** Up to `limit + 1` snapshots after the key: one more than the page tells that there is another page. */
export function listSnapshots(
  queries: Queries,
  filter: SnapshotFilter,
  page: PageRequest,
): Promise<SnapshotListRow[]> {
  const where = new Conditions();
  const led = filter.id !== undefined || filter.desktopId !== undefined || filter.desktopName !== undefined;
  // An expression instead of the column keeps the planner from the region's index where a narrower one is at hand.
  where.equals(led ? "(s.region_id || '')" : 's.region_id', filter.regionId);
  where.equals('s.id', filter.id).equals('s.desktop_id', filter.desktopId);
  if (filter.desktopName !== undefined) {
    const named = new Conditions().like('name', filter.desktopName);
    where.add(`s.desktop_id IN (SELECT id FROM desktops ${named.text})`, ...named.values);
  }
  where.like('s.name', filter.name);
  where.equals('s.disk_type', filter.diskType).equals('s.type', filter.type);
  where.equals('s.creator', filter.creator).equals('s.os_type', filter.osType);
  if (filter.from !== undefined) where.add('s.created_at >= ?', filter.from);
  if (filter.to !== undefined) where.add('s.created_at <= ?', filter.to);
  where.add("(s.consistency IS NOT NULL OR s.status <> 'PROGRESSING')").add('s.image_id IS NULL');
  where.olderThan('s.created_at', 's.id', page.after);
  return rows(queries, `${SELECT}${where.text} ORDER BY s.created_at DESC, s.id DESC LIMIT ?`, [
    ...where.values,
    page.limit + 1,
  ]);
}

/** The desktops that snapshots are of, by the snapshot's id; those that are not there are left out. */
export async function desktopsOfSnapshots(
  queries: Queries,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = await queries
    .selectFrom('snapshots')
    .select(['id', 'desktop_id'])
    .where('id', 'in', [...ids])
    .execute();
  return new Map(found.map((row) => [row.id, row.desktop_id]));
}

/** Which desktop and which of its disks each of some snapshots is of; unknown ones are left out. */
export function disksOfSnapshots(
  queries: Queries,
  regionId: string,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly desktop_id: string; readonly disk_type: DiskType }[]> {
  return queries
    .selectFrom('snapshots')
    .select(['id', 'desktop_id', 'disk_type'])
    .where('id', 'in', [...ids])
    .where('region_id', '=', regionId)
    .where('image_id', 'is', null)
    .execute();
}
