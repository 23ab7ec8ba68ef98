import { Type } from 'typebox';
import { distinct, requireDesktopsHere } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { choice, flag, IGNORED, None, RegionId, texts } from './schema.ts';

export const StopDesktops = operation({
  name: 'StopDesktops',
  kind: 'write',
  summary: 'Shuts desktops down that are Running: asks the guest first, then forces it.',
  parameters: Type.Object({
    RegionId,
    StoppedMode: Type.Optional(choice(['StopCharging', 'KeepCharging'], IGNORED)),
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
    await services.desktops.stop(desktops, context.claim);
    return {};
  },
});
