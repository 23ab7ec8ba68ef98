/** Codes of parameters that have one of their own. */
import type { CatalogueEntry } from './entry.ts';

export const PARAMETER_ERRORS = {
  InvalidMaxResults: {
    status: 400,
    message: 'Specified parameter MaxResults is not valid.',
    advice: 'Use a whole number from 1 to {maximum}.',
  },
  InvalidNextToken: {
    status: 400,
    message: 'Specified parameter NextToken is not valid.',
    advice: 'Use the NextToken of the last answer with the same filters, or none.',
  },
  'InvalidSnapshotName.Malformed': {
    status: 400,
    message: 'The specified SnapshotName is wrongly formed.',
    advice: 'Use 2 to 128 characters without control characters, not beginning with auto.',
  },
  'InvalidImageName.Malformed': {
    status: 400,
    message: 'The specified image name is wrongly formed.',
    advice: 'Use 2 to 128 characters without control characters.',
  },
  'InvalidDescription.Malformed': {
    status: 400,
    message: 'The specified Description is wrongly formed.',
    advice: 'Use at most 128 characters, for an image or a bundle 256.',
  },
  'InvalidSourceDiskType.Malformed': {
    status: 400,
    message: 'The specified SourceDiskType is not valid.',
    advice: 'Use system or data.',
  },
  'InvalidDesktopName.Malformed': {
    status: 400,
    message: 'The specified desktop name is wrongly formed.',
    advice:
      'Use 1 to 64 characters, beginning with a letter; letters, digits, colon, underscore, full stop and hyphen; not http:// or https://.',
  },
  'InvalidRegionId.NotFound': {
    status: 404,
    message: 'The specified RegionId is not found.',
    advice: 'This server serves: {regions}.',
  },
  'InvalidDesktopId.NotFound': {
    status: 404,
    message: 'The specified DesktopId is not found.',
    advice: 'DescribeDesktops lists the desktops.',
  },
  'InvalidSourceDiskType.NotFound': {
    status: 404,
    message: 'The desktop has no disk of the specified SourceDiskType.',
    advice: 'DescribeDesktops shows the disks of the desktop.',
  },
  'InvalidSnapshotId.NotFound': {
    status: 404,
    message: 'The specified SnapshotId is not found.',
    advice: 'DescribeSnapshots lists the snapshots.',
  },
  'InvalidDesktopBundle.NotFound': {
    status: 404,
    message: 'The specified param BundleId is not found.',
    advice: 'DescribeBundles lists the bundles.',
  },
  'InvalidImageId.NotFound': {
    status: 404,
    message: 'The specified ImageId is not found.',
    advice: 'DescribeImages lists the images; `openecd image import` adds one.',
  },
  'InvalidAutoSnapshotPolicyId.NotFound': {
    status: 404,
    message: 'The specified AutoSnapshotPolicyId does not exist.',
    advice: 'DescribeAutoSnapshotPolicy lists the policies.',
  },
  'InvalidSnapshotPolicyName.Malformed': {
    status: 400,
    message: 'The specified PolicyName is wrongly formed.',
    advice: 'Use 2 to 128 characters without control characters, not beginning with http:// or https://.',
  },
  'InvalidRetentionDays.Malformed': {
    status: 400,
    message: 'The specified RetentionDays is not valid.',
    advice: 'Use a whole number from 1 to 180.',
  },
  'InvalidCronExpression.Malformed': {
    status: 400,
    message: 'The specified CronExpression is not valid. {reason}',
    advice: 'Use six fields as in 0 0 2 ? * 1-7: every day at two; 1 is Sunday.',
  },
  'InvalidResourceId.NotFound': {
    status: 404,
    message: 'The specified ResourceId is not found.',
    advice: 'Only desktops have tags; DescribeDesktops lists them.',
  },
  'InvalidTagKey.Malformed': {
    status: 400,
    message: 'The specified tag key is wrongly formed.',
    advice: 'Use 1 to 128 characters, not beginning with aliyun or acs:, without http:// and https://.',
  },
  'InvalidTagValue.Malformed': {
    status: 400,
    message: 'The specified tag value is wrongly formed.',
    advice: 'Use up to 128 characters, not beginning with acs:, without http:// and https://.',
  },
  'InvalidPolicyGroupId.NotFound': {
    status: 404,
    message: 'The specified PolicyGroupId is not found.',
    advice: 'DescribePolicyGroups lists the policy groups.',
  },
  'InvalidTaskId.NotFound': {
    status: 404,
    message: 'The specified TaskId is not found.',
    advice: 'Its ticket was used or has expired, or it is of another user or desktop: ask without TaskId.',
  },
  'InvalidInvokeId.NotFound': {
    status: 404,
    message: 'The specified InvokeId is not found.',
    advice: 'DescribeInvocations lists the invocations.',
  },
  InvalidAmount: {
    status: 400,
    message: 'The specified Amount is not valid.',
    advice: 'Use a whole number from 1 to {maximum}.',
  },
  'InvalidAmount.NotTimesOfUsers': {
    status: 400,
    message: 'The specified Amount is not a multiple of the number of users.',
    advice: 'With UserAssignMode PER_USER each user gets the same number of desktops.',
  },
} as const satisfies Record<string, CatalogueEntry>;
