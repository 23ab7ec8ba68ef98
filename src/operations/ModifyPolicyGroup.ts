import { Type } from 'typebox';
import { policyGroupById, updatePolicyGroup } from '../catalogue/offices.ts';
import { EcdError } from '../errors.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import {
  MAX_ACCESS_RULES,
  MAX_SECURITY_RULES,
  RevokedAccessRule,
  RevokedSecurityRule,
  SETTINGS,
} from './policy-group-parameters.ts';
import { changed, checkGroupName, keptOf } from './policy-group-settings.ts';
import { named } from './resources.ts';
import { KEPT, None, RegionId, text } from './schema.ts';

const AddedAccessRule = Type.Object({ Description: text(KEPT), CidrIp: Type.String({ description: KEPT }) });

export const ModifyPolicyGroup = operation({
  name: 'ModifyPolicyGroup',
  kind: 'write',
  summary: 'Changes what is sent of a policy group; the rest stays. Lists but those of rules are replaced.',
  parameters: Type.Object({
    RegionId,
    PolicyGroupId: Type.String({ description: 'The policy group.' }),
    ...SETTINGS,
    RevokeSecurityPolicyRule: Type.Optional(
      Type.Array(RevokedSecurityRule, {
        maxItems: MAX_SECURITY_RULES,
        description: 'Rules to take away, before others are added; those that are not there are ignored.',
      }),
    ),
    AuthorizeAccessPolicyRule: Type.Optional(
      Type.Array(AddedAccessRule, { maxItems: MAX_ACCESS_RULES, description: `Rules to add. ${KEPT}` }),
    ),
    RevokeAccessPolicyRule: Type.Optional(
      Type.Array(RevokedAccessRule, {
        maxItems: MAX_ACCESS_RULES,
        description: 'Rules to take away, by their CidrIp; those that are not there are ignored.',
      }),
    ),
  }),
  response: None,
  errors: ['InvalidParameter', 'InvalidRegionId.NotFound', 'InvalidPolicyGroupId.NotFound'],
  resources: ({ PolicyGroupId: id }) => named('policygroup', id),
  async run(services, { RegionId: regionId, PolicyGroupId: id, ...asked }, context) {
    checkGroupName(asked.Name);
    requireRegion(services, regionId);
    await services.catalogue.transaction(async (trx) => {
      await context.claim.record(trx);
      const group = await policyGroupById(trx, regionId, id);
      if (group === undefined) throw new EcdError('InvalidPolicyGroupId.NotFound');
      await updatePolicyGroup(trx, id, {
        name: asked.Name ?? group.name,
        scope: asked.Scope ?? group.scope,
        settings: JSON.stringify(changed(keptOf(group), asked)),
      });
    });
    return {};
  },
});
