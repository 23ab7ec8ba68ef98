import { Type } from 'typebox';
import { distinct, requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { desktopsBound } from './reached.ts';
import { named } from './resources.ts';
import { None, RegionId, texts } from './schema.ts';

export const DeleteAutoSnapshotPolicy = operation({
  name: 'DeleteAutoSnapshotPolicy',
  kind: 'write',
  summary:
    'Deletes automatic snapshot policies. Snapshots that they have made stay until their retention ends.',
  parameters: Type.Object({
    RegionId,
    PolicyId: texts('The policies; unknown ids are ignored.', 100),
  }),
  response: None,
  errors: ['InvalidRegionId.NotFound'],
  resources: ({ PolicyId: ids }) => named('snapshotpolicy', ids),
  alsoShows: ({ PolicyId: ids }, services) => desktopsBound(services, ...ids),
  async run(services, { RegionId: regionId, PolicyId: ids }, context) {
    requireRegion(services, regionId);
    await services.policies.remove(regionId, distinct(ids), context.claim);
    return {};
  },
});
