import { Type } from 'typebox';
import { pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { listSnapshots } from '../catalogue/snapshots.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { desktopsBehind, snapshotsOf } from './reached.ts';
import { all, named } from './resources.ts';
import { choice, MaxResults, NextToken, NextTokenGiven, RegionId, text } from './schema.ts';
import { SnapshotView, snapshotView } from './snapshot-view.ts';
import { fromSecond, SECOND_MS } from './times.ts';

const TYPES = { all: undefined, user: 'USER', auto: 'AUTO' } as const;
const DISK_TYPES = { System: 'system', Data: 'data' } as const;

export const DescribeSnapshots = operation({
  name: 'DescribeSnapshots',
  kind: 'read',
  summary: 'Lists snapshots, newest first.',
  parameters: Type.Object({
    RegionId,
    DesktopId: text('Only those of this desktop.'),
    DesktopName: text('Only those of desktops that have this name now; * stands for any part of it.'),
    SnapshotId: text('Only this one; an unknown id gives an empty list.'),
    SnapshotName: text('Only those of this name; * stands for any part of it.'),
    SourceDiskType: Type.Optional(choice(['System', 'Data'], 'Only those of this kind of disk.')),
    SnapshotType: Type.Optional(
      choice(['all', 'auto', 'user'], 'Only those of policies, or only those of users.'),
    ),
    OsType: Type.Optional(choice(['Windows', 'Linux'], 'Only those of such guests.')),
    Creator: text('Only those of this user.'),
    StartTime: text('Only those made at or after this time: yyyy-MM-ddTHH:mm:ssZ.'),
    EndTime: text('Only those made at or before this time: yyyy-MM-ddTHH:mm:ssZ.'),
    NextToken,
    MaxResults,
  }),
  response: Type.Object({ NextToken: NextTokenGiven, Snapshots: Type.Array(SnapshotView) }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken', 'InvalidParameter'],
  resources({ SnapshotId: id, DesktopId: desktopId }) {
    const names = [...named('snapshot', id), ...named('desktop', desktopId)];
    return names.length > 0 ? names : all('snapshot');
  },
  // Snapshots belong to desktops: neither shows what the other kind is denied.
  async alsoShows({ SnapshotId: id, DesktopId: desktopId }, services) {
    if (id !== undefined) return desktopsBehind(services, id);
    return desktopId === undefined ? all('desktop') : snapshotsOf(services, desktopId);
  },
  async run(services, parameters) {
    const { MaxResults: maxResults, NextToken: token, ...filters } = parameters;
    requireRegion(services, filters.RegionId);
    const from = filters.StartTime === undefined ? undefined : fromSecond('StartTime', filters.StartTime);
    const to = filters.EndTime === undefined ? undefined : fromSecond('EndTime', filters.EndTime);
    const scope = () => scopeOf('DescribeSnapshots', filters);
    const page = pageRequest(scope, maxResults, token);
    const rows = await listSnapshots(
      services.catalogue.db,
      {
        regionId: filters.RegionId,
        id: filters.SnapshotId,
        desktopId: filters.DesktopId,
        desktopName: filters.DesktopName,
        name: filters.SnapshotName,
        diskType: filters.SourceDiskType && DISK_TYPES[filters.SourceDiskType],
        type: filters.SnapshotType && TYPES[filters.SnapshotType],
        creator: filters.Creator,
        osType: filters.OsType,
        from,
        // A time shown as that second belongs to it whole.
        to: to === undefined ? undefined : to + SECOND_MS - 1,
      },
      page,
    );
    const { items, nextToken } = pageOf(rows, page.limit, scope, (row) => [row.created_at, row.id]);
    const now = services.clock();
    const snapshots = items.map((row) => snapshotView(row, now));
    return nextToken === null ? { Snapshots: snapshots } : { NextToken: nextToken, Snapshots: snapshots };
  },
});
