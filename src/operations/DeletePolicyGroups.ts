import { Type } from 'typebox';
import { deleteOffices } from '../catalogue/offices.ts';
import { EcdError } from '../errors.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { None, RegionId, texts } from './schema.ts';

export const DeletePolicyGroups = operation({
  name: 'DeletePolicyGroups',
  kind: 'write',
  summary: 'Deletes policy groups that no desktop names: all or none.',
  parameters: Type.Object({
    RegionId,
    PolicyGroupId: texts('The policy groups; unknown ids are ignored.', 100),
  }),
  response: None,
  errors: ['InvalidRegionId.NotFound', 'OperationDenied.PolicyGroupInUse'],
  resources: ({ PolicyGroupId: ids }) => named('policygroup', ids),
  async run(services, { RegionId: regionId, PolicyGroupId: ids }, context) {
    requireRegion(services, regionId);
    await services.catalogue.transaction(async (trx) => {
      await context.claim.record(trx);
      const used = await deleteOffices(trx, 'policy_groups', regionId, ids);
      if (used !== undefined) throw new EcdError('OperationDenied.PolicyGroupInUse', { id: used });
    });
    return {};
  },
});
