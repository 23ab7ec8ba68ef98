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
  DescribeBundles: LISTING,
  DescribeImages: LISTING,
  CreateImage: [
    'InvalidImageName.Malformed',
    'InvalidDescription.Malformed',
    'InvalidParameter',
    REGION,
    'InvalidDesktopId.NotFound',
    'InvalidSnapshotId.NotFound',
    'InvalidSnapshotId.NotReady',
    'IncorrectDesktopStatus',
    'QuotaExceed.WaitingLayers',
    'OperationDenied.InsufficientSpace',
    'OperationConflict',
    'OperationDenied.DiskInUse',
    'OperationDenied.SnapshotFailed',
  ],
  ModifyImageAttribute: [
    'InvalidImageName.Malformed',
    'InvalidDescription.Malformed',
    REGION,
    'InvalidImageId.NotFound',
  ],
  DeleteImages: [REGION, 'InvalidImageId.NotFound', 'OperationDenied.ImageInUse'],
  RunCommand: [
    'InvalidParameter',
    REGION,
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
    'OperationDenied.NoAgent',
  ],
  DescribeInvocations: LISTING,
};
