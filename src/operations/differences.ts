/**
 * Where this server differs from the published metadata and documents of ECD, and why. docs/differences.md is made of
 * this; a test compares the schemas with the metadata and fails on any difference that is not named here, and on any
 * that is named and is none.
 */

/** Differences in names, types and limits: the places `at` + `.` + each of `names` (or `at` alone). */
export interface SchemaDifference {
  readonly at: string;
  readonly names?: readonly string[];
  readonly why: string;
}

const ENCRYPTION = 'Disks are not encrypted, so there is no key.';
const CATEGORIES = 'Disks are files of this server; the classes of cloud disks do not apply.';
const LIMIT = 'One rule for all lists: 1 to 100, 100 if nothing or 0 is sent.';
const PLATFORMS = 'Images are of any system: the platform is what the image was imported as.';

const listLimit = (operation: string, ...names: string[]): SchemaDifference => ({
  at: `${operation}.parameters.MaxResults`,
  names: ['maximum', 'default', ...names],
  why: LIMIT,
});

const SNAPSHOTS = 'DescribeSnapshots.response.Snapshots[]';
const DESKTOPS = 'DescribeDesktops.response.Desktops[]';
const BUNDLES = 'DescribeBundles.response.Bundles[]';
const IMAGES = 'DescribeImages.response.Images[]';

export const SCHEMA_DIFFERENCES: readonly SchemaDifference[] = [
  {
    at: 'CreateSnapshot.parameters.SnapshotName.pattern',
    why: 'The document allows every name of 2 to 128 characters that does not begin with auto; only control characters are refused beside that. Spaces, colons and the like are therefore allowed.',
  },
  {
    at: SNAPSHOTS,
    names: ['Consistency', 'StoredBytes', 'ArchivedTime'],
    why: 'Extensions: how the guest was when the disk was held (filesystem, crash, stopped), the new bytes that the snapshot added to the vault, and when all of it was there.',
  },
  { at: SNAPSHOTS, names: ['VolumeEncryptionKey'], why: ENCRYPTION },
  { at: SNAPSHOTS, names: ['DeletionTime'], why: 'No snapshot has a fixed end.' },
  {
    at: SNAPSHOTS,
    names: ['RestorePointId', 'RestorePointName'],
    why: 'Restore points can be made by the public console only, by no operation.',
  },
  { at: 'CreateDesktops.response.OrderId', why: 'Nothing is ordered or paid.' },
  listLimit('DescribeDesktops', 'minimum'),
  listLimit('DescribeBundles'),
  listLimit('DescribeImages'),
  listLimit('DescribeInvocations'),
  {
    at: DESKTOPS,
    names: ['DataDiskCategory', 'SystemDiskCategory', 'Disks[].PerformanceLevel', 'Disks[].DiskCategory'],
    why: CATEGORIES,
  },
  { at: DESKTOPS, names: ['GpuSpec', 'GpuDriverVersion'], why: 'No desktop has a GPU: GpuCount is 0.' },
  {
    at: DESKTOPS,
    names: ['NetworkInterfaceId', 'NetworkInterfaceIp', 'ZoneType', 'OfficeSiteVpcType'],
    why: 'The network of a desktop is its own, behind its QEMU; it has no address that others could use.',
  },
  {
    at: DESKTOPS,
    names: ['OfficeSiteName', 'PolicyGroupName', 'PolicyGroupNameList', 'ResourceGroups', 'DesktopGroupId'],
    why: 'OfficeSiteId and PolicyGroupId are kept as they were sent; sites, policy groups, resource groups and pools do not exist here.',
  },
  { at: DESKTOPS, names: ['ExpiredTime'], why: 'No desktop expires.' },
  { at: DESKTOPS, names: ['DowngradeQuota', 'DowngradedTimes'], why: 'There are no quotas of downgrades.' },
  {
    at: DESKTOPS,
    names: ['FotaUpdate', 'OsUpdate'],
    why: 'This server does not update the system of a guest.',
  },
  {
    at: DESKTOPS,
    names: ['DomainType', 'AccountType', 'EntraDomainName', 'SerialNumber'],
    why: 'Undocumented; desktops belong to no domain here.',
  },
  {
    at: DESKTOPS,
    names: ['SnapshotPolicyId', 'SnapshotPolicyName'],
    why: 'There are no snapshot policies yet.',
  },
  { at: DESKTOPS, names: ['VolumeEncryptionKey'], why: ENCRYPTION },
  { at: DESKTOPS, names: ['Platform.enum'], why: PLATFORMS },
  { at: BUNDLES, names: ['Language'], why: 'The language of an image is not known.' },
  {
    at: BUNDLES,
    names: ['Disks[].DiskPerformanceLevel', 'SystemDiskCategory', 'DataDiskCategory'],
    why: CATEGORIES,
  },
  { at: BUNDLES, names: ['DesktopTypeAttribute.GpuSpec'], why: 'No bundle has a GPU: GpuCount is 0.' },
  { at: BUNDLES, names: ['SessionType'], why: 'What its values 0 and 1 mean is not published.' },
  { at: BUNDLES, names: ['VolumeEncryptionKey'], why: ENCRYPTION },
  { at: BUNDLES, names: ['Platform.enum'], why: PLATFORMS },
  { at: IMAGES, names: ['DataDiskSize'], why: 'An image is of a system disk alone.' },
  { at: IMAGES, names: ['SupportedLanguages'], why: 'The language of an image is not known.' },
  { at: IMAGES, names: ['GpuDriverVersion'], why: 'No image is made for GPUs.' },
  { at: IMAGES, names: ['AppVersion'], why: 'Images hold no software of the public service.' },
  { at: IMAGES, names: ['VolumeEncryptionKey'], why: ENCRYPTION },
  { at: IMAGES, names: ['Platform.enum'], why: PLATFORMS },
  {
    at: 'RunCommand.parameters.Type.enum',
    why: 'The types that the documents name, and RunShellScript for Linux guests.',
  },
  {
    at: 'DescribeInvocations.parameters.CommandType.enum',
    why: 'RunShellScript is there for Linux guests.',
  },
];

/** Differences in what an operation does, and choices where the documents say nothing or contradict each other. */
export const BEHAVIOUR: Readonly<Record<string, readonly string[]>> = {
  'All operations': [
    'RegionId must be a region that this server serves, else InvalidRegionId.NotFound; only DescribeRegions takes any, since it is asked to find out.',
    'Words of a fixed choice (SourceDiskType, SnapshotType, DesktopStatus ...) are taken in any case.',
    'Lists are given newest first, in an order that does not move: following NextToken gives each item that stays exactly once. A NextToken belongs to the operation and its filters; MaxResults may change between pages.',
    'MaxResults is 1 to 100 and 100 if not sent, although the documents say 10 in places; more is InvalidMaxResults.',
    'Filters on names (SnapshotName, DesktopName, ImageName) match the whole name, letter by letter; * stands for any part. The documents do not say how they match.',
    'A filter on something that nothing here has (pools, GPUs, tags, HDX ...) gives an empty list.',
  ],
  DescribeRegions: ['RegionEndpoint is the address of this server.'],
  CreateSnapshot: [
    'The quotation mark at the end of the example DesktopId is a misprint: it is no part of ids.',
    'Only names beginning with auto in lower case are refused, as the document writes it. Names need not be unique.',
    'SourceDiskType is taken as SYSTEM and DATA, too, which Terraform sends.',
  ],
  DescribeSnapshots: [
    'An unknown SnapshotId or DesktopId gives an empty list with status 200.',
    'StartTime and EndTime are included themselves, to the whole second. A day that no month has is refused, although the metadata have 2020-11-31 as an example.',
    'RemainTime is -1 until the first byte is stored. Progress shows 100% only when the snapshot is ACCOMPLISHED.',
    'A snapshot is listed as soon as its point in time is on disk, which is before CreateSnapshot answers.',
    'Snapshots outlive their desktop; DesktopStatus and DiskStatus are then Deleted. DesktopName is the name of now, also as a filter.',
  ],
  DeleteSnapshot: ['Ids of another region are unknown ids: ignored.'],
  CreateDesktops: [
    'OfficeSiteId and PolicyGroupId are not needed; they are kept and given back. DirectoryId is the old name of OfficeSiteId.',
    'Tag, UserCommands, DesktopTimers, TimerGroupId, SnapshotPolicyId, GroupId, DesktopMemberIp and VolumeEncryptionEnabled=true are refused (Invalid and the name of the parameter): to take them and do nothing would lose tags, commands, backups or encryption without a word. A client that does not use them notices nothing.',
    'ChargeType, Period, AutoPay and the like are accepted; nothing is charged. ChargeType is given back.',
    'DesktopAttachment changes image and sizes of the bundle of BundleId, or else of the first bundle of its DesktopType, or else of the first one.',
    'Amount is 1 to 500 as in the metadata (the documents say 300). Several parts (BundleModels, PER_USER) are made all or none.',
    'Not-found codes have status 404, as everywhere here; the public service uses 400 in this operation.',
  ],
  DescribeDesktops: [
    'Deleted desktops are given only if DesktopStatus or DesktopStatusList asks for Deleted.',
    'PageNumber and PageSize (1 to 100) are for clients that want numbered pages; with NextToken they are ignored.',
    'ConnectionStatus is always Unknown; Tags and Sessions are always empty.',
    'A filter on Tag gives an empty list, since no desktop has tags yet.',
  ],
  StopDesktops: ['StoppedMode is accepted: nothing is charged in either mode. OsUpdate is accepted.'],
  RebootDesktops: ['OsUpdate is accepted.'],
  ModifyDesktopName: ['Letters of every script are letters.'],
  DescribeBundles: [
    'Bundles come from the settings and are of type SYSTEM. MemorySize is in MiB, as in the answer, or in GiB.',
    'StockState is WithoutStock while the image of the bundle is not Available.',
  ],
  DescribeImages: ['All images were imported by the administrator and are of type CUSTOM.'],
  RunCommand: [
    'CommandContent may have 16 KiB in Base64, whichever way it is sent. A ContentEncoding other than Base64 means PlainText, as documented.',
    'Timeout is 1 to 86,400 seconds and 300 if not sent (older documents say 60).',
    'CommandRole is accepted.',
  ],
  DescribeInvocations: [
    'Without InvokeStatus all are given (the documents call Running the default, which would hide what is finished). Running holds Pending, too.',
    'InvokeDesktops are given unless IncludeInvokeDesktops is false. Contents and outputs are Base64 unless ContentEncoding is PlainText.',
  ],
};
