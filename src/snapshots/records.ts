/**
 * What the vault keeps of each snapshot and image, so that the catalogue can be rebuilt from the vault alone.
 *
 * Invariant: a record's `version` grows with its form; `root` is the text of `rootKey`. No secret is in it.
 */
import type { Selectable } from 'kysely';
import type { ImageTable, SnapshotTable } from '../catalogue/schema.ts';

export interface RootRecord {
  readonly version: 1;
  readonly kind: 'snapshot' | 'image';
  readonly root: string;
  readonly [key: string]: string | number | null;
}

export function snapshotRecord(row: Selectable<SnapshotTable>, root: string, archivedAt: number): RootRecord {
  return {
    version: 1,
    kind: 'snapshot',
    id: row.id,
    root,
    name: row.name,
    description: row.description,
    regionId: row.region_id,
    desktopId: row.desktop_id,
    desktopName: row.desktop_name,
    diskId: row.disk_id,
    diskType: row.disk_type,
    diskSizeBytes: row.disk_size_bytes,
    osType: row.os_type,
    type: row.type,
    creator: row.creator,
    policyId: row.policy_id,
    expiresAt: row.expires_at,
    consistency: row.consistency,
    createdAt: row.created_at,
    archivedAt,
  };
}

export function imageRecord(row: Selectable<ImageTable>, root: string): RootRecord {
  return {
    version: 1,
    kind: 'image',
    id: row.id,
    root,
    name: row.name,
    description: row.description,
    osType: row.os_type,
    platform: row.platform,
    sizeBytes: row.size_bytes,
    createdAt: row.created_at,
  };
}
