/** Codes of parameters that have one of their own. */
import type { CatalogueEntry } from './entry.ts';

export const PARAMETER_ERRORS = {
  InvalidMaxResults: {
    status: 400,
    message: 'Specified parameter MaxResults is not valid.',
    advice: 'Use a whole number from 1 to {maximum}.',
    causes: 'MaxResults is more than a page may hold, negative, or no whole number.',
  },
  InvalidNextToken: {
    status: 400,
    message: 'Specified parameter NextToken is not valid.',
    advice: 'Use the NextToken of the last answer with the same filters, or none.',
    causes: 'The filters were changed between two pages, or the token was cut or is of another operation.',
  },
  'InvalidSnapshotName.Malformed': {
    status: 400,
    message: 'The specified SnapshotName is wrongly formed.',
    advice: 'Use 2 to 128 characters without control characters, not beginning with auto.',
    causes:
      'The name is too short or too long, begins with auto, or holds a line break or another control character.',
  },
  'InvalidImageName.Malformed': {
    status: 400,
    message: 'The specified image name is wrongly formed.',
    advice: 'Use 2 to 128 characters without control characters.',
    causes: 'The name is too short or too long, or holds a line break or another control character.',
  },
  'InvalidDescription.Malformed': {
    status: 400,
    message: 'The specified Description is wrongly formed.',
    advice: 'Use at most 128 characters, for an image or a bundle 256.',
    causes: 'The description is too long.',
  },
  'InvalidSourceDiskType.Malformed': {
    status: 400,
    message: 'The specified SourceDiskType is not valid.',
    advice: 'Use system or data.',
    causes:
      'The value is neither system nor data: one snapshot is of one disk, so there is no word for both.',
  },
  'InvalidDesktopName.Malformed': {
    status: 400,
    message: 'The specified desktop name is wrongly formed.',
    advice:
      'Use 1 to 64 characters, beginning with a letter; letters, digits, colon, underscore, full stop and hyphen; not http:// or https://.',
    causes:
      'The name begins with a digit, is longer than 64 characters, or holds a blank or another character that is not allowed.',
  },
  'InvalidRegionId.NotFound': {
    status: 404,
    message: 'The specified RegionId is not found.',
    advice: 'This server serves: {regions}.',
    causes: 'The client has another region in its settings than those of this server.',
  },
  'InvalidDesktopId.NotFound': {
    status: 404,
    message: 'The specified DesktopId is not found.',
    advice: 'DescribeDesktops lists the desktops.',
    causes: 'The desktop was deleted, belongs to another region or another server, or the id is misspelt.',
  },
  'InvalidSourceDiskType.NotFound': {
    status: 404,
    message: 'The desktop has no disk of the specified SourceDiskType.',
    advice: 'DescribeDesktops shows the disks of the desktop.',
    causes: 'The desktop was made without a data disk.',
  },
  'InvalidSnapshotId.NotFound': {
    status: 404,
    message: 'The specified SnapshotId is not found.',
    advice: 'DescribeSnapshots lists the snapshots.',
    causes:
      'The snapshot was deleted, by a policy when its retention ended for example, or belongs to another region.',
  },
  'InvalidDesktopBundle.NotFound': {
    status: 404,
    message: 'The specified param BundleId is not found.',
    advice: 'DescribeBundles lists the bundles.',
    causes: 'The bundle was deleted or taken out of the settings, or the id is of the public service.',
  },
  'InvalidImageId.NotFound': {
    status: 404,
    message: 'The specified ImageId is not found.',
    advice: 'DescribeImages lists the images; `openecd image import` adds one.',
    causes: 'The image was deleted or never imported, or the id is of the public service.',
  },
  'InvalidAutoSnapshotPolicyId.NotFound': {
    status: 404,
    message: 'The specified AutoSnapshotPolicyId does not exist.',
    advice: 'DescribeAutoSnapshotPolicy lists the policies.',
    causes: 'The policy was deleted, or belongs to another region.',
  },
  'InvalidSnapshotPolicyName.Malformed': {
    status: 400,
    message: 'The specified PolicyName is wrongly formed.',
    advice: 'Use 2 to 128 characters without control characters, not beginning with http:// or https://.',
    causes: 'The name is too short or too long, looks like an address, or holds a control character.',
  },
  'InvalidRetentionDays.Malformed': {
    status: 400,
    message: 'The specified RetentionDays is not valid.',
    advice: 'Use a whole number from 1 to 180.',
    causes: 'The number is 0, negative or over 180; keeping for ever (-1) is not offered.',
  },
  'InvalidCronExpression.Malformed': {
    status: 400,
    message: 'The specified CronExpression is not valid. {reason}',
    advice: 'Use six fields as in 0 0 2 ? * 1-7: every day at two; 1 is Sunday.',
    causes:
      'An expression of five fields, as crontab has it, was sent; a field is out of range; or L, W or # were used.',
  },
  'InvalidResourceId.NotFound': {
    status: 404,
    message: 'The specified ResourceId is not found.',
    advice: 'Only desktops have tags; DescribeDesktops lists them.',
    causes: 'One of the ids is of no desktop here, or of a snapshot or an image.',
  },
  'InvalidTagKey.Malformed': {
    status: 400,
    message: 'The specified tag key is wrongly formed.',
    advice: 'Use 1 to 128 characters, not beginning with aliyun or acs:, without http:// and https://.',
    causes: 'The key is empty, too long, or begins with a word that is kept for the service.',
  },
  'InvalidTagValue.Malformed': {
    status: 400,
    message: 'The specified tag value is wrongly formed.',
    advice: 'Use up to 128 characters, not beginning with acs:, without http:// and https://.',
    causes: 'The value is too long, begins with acs:, or holds an address.',
  },
  'InvalidPolicyGroupId.NotFound': {
    status: 404,
    message: 'The specified PolicyGroupId is not found.',
    advice: 'DescribePolicyGroups lists the policy groups.',
    causes: 'The policy group was deleted, or belongs to another region.',
  },
  'InvalidTaskId.NotFound': {
    status: 404,
    message: 'The specified TaskId is not found.',
    advice: 'Its ticket was used or has expired, or it is of another user or desktop: ask without TaskId.',
    causes: 'The ticket of the task was used or is too old, or another user has asked for it.',
  },
  'InvalidInvokeId.NotFound': {
    status: 404,
    message: 'The specified InvokeId is not found.',
    advice: 'DescribeInvocations lists the invocations.',
    causes: 'The id is misspelt or of another region.',
  },
  InvalidAmount: {
    status: 400,
    message: 'The specified Amount is not valid.',
    advice: 'Use a whole number from 1 to {maximum}.',
    causes: 'Amount is 0, negative, no whole number, or more than one request may make.',
  },
  'InvalidAmount.NotTimesOfUsers': {
    status: 400,
    message: 'The specified Amount is not a multiple of the number of users.',
    advice: 'With UserAssignMode PER_USER each user gets the same number of desktops.',
    causes: 'With UserAssignMode PER_USER the desktops cannot be shared out evenly among the users named.',
  },
} as const satisfies Record<string, CatalogueEntry>;
