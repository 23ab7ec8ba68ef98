import { Type } from 'typebox';
import { distinct, requireDesktopsHere } from './checks.ts';
import { HOLD_ERRORS, holdFirst, holdResources } from './hold-first.ts';
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
    CreateSnapshot: Type.Optional(
      choice(['true', 'false'], 'Take a snapshot of every disk first. false if not sent.'),
    ),
  }),
  response: None,
  errors: [
    'InvalidRegionId.NotFound',
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
    'OperationConflict',
    ...HOLD_ERRORS,
  ],
  resources: ({ DesktopId: ids, CreateSnapshot: hold }) => [
    ...named('desktop', ids),
    ...holdResources(hold === 'true'),
  ],
  async run(services, { RegionId: regionId, DesktopId: ids, CreateSnapshot: hold }, context) {
    const desktops = distinct(ids);
    await requireDesktopsHere(services, regionId, desktops);
    const stop = () => services.desktops.stop(desktops, context.claim);
    await (hold === 'true' ? holdFirst(services, regionId, desktops, context, stop) : stop());
    return {};
  },
});
