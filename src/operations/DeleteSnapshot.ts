import { Type } from 'typebox';
import { distinct, requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { desktopsBehind } from './reached.ts';
import { named } from './resources.ts';
import { None, RegionId, texts } from './schema.ts';

export const DeleteSnapshot = operation({
  name: 'DeleteSnapshot',
  kind: 'write',
  summary: 'Deletes snapshots. Unknown ids are ignored; one that is in progress is cancelled.',
  parameters: Type.Object({ RegionId, SnapshotId: texts('The snapshots.', 100) }),
  response: None,
  errors: ['InvalidRegionId.NotFound'],
  resources: ({ SnapshotId: ids }) => named('snapshot', ids),
  alsoShows: ({ SnapshotId: ids }, services) => desktopsBehind(services, ids),
  async run(services, { RegionId: regionId, SnapshotId: ids }, context) {
    requireRegion(services, regionId);
    await services.snapshots.remove(regionId, distinct(ids), context.claim);
    return {};
  },
});
