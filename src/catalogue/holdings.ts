/**
 * What the snapshots of the catalogue hold in the vault: in all, by desktop, over time; and what is being stored now.
 *
 * Invariants: each but `storing` reads the whole table of snapshots, so callers keep the answers for a while; only
 * stored snapshots count, also those that were taken for an image.
 */
import type { Queries } from './catalogue.ts';
import { rows } from './conditions.ts';
import type { DesktopStatus, DiskType } from './schema.ts';

/** Sums over snapshots. `changed`: bytes of changes that were read to store them; `stored`: new bytes in the vault. */
export interface Holding {
  readonly snapshots: number;
  /** The sizes of their disks. */
  readonly logical: number;
  readonly changed: number;
  readonly stored: number;
}

export interface DesktopHolding extends Holding {
  readonly desktop_id: string;
  readonly desktop_name: string;
  readonly status: DesktopStatus;
  readonly last_at: number;
}

export interface HistoryPoint extends Holding {
  /** When the last of them was stored. */
  readonly at: number;
}

const SUMS = `count(*) AS snapshots, COALESCE(sum(s.disk_size_bytes), 0) AS logical,
  COALESCE(sum(s.total_bytes), 0) AS changed, COALESCE(sum(s.stored_bytes), 0) AS stored`;
const STORED = `s.status = 'ACCOMPLISHED'`;

export async function heldInAll(queries: Queries): Promise<Holding & { readonly images: Holding }> {
  const [snapshots] = await rows<Holding>(queries, `SELECT ${SUMS} FROM snapshots s WHERE ${STORED}`, []);
  const [images] = await rows<Holding>(
    queries,
    `SELECT count(*) AS snapshots, COALESCE(sum(size_bytes), 0) AS logical, 0 AS changed, 0 AS stored
     FROM images WHERE root IS NOT NULL`,
    [],
  );
  return { ...snapshots!, images: images! };
}

/** Those that added most first. */
export function heldByDesktop(queries: Queries, regionId: string): Promise<DesktopHolding[]> {
  return rows(
    queries,
    `SELECT h.*, COALESCE(d.name, h.name) AS desktop_name, COALESCE(d.status, 'Deleted') AS status FROM (
       SELECT s.desktop_id, max(s.desktop_name) AS name, max(s.created_at) AS last_at, ${SUMS}
       FROM snapshots s WHERE s.region_id = ? AND ${STORED} AND s.image_id IS NULL GROUP BY s.desktop_id
     ) h LEFT JOIN desktops d ON d.id = h.desktop_id ORDER BY h.stored DESC, h.desktop_id DESC`,
    [regionId],
  );
}

/** What the snapshots that are there now had added up to at some instants, oldest first; at most about `points`. */
export async function heldOverTime(queries: Queries, points: number): Promise<HistoryPoint[]> {
  const there = `FROM snapshots s WHERE ${STORED} AND s.archived_at IS NOT NULL`;
  const [span] = await rows<{ first: number | null; last: number | null }>(
    queries,
    `SELECT min(s.archived_at) AS first, max(s.archived_at) AS last ${there}`,
    [],
  );
  if (span?.first == null || span.last === null) return [];
  // A bound number is a real one to SQLite, and so would be what it divides.
  const step = Math.max(1000, Math.ceil((span.last - span.first + 1) / points));
  const parts = await rows<HistoryPoint>(
    queries,
    `SELECT max(s.archived_at) AS at, ${SUMS} ${there}
     GROUP BY (s.archived_at - CAST(? AS INTEGER)) / CAST(? AS INTEGER) ORDER BY at`,
    [span.first, step],
  );
  const sum = { snapshots: 0, logical: 0, changed: 0, stored: 0 };
  return parts.map((part) => {
    for (const name of ['snapshots', 'logical', 'changed', 'stored'] as const) sum[name] += part[name];
    return { at: part.at, ...sum };
  });
}

export interface Storing {
  readonly id: string;
  readonly name: string;
  readonly desktop_id: string;
  readonly desktop_name: string;
  readonly disk_type: DiskType;
  readonly type: 'USER' | 'AUTO';
  readonly created_at: number;
  readonly status: 'PROGRESSING';
  readonly total_bytes: number | null;
  readonly done_bytes: number;
}

/** The snapshots of a region that are being stored, oldest first. */
export function storing(queries: Queries, regionId: string, limit: number): Promise<Storing[]> {
  return rows(
    queries,
    `SELECT s.id, s.name, s.desktop_id, COALESCE(d.name, s.desktop_name) AS desktop_name, s.disk_type, s.type,
       s.created_at, s.status, s.total_bytes, s.done_bytes
     FROM snapshots s INDEXED BY snapshots_progressing LEFT JOIN desktops d ON d.id = s.desktop_id
     WHERE s.status = 'PROGRESSING' AND s.region_id = ? AND s.consistency IS NOT NULL AND s.image_id IS NULL
     ORDER BY s.created_at, s.id LIMIT ?`,
    [regionId, limit],
  );
}
