import { Type } from 'typebox';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { CronExpression, DiskType, POLICY_ERRORS, PolicyName, RetentionDays } from './policy-parameters.ts';
import { made, named } from './resources.ts';
import { RegionId } from './schema.ts';

export const CreateAutoSnapshotPolicy = operation({
  name: 'CreateAutoSnapshotPolicy',
  kind: 'write',
  summary: 'Makes a policy that takes snapshots of desktops by a schedule and keeps them for some days.',
  parameters: Type.Object({ RegionId, PolicyName, RetentionDays, CronExpression, DiskType }),
  response: Type.Object({ PolicyId: Type.String() }),
  errors: [...POLICY_ERRORS, 'InvalidRegionId.NotFound', 'AutoSnapshotPolicy.QuotaExceed'],
  resources: () => made('snapshotpolicy'),
  creates: ({ PolicyId: id }) => named('snapshotpolicy', id),
  async run(services, asked, context) {
    requireRegion(services, asked.RegionId);
    const id = await services.policies.create(
      {
        regionId: asked.RegionId,
        name: asked.PolicyName,
        cronExpression: asked.CronExpression,
        retentionDays: asked.RetentionDays,
        diskType: asked.DiskType ?? 'ALL',
        creator: context.userName,
      },
      context.claim,
    );
    return { PolicyId: id };
  },
});
