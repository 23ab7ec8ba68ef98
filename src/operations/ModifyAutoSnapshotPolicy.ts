import { Type } from 'typebox';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import {
  CronExpression,
  DiskType,
  POLICY_ERRORS,
  PolicyId,
  PolicyName,
  RetentionDays,
} from './policy-parameters.ts';
import { desktopsBound } from './reached.ts';
import { named } from './resources.ts';
import { None, RegionId } from './schema.ts';

export const ModifyAutoSnapshotPolicy = operation({
  name: 'ModifyAutoSnapshotPolicy',
  kind: 'write',
  summary: 'Changes an automatic snapshot policy; the snapshots that it has made stay as they are.',
  parameters: Type.Object({
    RegionId,
    PolicyId: PolicyId('The policy. What is not sent beside it stays.'),
    PolicyName: Type.Optional(PolicyName),
    RetentionDays: Type.Optional(RetentionDays),
    CronExpression: Type.Optional(CronExpression),
    DiskType,
  }),
  response: None,
  errors: [...POLICY_ERRORS, 'InvalidRegionId.NotFound', 'InvalidAutoSnapshotPolicyId.NotFound'],
  resources: ({ PolicyId: id }) => named('snapshotpolicy', id),
  alsoShows: ({ PolicyId: id }, services) => desktopsBound(services, id),
  async run(services, asked, context) {
    requireRegion(services, asked.RegionId);
    await services.policies.modify(
      asked.RegionId,
      asked.PolicyId,
      {
        name: asked.PolicyName,
        cronExpression: asked.CronExpression,
        retentionDays: asked.RetentionDays,
        diskType: asked.DiskType,
      },
      context.claim,
    );
    return {};
  },
});
