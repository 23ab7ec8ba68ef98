/** The parameters that make an automatic snapshot policy, for the operations that make and change one. */
import { Type } from 'typebox';
import { choice } from './schema.ts';

export const PolicyName = Type.String({
  minLength: 2,
  maxLength: 128,
  'x-error': 'InvalidSnapshotPolicyName.Malformed',
  description: '2 to 128 characters, no control characters, not beginning with http:// or https://.',
});

export const RetentionDays = Type.Integer({
  format: 'int32',
  minimum: 1,
  maximum: 180,
  'x-error': 'InvalidRetentionDays.Malformed',
  description: 'How many days of 24 hours its snapshots are kept: 1 to 180.',
});

export const CronExpression = Type.String({
  'x-error': 'InvalidCronExpression.Malformed',
  description:
    'Second, minute, hour, day of month, month, day of week, as Quartz has them: 1 is Sunday, one of the days is ?. In the time zone of the settings.',
});

export const DiskType = Type.Optional(
  choice(['SYSTEM', 'DATA', 'ALL'], 'Which disks of a desktop it takes; ALL if not sent.'),
);

export const PolicyId = (description: string) => Type.String({ description });

/** The codes of malformed ones. */
export const POLICY_ERRORS = [
  'InvalidSnapshotPolicyName.Malformed',
  'InvalidRetentionDays.Malformed',
  'InvalidCronExpression.Malformed',
] as const;
