import { Type } from 'typebox';
import { type DesktopHolding, type Holding, storing } from '../catalogue/holdings.ts';
import { type Key, pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { all } from './resources.ts';
import { MaxResults, NextToken, NextTokenGiven, RegionId } from './schema.ts';
import { percent, remainSeconds } from './snapshot-view.ts';
import { toSecond } from './times.ts';

const MOST_JOBS = 100;

const bytes = (description: string) => Type.Integer({ format: 'int64', description });
const count = (description: string) => Type.Integer({ format: 'int64', description });

const SUMS = {
  SnapshotCount: count('Stored snapshots.'),
  LogicalBytes: bytes('The sizes of their disks, empty space too.'),
  ChangedBytes: bytes('Bytes of changes that were read to store them.'),
  StoredBytes: bytes('New bytes that they added to the vault.'),
};

const Point = Type.Object({ Time: Type.String(), ...SUMS });

const Holder = Type.Object({
  DesktopId: Type.String(),
  DesktopName: Type.String(),
  DesktopStatus: Type.String(),
  LastSnapshotTime: Type.String(),
  ...SUMS,
});

const Job = Type.Object({
  SnapshotId: Type.String(),
  SnapshotName: Type.String(),
  SnapshotType: Type.Enum(['USER', 'AUTO']),
  DesktopId: Type.String(),
  DesktopName: Type.String(),
  SourceDiskType: Type.Enum(['SYSTEM', 'DATA']),
  CreationTime: Type.String(),
  Progress: Type.String(),
  RemainTime: Type.Integer({ format: 'int32', description: 'Seconds left; -1 while that is not known.' }),
  TotalBytes: Type.Optional(bytes('Bytes of changes to store; absent until they are counted.')),
  DoneBytes: bytes('Of these stored so far.'),
});

export const DescribeVault = operation({
  name: 'DescribeVault',
  kind: 'read',
  summary:
    'Says how full the vault is and of what: in all, over time and by desktop; and what is being stored now.',
  parameters: Type.Object({ RegionId, MaxResults, NextToken }),
  response: Type.Object({
    NextToken: NextTokenGiven,
    VaultId: Type.String(),
    ChunkSize: Type.Integer({ format: 'int32' }),
    Vault: Type.Object({
      StoredBytes: bytes('Of all files of the vault that hold content.'),
      UniqueBytes: bytes('Content after deduplication, before compression.'),
      FreeBytes: bytes('What can still be written.'),
      ChunkCount: count('Different chunks.'),
      PackCount: count('Files that hold them.'),
      ImageCount: count('Images that it holds.'),
      ImageBytes: bytes('The sizes of their disks.'),
      SnapshotCount: SUMS.SnapshotCount,
      LogicalBytes: SUMS.LogicalBytes,
      ChangedBytes: SUMS.ChangedBytes,
    }),
    History: Type.Array(Point, {
      description:
        'What the snapshots that were there had added up to, as noted every ten minutes in which something changed, and now; before the first note, what those of now had added up to.',
    }),
    DesktopCount: count('Desktops of the region that have snapshots.'),
    Desktops: Type.Array(Holder, { description: 'Those that added most first.' }),
    Jobs: Type.Array(Job, {
      description: `Snapshots that are being stored, oldest first; ${MOST_JOBS} at most.`,
    }),
  }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken'],
  resources: () => all('snapshot'),
  alsoShows: () => all('desktop'),
  async run(services, { RegionId: regionId, MaxResults: most, NextToken: token }) {
    requireRegion(services, regionId);
    const { vault, catalogue, clock } = services;
    const scope = () => scopeOf('DescribeVault', { RegionId: regionId });
    const page = pageRequest(scope, most, token);
    const state = await vault.state();
    const holders = await vault.desktops(regionId);
    const rest = holders.filter((one) => isAfter(page.after, one));
    const { items, nextToken } = pageOf(rest, page.limit, scope, (one) => [one.stored, one.desktop_id]);
    const now = clock();
    const jobs = await storing(catalogue.db, regionId, MOST_JOBS);
    const { stats, held } = state;
    return {
      ...(nextToken === null ? {} : { NextToken: nextToken }),
      VaultId: state.id,
      ChunkSize: state.chunkSize,
      Vault: {
        ...sums(held),
        StoredBytes: stats.storedBytes,
        UniqueBytes: stats.rawBytes,
        FreeBytes: state.freeBytes,
        ChunkCount: stats.chunks,
        PackCount: stats.packs,
        ImageCount: held.images.snapshots,
        ImageBytes: held.images.logical,
      },
      History: state.history.map((point) => ({ Time: toSecond(point.at), ...sums(point) })),
      DesktopCount: holders.length,
      Desktops: items.map(holder),
      Jobs: jobs.map((job) => ({
        SnapshotId: job.id,
        SnapshotName: job.name,
        SnapshotType: job.type,
        DesktopId: job.desktop_id,
        DesktopName: job.desktop_name,
        SourceDiskType: job.disk_type === 'system' ? ('SYSTEM' as const) : ('DATA' as const),
        CreationTime: toSecond(job.created_at),
        Progress: `${percent(job)}%`,
        RemainTime: remainSeconds(job, now),
        ...(job.total_bytes === null ? {} : { TotalBytes: job.total_bytes }),
        DoneBytes: job.done_bytes,
      })),
    };
  },
});

function isAfter(after: Key | null, { stored, desktop_id: id }: DesktopHolding): boolean {
  return after === null || stored < after[0] || (stored === after[0] && id < after[1]);
}

function sums({ snapshots, logical, changed, stored }: Holding) {
  return { SnapshotCount: snapshots, LogicalBytes: logical, ChangedBytes: changed, StoredBytes: stored };
}

function holder(held: DesktopHolding) {
  return {
    DesktopId: held.desktop_id,
    DesktopName: held.desktop_name,
    DesktopStatus: held.status,
    LastSnapshotTime: toSecond(held.last_at),
    ...sums(held),
  };
}
