import { Type } from 'typebox';
import { distinct, requireDesktopsHere } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { None, RegionId, texts } from './schema.ts';

export const StartDesktops = operation({
  name: 'StartDesktops',
  kind: 'write',
  summary: 'Starts desktops that are Stopped.',
  parameters: Type.Object({
    RegionId,
    DesktopId: texts('The desktops.', 100),
  }),
  response: None,
  errors: ['InvalidRegionId.NotFound', 'InvalidDesktopId.NotFound', 'IncorrectDesktopStatus'],
  resources: ({ DesktopId: ids }) => named('desktop', ids),
  async run(services, { RegionId: regionId, DesktopId: ids }, context) {
    const desktops = distinct(ids);
    await requireDesktopsHere(services, regionId, desktops);
    await services.desktops.start(desktops, context.claim);
    return {};
  },
});
