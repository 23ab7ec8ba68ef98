import { Type } from 'typebox';
import { distinct, requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { PolicyId } from './policy-parameters.ts';
import { policiesOfDesktops } from './reached.ts';
import { named } from './resources.ts';
import { None, RegionId, texts } from './schema.ts';

export const CancelAutoSnapshotPolicy = operation({
  name: 'CancelAutoSnapshotPolicy',
  kind: 'write',
  summary:
    'Takes the automatic snapshot policy from desktops. Their snapshots stay until their retention ends.',
  parameters: Type.Object({
    RegionId,
    PolicyId: Type.Optional(PolicyId('Only from those that have this policy.')),
    DesktopId: texts('The desktops.', 100),
  }),
  response: None,
  errors: ['InvalidRegionId.NotFound', 'InvalidAutoSnapshotPolicyId.NotFound', 'InvalidDesktopId.NotFound'],
  resources: ({ PolicyId: id, DesktopId: ids }) => [...named('snapshotpolicy', id), ...named('desktop', ids)],
  alsoShows: ({ PolicyId: id, DesktopId: ids }, services) =>
    id === undefined ? policiesOfDesktops(services, ids) : [],
  async run(services, { RegionId: regionId, PolicyId: id, DesktopId: desktops }, context) {
    requireRegion(services, regionId);
    await services.policies.cancel(regionId, id, distinct(desktops), context.claim);
    return {};
  },
});
