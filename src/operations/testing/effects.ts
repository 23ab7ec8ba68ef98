/**
 * What each parameter does, told apart from its description: which have an effect, and which are taken, and kept or not,
 * without any. Members stand after a full stop: `Tag.Key`.
 *
 * Invariant: whatever is in none of these lists is expected to be marked in the metadata as kept without effect, so that a new
 * parameter must either be written down here or carry the mark.
 */
export interface Effects {
  readonly works?: string;
  readonly ignored?: string;
  /** Sent, it is refused: nothing is taken that would be missed. */
  readonly refused?: string;
}

/** Parameters that mean the same in all operations. */
export const COMMON = 'RegionId MaxResults NextToken PageNumber PageSize';

const TIMER = ['TimerType', 'CronExpression', 'Interval', 'Enforce', 'ResetType', 'OperationType'];
const POLICY = 'PolicyId PolicyName RetentionDays CronExpression DiskType';
const REVOKED = ['Type', 'Policy', 'PortRange', 'IpProtocol', 'Priority', 'CidrIp'];
const members = (list: string, names: readonly string[]) => names.map((name) => `${list}.${name}`).join(' ');

export const EFFECTS: Readonly<Record<string, Effects>> = {
  DescribeRegions: { works: 'AcceptLanguage' },
  CreateSnapshot: { works: 'DesktopId SnapshotName Description SourceDiskType' },
  DescribeSnapshots: {
    works: `DesktopId DesktopName SnapshotId SnapshotName SourceDiskType SnapshotType OsType Creator
      StartTime EndTime`,
  },
  DeleteSnapshot: { works: 'SnapshotId' },
  ResetSnapshot: { works: 'SnapshotId StopDesktop' },
  CreateAutoSnapshotPolicy: { works: 'PolicyName RetentionDays CronExpression DiskType' },
  DescribeAutoSnapshotPolicy: { works: 'PolicyId PolicyName' },
  ModifyAutoSnapshotPolicy: { works: POLICY },
  DeleteAutoSnapshotPolicy: { works: 'PolicyId' },
  ApplyAutoSnapshotPolicy: { works: 'PolicyId DesktopId' },
  CancelAutoSnapshotPolicy: { works: 'PolicyId DesktopId' },
  // Kept: OfficeSiteId, DirectoryId, PolicyGroupId, ChargeType, EndUserId, BundleModels.EndUserIds.
  CreateDesktops: {
    works: `BundleId DesktopName Amount UserAssignMode Hostname Tag Tag.Key Tag.Value DesktopNameSuffix SnapshotPolicyId
      BundleModels BundleModels.BundleId BundleModels.Amount BundleModels.DesktopName BundleModels.Hostname
      DesktopAttachment DesktopAttachment.ImageId DesktopAttachment.SystemDiskSize DesktopAttachment.DataDiskSize
      DesktopAttachment.DesktopType`,
    ignored: `UserName VpcId Period PeriodUnit AutoPay AutoRenew PromotionId VolumeEncryptionKey
      BundleModels.VolumeEncryptionKey SubnetId MonthDesktopSetting MonthDesktopSetting.UseDuration
      MonthDesktopSetting.BuyerId MonthDesktopSetting.DesktopId ResourceGroupId DesktopAttachment.SystemDiskCategory
      DesktopAttachment.SystemDiskPerLevel DesktopAttachment.DataDiskCategory DesktopAttachment.DataDiskPerLevel
      DesktopAttachment.DefaultLanguage SavingPlanId ResellerOwnerUid ExtendInfo AppRuleId QosRuleId ChannelCookie`,
    refused: `GroupId VolumeEncryptionEnabled BundleModels.VolumeEncryptionEnabled DesktopMemberIp TimerGroupId
      UserCommands ${members('UserCommands', ['Content', 'ContentEncoding', 'ContentType'])}
      DesktopTimers ${members('DesktopTimers', [...TIMER, 'AllowClientSetting'])}`,
  },
  DescribeDesktops: {
    works: `GroupId DesktopStatus UserName DesktopName DirectoryId OfficeSiteId OfficeSiteName PolicyGroupId ChargeType
      ExpiredTime ProtocolType DesktopId EndUserId ExcludedEndUserId ManagementFlag Tag Tag.Key Tag.Value
      SnapshotPolicyId OnlyDesktopGroup DesktopGroupId OsTypes DesktopType ImageId DesktopStatusList
      GpuInstanceGroupId QosRuleId SubPayType ResourceGroupId`,
    ignored: 'FilterDesktopGroup QueryFotaUpdate FillResourceGroup MultiResource IncludeAutoSnapshotPolicy',
  },
  DescribeDesktopInfo: { works: 'DesktopId', ignored: 'NeedExtraInfo' },
  StartDesktops: { works: 'DesktopId' },
  StopDesktops: { works: 'DesktopId CreateSnapshot', ignored: 'StoppedMode OsUpdate' },
  RebootDesktops: { works: 'DesktopId CreateSnapshot', ignored: 'OsUpdate' },
  DeleteDesktops: { works: 'DesktopId', ignored: 'ResellerOwnerUid' },
  ModifyDesktopName: { works: 'NewDesktopName DesktopId' },
  // Kept: all of its networks and access.
  CreateSimpleOfficeSite: { works: 'OfficeSiteName', ignored: 'CenOwnerId VerifyCode ClientSecret' },
  DescribeOfficeSites: { works: 'OfficeSiteType OfficeSiteId Status SecurityProtection VpcId' },
  DeleteOfficeSites: { works: 'OfficeSiteId' },
  // Kept: all of their settings.
  CreatePolicyGroup: { works: 'Name' },
  ModifyPolicyGroup: {
    works: `PolicyGroupId Name RevokeSecurityPolicyRule ${members('RevokeSecurityPolicyRule', REVOKED)}
      RevokeAccessPolicyRule RevokeAccessPolicyRule.CidrIp`,
    ignored: 'RevokeSecurityPolicyRule.Description RevokeAccessPolicyRule.Description',
  },
  DescribePolicyGroups: {
    works: 'PolicyGroupId Scope ExternalPolicyGroupIds',
    ignored: 'BusinessChannel',
  },
  DeletePolicyGroups: { works: 'PolicyGroupId' },
  TagResources: { works: 'ResourceType ResourceId Tag Tag.Key Tag.Value' },
  UntagResources: { works: 'ResourceType All ResourceId TagKey' },
  ListTagResources: { works: 'ResourceType ResourceId Tag Tag.Key Tag.Value' },
  RebuildDesktops: { works: 'DesktopId ImageId AfterStatus', ignored: 'OperateType Language' },
  DescribeBundles: {
    works: `BundleType DesktopTypeFamily CpuCount MemorySize GpuCount FromDesktopGroup ProtocolType BundleId
      SupportMultiSession VolumeEncryptionEnabled SessionType ImageId OsType GpuDriverType`,
    ignored: 'CheckStock FotaChannel SelectedBundle Scope',
  },
  // Kept: Language.
  CreateBundle: {
    works: 'ImageId DesktopType RootDiskSizeGib BundleName Description UserDiskSizeGib',
    ignored: 'RootDiskPerformanceLevel UserDiskPerformanceLevel',
  },
  DeleteBundles: { works: 'BundleId' },
  DescribeImages: {
    works:
      'ImageType ImageStatus GpuCategory ProtocolType ImageId OsType GpuDriverVersion SessionType ImageName',
    ignored: 'LanguageType DesktopInstanceType FotaVersion',
  },
  CreateImage: {
    works: 'DesktopId ImageName Description SnapshotId SnapshotIds DiskType',
    ignored: 'ImageResourceType',
    refused: 'AutoCleanUserdata DataSnapshotIds',
  },
  ModifyImageAttribute: { works: 'ImageId Name Description' },
  DeleteImages: { works: 'ImageId DeleteCascadedBundle' },
  RunCommand: {
    works: 'Type CommandContent Timeout ContentEncoding DesktopId EndUserId',
    ignored: 'CommandRole',
  },
  StopInvocation: { works: 'InvokeId DesktopId' },
  DescribeInvocations: {
    works: `InvokeId CommandType InvokeStatus DesktopId IncludeOutput ContentEncoding EndUserId DesktopIds
      IncludeInvokeDesktops`,
  },
  GetConnectionTicket: {
    works: 'DesktopId TaskId',
    ignored: 'EndUserId Password Uuid',
    refused: 'CommandContent',
  },
  GetAuditEvents: { works: 'EventRequestId Resource StartTime EndTime' },
  GetDesktopScreenshot: { works: 'DesktopId MaxSize' },
  PreviewAutoSnapshotPolicy: { works: 'PolicyId CronExpression RetentionDays DiskType' },
  DescribeVault: {},
  DescribeDisks: { works: 'DesktopId' },
};
