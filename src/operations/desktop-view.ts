/** A desktop as DescribeDesktops shows it. Fields that have no meaning here are not given (docs/differences.md). */
import type { Selectable } from 'kysely';
import { type Static, Type } from 'typebox';
import type { DesktopListRow } from '../catalogue/desktops.ts';
import type { DiskTable } from '../catalogue/schema.ts';
import type { Tag } from '../catalogue/tags.ts';
import type { Settings } from '../settings.ts';
import { toGib } from './checks.ts';
import { toMinute, toSecond } from './times.ts';

export const DesktopView = Type.Object({
  DesktopId: Type.String(),
  DesktopName: Type.String(),
  HostName: Type.String(),
  DesktopStatus: Type.String({ description: 'Pending, Starting, Running, Stopping, Stopped or Deleted.' }),
  ManagementFlag: Type.Enum(['Migrating', 'Updating', 'NoFlag']),
  ConnectionStatus: Type.Enum(['Unknown', 'Connected', 'Disconnected']),
  Progress: Type.String(),
  CreationTime: Type.String({ description: 'To the minute.' }),
  StartTime: Type.Optional(Type.String({ description: 'To the minute.' })),
  StandardStartTime: Type.Optional(Type.String({ description: 'To the second.' })),
  ChargeType: Type.Enum(['PostPaid', 'PrePaid']),
  DesktopType: Type.String(),
  Cpu: Type.Integer({ format: 'int32' }),
  Memory: Type.Integer({ format: 'int64', description: 'MiB.' }),
  GpuCount: Type.Number({ format: 'float' }),
  GpuCategory: Type.Integer({ format: 'int64' }),
  OsType: Type.String(),
  Platform: Type.String(),
  ProtocolType: Type.Enum(['HDX', 'ASP']),
  SessionType: Type.Enum(['SINGLE_SESSION', 'MULTIPLE_SESSION']),
  ImageId: Type.String(),
  BundleId: Type.String(),
  BundleName: Type.String(),
  Disks: Type.Array(
    Type.Object({
      DiskId: Type.String(),
      DiskType: Type.Enum(['SYSTEM', 'DATA']),
      DiskSize: Type.Integer({ format: 'int32', description: 'GiB, rounded up.' }),
    }),
  ),
  NetworkInterfaceIp: Type.Optional(
    Type.String({
      description:
        'The address of a Running desktop on a bridge of the host, as its guest says by the guest agent; not given while it is not known.',
    }),
  ),
  SystemDiskSize: Type.Integer({ format: 'int32', description: 'GiB, rounded up.' }),
  DataDiskSize: Type.Optional(Type.String({ description: 'GiB, rounded up.' })),
  OfficeSiteId: Type.String(),
  OfficeSiteName: Type.Optional(Type.String()),
  OfficeSiteType: Type.Enum(['SIMPLE', 'AD_CONNECTOR']),
  DirectoryId: Type.String(),
  DirectoryType: Type.String(),
  PolicyGroupId: Type.String(),
  PolicyGroupName: Type.Optional(Type.String()),
  PolicyGroupIdList: Type.Array(Type.String()),
  PolicyGroupNameList: Type.Array(Type.String()),
  SnapshotPolicyId: Type.Optional(Type.String()),
  SnapshotPolicyName: Type.Optional(Type.String()),
  EndUserIds: Type.Array(Type.String()),
  BindAmount: Type.Integer({ format: 'int32' }),
  Sessions: Type.Array(
    Type.Object({
      EndUserId: Type.Optional(Type.String()),
      ExternalUserName: Type.Optional(Type.String()),
      EstablishmentTime: Type.Optional(Type.String()),
    }),
  ),
  Tags: Type.Array(Type.Object({ Key: Type.String(), Value: Type.String() })),
  ManagementFlags: Type.Array(
    Type.Enum([
      'NoFlag',
      'Migrating',
      'Updating',
      'Hibernated',
      'Hibernating',
      'WakingUp',
      'Assigning',
      'UnderMaintenance',
      'EnterMaintenance',
      'MigratingProtocol',
    ]),
  ),
  VolumeEncryptionEnabled: Type.Boolean(),
  SupportHibernation: Type.Boolean(),
  HibernationOptionsConfigured: Type.Boolean(),
  HibernationBeta: Type.Boolean(),
  IsLdap: Type.Boolean(),
});

export type DesktopView = Static<typeof DesktopView>;

export function desktopView(
  row: DesktopListRow,
  disks: readonly Selectable<DiskTable>[],
  tags: readonly Tag[],
  bundles: Settings['bundles'],
  address: string | null,
): DesktopView {
  const bundle = bundles.find((candidate) => candidate.id === row.bundle_id);
  const users = JSON.parse(row.end_user_ids) as string[];
  const sizeOf = (type: DiskTable['type']) => {
    const disk = disks.find((candidate) => candidate.type === type);
    return disk === undefined ? undefined : toGib(disk.size_bytes);
  };
  const dataGib = sizeOf('data');
  return {
    DesktopId: row.id,
    DesktopName: row.name,
    HostName: row.hostname,
    DesktopStatus: row.status,
    ManagementFlag: 'NoFlag',
    ConnectionStatus: 'Unknown',
    Progress: row.status === 'Pending' ? '0%' : '100%',
    CreationTime: toMinute(row.created_at),
    ...(row.started_at === null
      ? {}
      : { StartTime: toMinute(row.started_at), StandardStartTime: toSecond(row.started_at) }),
    ChargeType: row.charge_type === 'PrePaid' ? 'PrePaid' : 'PostPaid',
    DesktopType: bundle?.desktopType ?? '',
    Cpu: row.cpus,
    Memory: row.memory_mib,
    GpuCount: 0,
    GpuCategory: 0,
    OsType: row.os_type ?? 'Linux',
    Platform: row.platform ?? '',
    ProtocolType: 'ASP',
    SessionType: 'SINGLE_SESSION',
    ImageId: row.image_id,
    BundleId: row.bundle_id,
    BundleName: bundle?.name ?? '',
    Disks: disks.map((disk) => ({
      DiskId: disk.id,
      DiskType: disk.type === 'system' ? 'SYSTEM' : 'DATA',
      DiskSize: toGib(disk.size_bytes),
    })),
    ...(address === null ? {} : { NetworkInterfaceIp: address }),
    SystemDiskSize: sizeOf('system') ?? 0,
    ...(dataGib === undefined ? {} : { DataDiskSize: String(dataGib) }),
    OfficeSiteId: row.office_site_id,
    ...(row.office_site_name === null ? {} : { OfficeSiteName: row.office_site_name }),
    OfficeSiteType: 'SIMPLE',
    DirectoryId: row.office_site_id,
    DirectoryType: 'SIMPLE',
    PolicyGroupId: row.policy_group_id,
    ...(row.policy_group_name === null ? {} : { PolicyGroupName: row.policy_group_name }),
    PolicyGroupIdList: row.policy_group_id === '' ? [] : [row.policy_group_id],
    PolicyGroupNameList: row.policy_group_name === null ? [] : [row.policy_group_name],
    ...(row.snapshot_policy_id === null
      ? {}
      : {
          SnapshotPolicyId: row.snapshot_policy_id,
          SnapshotPolicyName: row.snapshot_policy_name ?? '',
        }),
    EndUserIds: users,
    BindAmount: users.length,
    Sessions: [],
    Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })),
    ManagementFlags: ['NoFlag'],
    VolumeEncryptionEnabled: false,
    SupportHibernation: false,
    HibernationOptionsConfigured: false,
    HibernationBeta: false,
    IsLdap: false,
  };
}
