/** Requests that hold all that their operation demands, and ids of nothing. */
export type Parameters = Record<string, string | undefined>;

export const NO_DESKTOP = 'ecd-00000000000000000';
export const NO_POLICY = 'sp-00000000000000000';
export const NO_INVOCATION = 't-00000000000000000';
export const NO_TASK = '00000000-0000-4000-8000-000000000000';
export const NO_SITE = 'cn-hangzhou+os-00000000000000000';
export const NO_GROUP = 'pg-00000000000000000';
export const NO_IMAGE = 'm-00000000000000000';
export const NO_SNAPSHOT = 's-00000000000000000000';
export const DESKTOPS = 'ALIYUN::GWS::INSTANCE';

/** What must be there for each operation that demands more than its region. */
export const COMPLETE: Readonly<Record<string, Parameters>> = {
  CreateSnapshot: { DesktopId: NO_DESKTOP, SnapshotName: 'name', SourceDiskType: 'system' },
  DeleteSnapshot: { 'SnapshotId.1': NO_SNAPSHOT },
  ResetSnapshot: { SnapshotId: NO_SNAPSHOT },
  CreateAutoSnapshotPolicy: { PolicyName: 'nightly', RetentionDays: '3', CronExpression: '0 0 2 ? * 1-7' },
  ModifyAutoSnapshotPolicy: { PolicyId: NO_POLICY },
  DeleteAutoSnapshotPolicy: { 'PolicyId.1': NO_POLICY },
  ApplyAutoSnapshotPolicy: { PolicyId: NO_POLICY, 'DesktopId.1': NO_DESKTOP },
  CancelAutoSnapshotPolicy: { 'DesktopId.1': NO_DESKTOP },
  CreateDesktops: { BundleId: 'bundle_demo', Amount: '1' },
  StartDesktops: { 'DesktopId.1': NO_DESKTOP },
  StopDesktops: { 'DesktopId.1': NO_DESKTOP },
  RebootDesktops: { 'DesktopId.1': NO_DESKTOP },
  DeleteDesktops: { 'DesktopId.1': NO_DESKTOP },
  ModifyDesktopName: { DesktopId: NO_DESKTOP, NewDesktopName: 'name' },
  RebuildDesktops: { 'DesktopId.1': NO_DESKTOP },
  CreateBundle: {
    ...{ ImageId: NO_IMAGE, DesktopType: 'ecd.basic.small', RootDiskSizeGib: '4', 'UserDiskSizeGib.1': '0' },
  },
  DeleteBundles: { 'BundleId.1': 'b-00000000000000000' },
  CreateImage: { DesktopId: NO_DESKTOP },
  ModifyImageAttribute: { ImageId: NO_IMAGE },
  DeleteImages: { 'ImageId.1': NO_IMAGE },
  TagResources: { ResourceType: DESKTOPS, 'ResourceId.1': NO_DESKTOP, 'Tag.1.Key': 'key' },
  UntagResources: { ResourceType: DESKTOPS, 'ResourceId.1': NO_DESKTOP, All: 'true' },
  ListTagResources: { ResourceType: DESKTOPS },
  DeleteOfficeSites: { 'OfficeSiteId.1': NO_SITE },
  ModifyPolicyGroup: { PolicyGroupId: NO_GROUP },
  DeletePolicyGroups: { 'PolicyGroupId.1': NO_GROUP },
  RunCommand: { 'DesktopId.1': NO_DESKTOP, Type: 'RunShellScript', CommandContent: 'true' },
  GetConnectionTicket: { DesktopId: NO_DESKTOP },
  GetDesktopScreenshot: { DesktopId: NO_DESKTOP },
  StopInvocation: { InvokeId: NO_INVOCATION },
  PreviewAutoSnapshotPolicy: { CronExpression: '0 0 2 ? * 1-7' },
  DescribeDisks: { DesktopId: NO_DESKTOP },
};
