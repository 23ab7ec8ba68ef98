import { Type } from 'typebox';
import { distinct, requireDesktopsHere } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { IGNORED, int64, None, RegionId, texts } from './schema.ts';

export const DeleteDesktops = operation({
  name: 'DeleteDesktops',
  kind: 'write',
  summary: 'Deletes desktops and their disks for good. Manual snapshots of them stay.',
  parameters: Type.Object({
    RegionId,
    DesktopId: texts('The desktops.', 200),
    ResellerOwnerUid: int64(IGNORED),
  }),
  response: None,
  errors: ['InvalidRegionId.NotFound', 'InvalidDesktopId.NotFound'],
  resources: ({ DesktopId: ids }) => named('desktop', ids),
  async run(services, { RegionId: regionId, DesktopId: ids }, context) {
    const desktops = distinct(ids);
    await requireDesktopsHere(services, regionId, desktops);
    await services.desktops.remove(desktops, context.claim);
    return {};
  },
});
