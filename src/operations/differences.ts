/**
 * Where this server differs from the published metadata and documents of ECD, and why. docs/differences.md is made of
 * this; a test compares the schemas with the metadata and fails on any difference that is not named here, and on any
 * that is named and is none.
 */

import type { SchemaDifference } from './difference.ts';
import { OFFICE_BEHAVIOUR, OFFICE_DIFFERENCES } from './differences-offices.ts';

const ENCRYPTION = 'Disks are not encrypted, so there is no key.';
const CATEGORIES = 'Disks are files of this server; the classes of cloud disks do not apply.';
const LIMIT = 'One rule for all lists: 1 to 100, 100 if nothing or 0 is sent.';
const PLATFORMS = 'Images are of any system: the platform is what the image was imported as.';

const POLICY_NAMES =
  'The documents say 2 to 128 characters and differ from the metadata in which; all but control characters are taken.';

const listLimit = (operation: string, ...names: string[]): SchemaDifference => ({
  at: `${operation}.parameters.MaxResults`,
  names: ['maximum', 'default', ...names],
  why: LIMIT,
});

const HOLDING =
  'With CreateSnapshot=true every disk of the desktops is held as CreateSnapshot does it, while they still run, under the name "before stop TIME"; then they go down. All or none: if a disk cannot be held, nothing is stopped and no snapshot stays. The right to act on snapshot/new is needed, too.';

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
    names: ['Consistency', 'StoredBytes', 'ChangedBytes', 'ArchivedTime'],
    why: 'Extensions: how the guest was when the disk was held (filesystem, crash, stopped), the new bytes that the snapshot added to the vault, the bytes that were written since the state stored before it, and when all of it was there.',
  },
  { at: SNAPSHOTS, names: ['VolumeEncryptionKey'], why: ENCRYPTION },
  {
    at: SNAPSHOTS,
    names: ['RestorePointId', 'RestorePointName'],
    why: 'Restore points can be made by the public console only, by no operation.',
  },
  ...['StopDesktops', 'RebootDesktops'].map((operation) => ({
    at: `${operation}.parameters.CreateSnapshot`,
    why: 'In the newer documents of the operation, and not yet in the metadata.',
  })),
  {
    at: 'CreateAutoSnapshotPolicy.parameters',
    names: ['PolicyName.maxLength', 'PolicyName.pattern'],
    why: POLICY_NAMES,
  },
  { at: 'ModifyAutoSnapshotPolicy.parameters', names: ['PolicyName.pattern'], why: POLICY_NAMES },
  ...['CreateAutoSnapshotPolicy', 'ModifyAutoSnapshotPolicy'].flatMap((operation) => [
    {
      at: `${operation}.parameters.RetentionDays`,
      names: ['minimum', 'maximum'],
      why: 'The limits of the documents.',
    },
    {
      at: `${operation}.parameters.DiskType.enum`,
      why: 'The words that the documents use; the metadata have none.',
    },
  ]),
  listLimit('DescribeAutoSnapshotPolicy', 'minimum'),
  { at: 'CreateDesktops.response.OrderId', why: 'Nothing is ordered or paid.' },
  listLimit('DescribeDesktops', 'minimum'),
  listLimit('DescribeBundles'),
  listLimit('DescribeImages'),
  listLimit('DescribeInvocations'),
  {
    at: 'CreateBundle.parameters',
    names: ['BundleName.maxLength', 'BundleName.pattern', 'Description.maxLength'],
    why: 'The documents name no limits.',
  },
  ...['CreateImage.parameters.ImageName', 'ModifyImageAttribute.parameters.Name'].map((at) => ({
    at,
    names: ['minLength', 'maxLength', 'pattern'],
    why: 'The documents say 2 to 128 characters; all but control characters are taken.',
  })),
  ...['CreateImage', 'ModifyImageAttribute'].map((operation) => ({
    at: `${operation}.parameters.Description.maxLength`,
    why: 'The documents say 2 to 256 characters; one is taken, too.',
  })),
  {
    at: DESKTOPS,
    names: ['DataDiskCategory', 'SystemDiskCategory', 'Disks[].PerformanceLevel', 'Disks[].DiskCategory'],
    why: CATEGORIES,
  },
  { at: DESKTOPS, names: ['GpuSpec', 'GpuDriverVersion'], why: 'No desktop has a GPU: GpuCount is 0.' },
  {
    at: DESKTOPS,
    names: ['NetworkInterfaceId', 'ZoneType', 'OfficeSiteVpcType'],
    why: 'A desktop has one card, of QEMU: it is no object of a cloud network, and has no id.',
  },
  {
    at: DESKTOPS,
    names: ['ResourceGroups', 'DesktopGroupId'],
    why: 'Resource groups and pools do not exist here.',
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
  { at: DESKTOPS, names: ['VolumeEncryptionKey'], why: ENCRYPTION },
  { at: DESKTOPS, names: ['Platform.enum'], why: PLATFORMS },
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
  listLimit('DescribeOfficeSites'),
  listLimit('DescribePolicyGroups', 'minimum'),
  listLimit('ListTagResources', 'minimum'),
  {
    at: 'DescribeDesktopInfo.response.Desktops[].ConnectionStatus.enum',
    why: 'Whether somebody is connected is not known: it is always Unknown, as in DescribeDesktops.',
  },
  {
    at: 'DescribeDesktopInfo.response.Desktops[]',
    names: ['CurrentAppVersion', 'NewAppVersion', 'ReleaseNote', 'NewAppSize'],
    why: 'Desktops hold no software of the public service.',
  },
  { at: 'DescribeDesktopInfo.response.Desktops[].DesktopGroupId', why: 'There are no pools of desktops.' },
  ...OFFICE_DIFFERENCES,
];

/** Differences in what an operation does, and choices where the documents say nothing or contradict each other. */
export const BEHAVIOUR: Readonly<Record<string, readonly string[]>> = {
  'All operations': [
    'Operations of the public product that are not offered here answer UnsupportedOperation (403), with their name; names that it does not have either, InvalidAction.NotFound.',
    'RegionId must be a region that this server serves, else InvalidRegionId.NotFound; only DescribeRegions takes any, since it is asked to find out.',
    'Words of a fixed choice (SourceDiskType, SnapshotType, DesktopStatus ...) are taken in any case.',
    'Lists are given newest first, in an order that does not move: following NextToken gives each item that stays exactly once. A NextToken belongs to the operation and its filters; MaxResults may change between pages.',
    'MaxResults is 1 to 100 and 100 if not sent, although the documents say 10 in places; more is InvalidMaxResults.',
    'Filters on names (SnapshotName, DesktopName, ImageName) match the whole name, letter by letter; * stands for any part. The documents do not say how they match.',
    'Resources of access policies: what a request names (desktop/ID, snapshot/ID, image/ID, bundle/ID, snapshotpolicy/ID, officesite/ID, policygroup/ID), audit/* for the audit log, KIND/* for a listing that names nothing, KIND/new for what is to be made; all of them must be allowed. A Deny of one thing also refuses the listing that would show it, and a Deny of a desktop whatever shows, deletes or copies a snapshot of it, or changes a policy that is bound to it. ResetSnapshot acts on the snapshot and on its desktop. A bundle that is found by DesktopType is named as if by its id, and so is a bundle of the settings whose image name is given to an image or taken from one. A Deny of an image, an office site, a policy group or a snapshot policy also refuses what reaches it by way of a bundle, a desktop or a parameter. ImageId is an id: only bundles of the settings call images by name.',
    'NoPermission has AccessDeniedDetail without EncodedDiagnosticMessage. Malformed parameters are told only to those who may do the operation on something.',
    'x-acs-retry-after of Throttling.User and Throttling.Api is in milliseconds, as SDKs read it. A refusal after a right signature has used the nonce up: sign again, as SDKs do.',
    'A filter on something that nothing here has (pools, GPUs, HDX ...) gives an empty list.',
  ],
  DescribeRegions: ['RegionEndpoint is the address of this server.'],
  CreateSnapshot: [
    'The quotation mark at the end of the example DesktopId is a misprint: it is no part of ids.',
    'Only names beginning with auto in lower case are refused, as the document writes it. Names need not be unique.',
    'SourceDiskType is taken as SYSTEM and DATA, too, which Terraform sends.',
    'The quota of 256 snapshots of a disk (a setting) does not count those that policies make.',
  ],
  DescribeSnapshots: [
    'An unknown SnapshotId or DesktopId gives an empty list with status 200.',
    'StartTime and EndTime are included themselves, to the whole second. A day that no month has is refused, although the metadata have 2020-11-31 as an example.',
    'RemainTime is -1 until the first byte is stored. Progress shows 100% only when the snapshot is ACCOMPLISHED.',
    'A snapshot is listed as soon as its point in time is on disk, which is before CreateSnapshot answers.',
    'DeletionTime is when the retention of an automatic snapshot ends; others have none.',
    'Snapshots outlive their desktop; DesktopStatus and DiskStatus are then Deleted. DesktopName is the name of now, also as a filter.',
  ],
  CreateAutoSnapshotPolicy: [
    'CronExpression has the six fields of Quartz; day of week 1 is Sunday, 2/2 is Monday, Wednesday and Friday. L, W and # are not known, and - by itself, which the documents print where * is meant, is refused. The second is one number, so that runs are a minute apart at least. It is read in the time zone of the setting policies.timeZone, UTC+8 if not set: the documents name none, the console shows UTC+8. A time that the clock leaves out (summer time begins) is run at the moment of the change; one that it shows twice is run the first time.',
    'DiskType is SYSTEM, DATA or ALL, in any case, and ALL if not sent. A desktop without such a disk is passed over.',
    "Snapshots are named auto2.0_yyyyMMdd_<PolicyId> by the date of the schedule's point in that time zone, also those that come after midnight; both disks, and all points of a day, have the same name. Creator is the user who made the policy.",
    'RetentionDays are days of 24 hours from the instant that a snapshot holds. A desktop has at most 30 automatic snapshots (a setting), those of both disks counted: after each run those go that FAILED, then the oldest. Snapshots that users made are never deleted by a policy.',
    'The desktops of a policy have their turns in the five minutes after its time (a setting), always the same one the same turn. A run that the service slept through, or for which the desktop was busy, is made up if it is less than an hour late (a setting). While a run of a desktop is not stored in the vault yet, its next point is skipped.',
    'A region has up to 100 policies (a setting), else AutoSnapshotPolicy.QuotaExceed.',
  ],
  DescribeAutoSnapshotPolicy: [
    'An unknown PolicyId gives an empty list. Status is always Normal. DesktopNum leaves deleted desktops out. TimePoints are the hours of CronExpression.',
  ],
  ModifyAutoSnapshotPolicy: [
    'Another RetentionDays holds for the snapshots made from then on. Another CronExpression has no points before the change.',
  ],
  DeleteAutoSnapshotPolicy: [
    'Unknown ids are ignored. Desktops that had the policy have none afterwards; its snapshots stay until their retention ends.',
  ],
  ApplyAutoSnapshotPolicy: [
    'A desktop has one policy at most: another one is taken from it. Up to 500 desktops as in the metadata (the documents say 20). All or none.',
  ],
  CancelAutoSnapshotPolicy: [
    'Without PolicyId any policy is taken from the desktops. Those that have none, or another one than PolicyId, stay as they are.',
  ],
  DeleteSnapshot: ['Ids of another region are unknown ids: ignored.'],
  CreateDesktops: [
    'SnapshotPolicyId must be a policy of the region, else InvalidAutoSnapshotPolicyId.NotFound.',
    'OfficeSiteId, PolicyGroupId and EndUserId are not needed and need not exist; they are kept, given back and found by, but reach no network and give nobody a right. DirectoryId is the old name of OfficeSiteId.',
    'UserCommands, DesktopTimers, TimerGroupId, GroupId, DesktopMemberIp and VolumeEncryptionEnabled=true are refused (Invalid and the name of the parameter): to take them and do nothing would lose commands, backups or encryption without a word. A client that does not use them notices nothing.',
    'ChargeType, Period, AutoPay and the like are accepted; nothing is charged. ChargeType is given back.',
    'DesktopAttachment changes image and sizes of the bundle of BundleId, or else of the first bundle of its DesktopType, or else of the first one.',
    'Amount is 1 to 500 as in the metadata (the documents say 300). Several parts (BundleModels, PER_USER) are made all or none.',
    'Not-found codes have status 404, as everywhere here; the public service uses 400 in this operation.',
  ],
  DescribeDesktops: [
    'Deleted desktops are given only if DesktopStatus or DesktopStatusList asks for Deleted.',
    'PageNumber and PageSize (1 to 100) are for clients that want numbered pages; with NextToken they are ignored.',
    'ConnectionStatus is always Unknown; Sessions are always empty.',
    'A filter on Tag finds desktops that have all of the tags; without Value, with any value.',
  ],
  DescribeDesktopInfo: [
    'Deleted desktops are given only if they are named; unknown ids are left out. NeedExtraInfo is accepted.',
  ],
  StopDesktops: [
    'StoppedMode is accepted: nothing is charged in either mode. OsUpdate is accepted.',
    HOLDING,
  ],
  RebootDesktops: ['OsUpdate is accepted.', HOLDING],
  ModifyDesktopName: ['Letters of every script are letters.'],
  ...OFFICE_BEHAVIOUR,
  TagResources: [
    'Desktops are the only things that have tags, up to 20 each; more is QuotaExceed.Tag. Up to 100 desktops as in the metadata (the documents say 50). All or none: an unknown one is InvalidResourceId.NotFound.',
    'Keys have 1 to 128 characters and do not begin with aliyun or acs:, values up to 128 and do not begin with acs:, in any case; neither holds http:// or https:// or control characters. A key that stands twice in one request is refused.',
  ],
  UntagResources: ['With TagKey, All has no meaning; without both the request is MissingTagKey.'],
  ListTagResources: [
    'Without ResourceId and Tag all tags of the region are given. With Tag all tags of the desktops that have all of these. Tags of deleted desktops are not given.',
  ],
  RebuildDesktops: [
    'A desktop must be Stopped; each one has a result of its own, success or the code that it would be refused with. Without ImageId it gets the image again that it is of; with it, it is of that image from then on. An image that is larger than the system disk is refused.',
    'No snapshot is deleted: those of the old disk stay, and the desktop can be reset to them. The data disk stays as it is, also when the new system is of another kind.',
    'The desktop stays Stopped (the status Rebuilding is not used), unless AfterStatus is Running: then it is started when its disk is made. Beside Running, AfterStatus may be Stopped. OperateType and Language are accepted.',
  ],
  DescribeBundles: [
    'FotaChannel, SelectedBundle and Scope are accepted and filter nothing.',
    'First those that CreateBundle made (CUSTOM), newest first, then those of the settings (SYSTEM) in their order. Like images they belong to no region. MemorySize is in MiB, as in the answer, or in GiB.',
    'StockState is WithoutStock while the image of the bundle is not Available. Language is given only if CreateBundle was told one.',
  ],
  CreateBundle: [
    'DesktopType is one that a bundle of the settings has: the first of them gives processors, memory, network, firmware and cloud-init. Others are refused.',
    'RootDiskSizeGib is 1 to 32,768 and not smaller than the image, UserDiskSizeGib 0 (no data disk) to 32,768. The performance levels are accepted; Language is given back and changes nothing. BundleName is the id if not sent.',
    'There may be 500 of them (a setting), else QuotaExceed.Bundle.',
  ],
  DeleteBundles: [
    'All or none. An unknown id is InvalidDesktopBundle.NotFound, one of the settings OperationDenied.SystemBundle. Desktops keep their BundleId and go on showing the name and the type.',
  ],
  DescribeImages: [
    'LanguageType, DesktopInstanceType and FotaVersion are accepted and filter nothing.',
    'Images belong to no region: each one serves them all. Those that the administrator imported are of type CUSTOM, too.',
    'Progress is of the work in the background: storing the system disk of the desktop (to 50%), then writing the file that desktops start from. Of a snapshot it is the file alone.',
  ],
  CreateImage: [
    'An image is of one system disk. DiskType means SYSTEM if not sent; ALL is refused if the desktop has a data disk, DataSnapshotIds always, and SnapshotId and SnapshotIds may name one snapshot in all, which must be ACCOMPLISHED.',
    'The desktop is Running or Stopped. Its disk is held as CreateSnapshot does it, when the call answers; no snapshot is listed for that and none counts in a quota. With SnapshotId, DesktopId may be left out; if it is sent, the snapshot must be of that desktop.',
    'The image shares the content of the snapshot in the vault, which can be deleted at once. ImageName is the id if not sent.',
    'AutoCleanUserdata=true is refused: this server does not change what is on a disk.',
  ],
  ModifyImageAttribute: [
    'An empty value counts as not sent, as everywhere: a description can be changed, not taken away.',
  ],
  DeleteImages: [
    'All or none. An unknown id is InvalidImageId.NotFound. OperationDenied.ImageInUse says what uses an image: a desktop whose disk stands on it, a bundle of the settings that means it now (give it another name first), or one that CreateBundle made, unless DeleteCascadedBundle is true: then these go, too, for which rights on bundle/* are needed. Snapshots of its desktops stay.',
  ],
  RunCommand: [
    'CommandContent may have 16 KiB in Base64, whichever way it is sent. A ContentEncoding other than Base64 means PlainText, as documented.',
    'Timeout is 1 to 86,400 seconds and 300 if not sent (older documents say 60).',
    'CommandRole is accepted.',
  ],
  StopInvocation: [
    'What was not sent to its guest yet is Stopped at once. A RunShellScript that runs is ended with all that it has started, as far as that has kept the variable OPENECD_INVOCATION of its environment; it is Running until then, its output up to there is kept, and one that ends well before is Success. Other types that run are refused with OperationDenied.NotStoppable. What has ended stays as it is.',
    'A DesktopId on which the command was not run is InvalidDesktopId.NotFound: all or none.',
  ],
  DescribeInvocations: [
    'Without InvokeStatus all are given (the documents call Running the default, which would hide what is finished). Running holds Pending, too; Finished finds what InvocationStatus shows as Success. InvocationStatus of the whole is Pending while all desktops are, and Running from the first that is not until the last has ended.',
    'With DesktopId or DesktopIds only these desktops stand in InvokeDesktops, so that rights on them are enough; InvokeDesktopCount counts all.',
    'InvokeDesktops are given unless IncludeInvokeDesktops is false. Contents and outputs are Base64 unless ContentEncoding is PlainText.',
  ],
  GetConnectionTicket: [
    'The ticket is there with the first answer: TaskStatus is FINISHED at once, never RUNNING. It is for the screen of this desktop in the console of this server, for the user who asked, within 10 minutes, once. Clients of the public service cannot connect with it: it is the first message on a WebSocket at /screen, which then speaks RFB.',
    'With the TaskId of a ticket that is neither used nor expired, its user gets a new ticket for the same desktop and the old one is worth nothing; the same answer is not given twice. If the desktop does not run any more, TaskStatus is FAILED with TaskCode and TaskMessage.',
    'EndUserId, Password and Uuid are accepted: users sign in to the system of the desktop itself. CommandContent is refused: nothing would be run.',
  ],
};
