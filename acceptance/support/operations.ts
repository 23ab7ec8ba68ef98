/**
 * What the documents promise: each operation with the error codes of its own.
 *
 * `InvalidParameter` stands for `Invalid{Parameter}` of any parameter without a code of its own.
 */
const REGION = 'InvalidRegionId.NotFound';
const LISTING = [REGION, 'InvalidMaxResults', 'InvalidNextToken'];
const POLICY_ID = 'InvalidAutoSnapshotPolicyId.NotFound';
const POLICY_PARTS = [
  'InvalidSnapshotPolicyName.Malformed',
  'InvalidRetentionDays.Malformed',
  'InvalidCronExpression.Malformed',
];
const TAGS = ['InvalidTagKey.Malformed', 'InvalidTagValue.Malformed'];
const ONE_DESKTOP = [REGION, 'InvalidDesktopId.NotFound', 'IncorrectDesktopStatus', 'OperationConflict'];

export const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  DescribeRegions: [],
  CreateSnapshot: [
    'InvalidSnapshotName.Malformed',
    'InvalidDescription.Malformed',
    'InvalidSourceDiskType.Malformed',
    REGION,
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
    'InvalidSourceDiskType.NotFound',
    'QuotaExceed.Snapshot',
    'QuotaExceed.WaitingLayers',
    'OperationDenied.InsufficientSpace',
    'OperationConflict',
    'OperationDenied.DiskInUse',
    'OperationDenied.SnapshotFailed',
  ],
  DescribeSnapshots: [...LISTING, 'InvalidParameter'],
  DeleteSnapshot: [REGION, 'OperationConflict'],
  ResetSnapshot: [
    REGION,
    'InvalidSnapshotId.NotFound',
    'InvalidSnapshotId.NotReady',
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
    'OperationConflict',
    'OperationDenied.InsufficientSpace',
    'OperationDenied.DiskInUse',
  ],
  CreateAutoSnapshotPolicy: [...POLICY_PARTS, REGION, 'AutoSnapshotPolicy.QuotaExceed'],
  DescribeAutoSnapshotPolicy: LISTING,
  ModifyAutoSnapshotPolicy: [...POLICY_PARTS, REGION, POLICY_ID],
  DeleteAutoSnapshotPolicy: [REGION],
  ApplyAutoSnapshotPolicy: [REGION, POLICY_ID, 'InvalidDesktopId.NotFound'],
  CancelAutoSnapshotPolicy: [REGION, POLICY_ID, 'InvalidDesktopId.NotFound'],
  CreateDesktops: [
    'InvalidAmount',
    'InvalidAmount.NotTimesOfUsers',
    'InvalidDesktopName.Malformed',
    ...TAGS,
    'InvalidParameter',
    REGION,
    'InvalidDesktopBundle.NotFound',
    'InvalidImageId.NotFound',
    POLICY_ID,
    'IncorrectImageStatus',
    'QuotaExceed.Desktop',
    'OperationDenied.InsufficientSpace',
  ],
  DescribeDesktops: [...LISTING, 'InvalidParameter'],
  DescribeDesktopInfo: [REGION],
  StartDesktops: ONE_DESKTOP,
  StopDesktops: ONE_DESKTOP,
  RebootDesktops: ONE_DESKTOP,
  DeleteDesktops: ONE_DESKTOP,
  ModifyDesktopName: [
    'InvalidDesktopName.Malformed',
    REGION,
    'InvalidDesktopId.NotFound',
    'OperationConflict',
  ],
  CreateSimpleOfficeSite: ['InvalidParameter', REGION, 'QuotaExceed.OfficeSite'],
  DescribeOfficeSites: LISTING,
  DeleteOfficeSites: [REGION, 'OperationDenied.OfficeSiteInUse'],
  CreatePolicyGroup: ['InvalidParameter', REGION, 'QuotaExceed.PolicyGroup'],
  ModifyPolicyGroup: ['InvalidParameter', REGION, 'InvalidPolicyGroupId.NotFound'],
  DescribePolicyGroups: [...LISTING, 'InvalidParameter'],
  DeletePolicyGroups: [REGION, 'OperationDenied.PolicyGroupInUse'],
  TagResources: [...TAGS, 'InvalidParameter', REGION, 'InvalidResourceId.NotFound', 'QuotaExceed.Tag'],
  UntagResources: [REGION, 'InvalidResourceId.NotFound'],
  ListTagResources: LISTING,
  DescribeBundles: LISTING,
  DescribeImages: LISTING,
  RunCommand: [
    'InvalidParameter',
    REGION,
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
    'OperationDenied.NoAgent',
  ],
  StopInvocation: [
    REGION,
    'InvalidInvokeId.NotFound',
    'InvalidDesktopId.NotFound',
    'OperationDenied.NotStoppable',
  ],
  DescribeInvocations: LISTING,
};
