/**
 * A snapshot as DescribeSnapshots shows it.
 *
 * Invariants: 100% is shown of an ACCOMPLISHED snapshot only; a snapshot whose desktop is gone shows `Deleted` for it
 * and its disk.
 */
import { type Static, Type } from 'typebox';
import type { SnapshotListRow } from '../catalogue/snapshots.ts';
import { toGib } from './checks.ts';
import { SECOND_MS, toSecond } from './times.ts';

const DESKTOP_STATUSES = [
  'Stopped',
  'Starting',
  'Rebuilding',
  'Running',
  'Stopping',
  'Expired',
  'Deleted',
  'Pending',
] as const;
const MAX_INT32 = 2 ** 31 - 1;

export const SnapshotView = Type.Object({
  SnapshotId: Type.String(),
  SnapshotName: Type.String(),
  Description: Type.String(),
  SnapshotType: Type.Enum(['USER', 'AUTO'], { description: 'Made by a user or by a policy.' }),
  Status: Type.Enum(['PROGRESSING', 'ACCOMPLISHED', 'FAILED']),
  Progress: Type.String({ description: 'Percent of the bytes to store, as in 37%.' }),
  RemainTime: Type.Integer({ format: 'int32', description: 'Seconds left; -1 while that is not known.' }),
  CreationTime: Type.String({ description: 'The point in time that it holds.' }),
  SourceDiskType: Type.Enum(['SYSTEM', 'DATA']),
  SourceDiskSize: Type.String({ description: 'GiB, rounded up.' }),
  DesktopId: Type.String(),
  DesktopName: Type.String({ description: 'The name of now.' }),
  DesktopStatus: Type.Enum([...DESKTOP_STATUSES], { description: 'The status of now.' }),
  DiskStatus: Type.Enum(['Available', 'Deleted']),
  Creator: Type.String(),
  ProtocolType: Type.Enum(['HDX', 'ASP']),
  OsType: Type.Enum(['Windows', 'Linux']),
  VolumeEncryptionEnabled: Type.Boolean(),
  Consistency: Type.Optional(
    Type.Enum(['filesystem', 'crash', 'stopped'], {
      description: 'The file systems were at rest, or as after a power cut, or the desktop was stopped.',
    }),
  ),
  StoredBytes: Type.Optional(
    Type.Integer({ format: 'int64', description: 'New bytes that it added to the vault.' }),
  ),
  ChangedBytes: Type.Optional(
    Type.Integer({
      format: 'int64',
      description:
        'Bytes of the disk that were written since the state that was stored before it, each place counted once.',
    }),
  ),
  ArchivedTime: Type.Optional(Type.String({ description: 'When all of it was in the vault.' })),
  DeletionTime: Type.Optional(
    Type.String({
      description: 'When the retention of its policy ends; absent if it stays until somebody deletes it.',
    }),
  ),
});

export type SnapshotView = Static<typeof SnapshotView>;

export function snapshotView(row: SnapshotListRow, now: number): SnapshotView {
  const desktopStatus = row.desktop_status ?? 'Deleted';
  const view: SnapshotView = {
    SnapshotId: row.id,
    SnapshotName: row.name,
    Description: row.description,
    SnapshotType: row.type,
    Status: row.status,
    Progress: `${percent(row)}%`,
    RemainTime: remainSeconds(row, now),
    CreationTime: toSecond(row.created_at),
    SourceDiskType: row.disk_type === 'system' ? 'SYSTEM' : 'DATA',
    SourceDiskSize: String(toGib(row.disk_size_bytes)),
    DesktopId: row.desktop_id,
    DesktopName: row.desktop_name,
    DesktopStatus: desktopStatus,
    DiskStatus: desktopStatus === 'Deleted' ? 'Deleted' : 'Available',
    Creator: row.creator,
    ProtocolType: 'ASP',
    OsType: row.os_type === 'Windows' ? 'Windows' : 'Linux',
    VolumeEncryptionEnabled: false,
  };
  if (row.consistency !== null) view.Consistency = row.consistency;
  if (row.stored_bytes !== null) view.StoredBytes = row.stored_bytes;
  if (row.status === 'ACCOMPLISHED' && row.total_bytes !== null) view.ChangedBytes = row.total_bytes;
  if (row.archived_at !== null) view.ArchivedTime = toSecond(row.archived_at);
  if (row.expires_at !== null) view.DeletionTime = toSecond(row.expires_at);
  return view;
}

type Work = Pick<SnapshotListRow, 'status' | 'total_bytes' | 'done_bytes' | 'created_at'>;

/** 0 to 100. */
export function percent({ status, total_bytes: total, done_bytes: done }: Work): number {
  if (status === 'ACCOMPLISHED') return 100;
  if (total === null || total <= 0) return 0;
  return Math.min(99, Math.max(0, Math.floor((100 * done) / total)));
}

/** Seconds left at the pace so far; -1 before the first byte; 0 when there is nothing to wait for. */
export function remainSeconds(work: Work, now: number): number {
  if (work.status !== 'PROGRESSING') return 0;
  if (work.total_bytes === null || work.done_bytes <= 0) return -1;
  const elapsed = Math.max(0, now - work.created_at);
  const left = Math.max(0, work.total_bytes - work.done_bytes);
  return Math.min(MAX_INT32, Math.ceil((elapsed * left) / work.done_bytes / SECOND_MS));
}
