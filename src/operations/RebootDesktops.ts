import { Type } from 'typebox';
import { distinct, requireDesktopsHere } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { flag, IGNORED, None, RegionId, texts } from './schema.ts';

export const RebootDesktops = operation({
  name: 'RebootDesktops',
  kind: 'write',
  summary: 'Restarts desktops that are Running.',
  parameters: Type.Object({
    RegionId,
    DesktopId: texts('The desktops.', 100),
    OsUpdate: flag(IGNORED),
  }),
  response: None,
  errors: [
    'InvalidRegionId.NotFound',
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
    'OperationConflict',
  ],
  resources: ({ DesktopId: ids }) => named('desktop', ids),
  async run(services, { RegionId: regionId, DesktopId: ids }, context) {
    const desktops = distinct(ids);
    await requireDesktopsHere(services, regionId, desktops);
    await services.desktops.reboot(desktops, context.claim);
    return {};
  },
});
