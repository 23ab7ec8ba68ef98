import { Type } from 'typebox';
import { countOffices, insertPolicyGroup } from '../catalogue/offices.ts';
import { EcdError } from '../errors.ts';
import { newId } from '../ids.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { SETTINGS } from './policy-group-parameters.ts';
import { changed, checkGroupName, EMPTY } from './policy-group-settings.ts';
import { made, named } from './resources.ts';
import { RegionId } from './schema.ts';

/** Of a region. */
export const MAX_GROUPS = 1000;

export const CreatePolicyGroup = operation({
  name: 'CreatePolicyGroup',
  kind: 'write',
  summary: 'Puts a policy group on record, which desktops can name. Its settings have no effect here.',
  parameters: Type.Object({ RegionId, ...SETTINGS }),
  response: Type.Object({ PolicyGroupId: Type.String() }),
  errors: ['InvalidParameter', 'InvalidRegionId.NotFound', 'QuotaExceed.PolicyGroup'],
  resources: () => made('policygroup'),
  creates: ({ PolicyGroupId: id }) => named('policygroup', id),
  async run(services, { RegionId: regionId, ...asked }, context) {
    checkGroupName(asked.Name);
    const settings = JSON.stringify(changed(EMPTY, asked));
    requireRegion(services, regionId);
    const id = newId.policyGroup();
    await services.catalogue.transaction(async (trx) => {
      await context.claim.record(trx);
      const count = await countOffices(trx, 'policy_groups', { regionId });
      if (count >= MAX_GROUPS) throw new EcdError('QuotaExceed.PolicyGroup', { count });
      await insertPolicyGroup(trx, {
        id,
        name: asked.Name ?? id,
        region_id: regionId,
        scope: asked.Scope ?? 'GLOBAL',
        settings,
        creator: context.userName,
        created_at: services.clock(),
      });
    });
    return { PolicyGroupId: id };
  },
});
