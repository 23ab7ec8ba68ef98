import { Type } from 'typebox';
import { distinct, requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { PolicyId } from './policy-parameters.ts';
import { policiesOfDesktops } from './reached.ts';
import { named } from './resources.ts';
import { None, RegionId, texts } from './schema.ts';

export const ApplyAutoSnapshotPolicy = operation({
  name: 'ApplyAutoSnapshotPolicy',
  kind: 'write',
  summary: 'Gives desktops an automatic snapshot policy instead of any that they have.',
  parameters: Type.Object({
    RegionId,
    PolicyId: PolicyId('The policy.'),
    DesktopId: texts('The desktops.', 500),
  }),
  response: None,
  errors: ['InvalidRegionId.NotFound', 'InvalidAutoSnapshotPolicyId.NotFound', 'InvalidDesktopId.NotFound'],
  resources: ({ PolicyId: id, DesktopId: ids }) => [...named('snapshotpolicy', id), ...named('desktop', ids)],
  // The ones that they have end there.
  alsoShows: ({ DesktopId: ids }, services) => policiesOfDesktops(services, ids),
  async run(services, { RegionId: regionId, PolicyId: id, DesktopId: desktops }, context) {
    requireRegion(services, regionId);
    await services.policies.apply(regionId, id, distinct(desktops), context.claim);
    return {};
  },
});
