import { Type } from 'typebox';
import { distinct, requireDesktopsHere } from './checks.ts';
import { HOLD_ERRORS, holdFirst, holdResources } from './hold-first.ts';
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
    CreateSnapshot: flag('Take a snapshot of every disk first. false if not sent.'),
  }),
  response: None,
  errors: [
    'InvalidRegionId.NotFound',
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
    'OperationConflict',
    ...HOLD_ERRORS,
  ],
  resources: ({ DesktopId: ids, CreateSnapshot: hold = false }) => [
    ...named('desktop', ids),
    ...holdResources(hold),
  ],
  async run(services, { RegionId: regionId, DesktopId: ids, CreateSnapshot: hold = false }, context) {
    const desktops = distinct(ids);
    await requireDesktopsHere(services, regionId, desktops);
    const reboot = () => services.desktops.reboot(desktops, context.claim);
    await (hold ? holdFirst(services, regionId, desktops, context, reboot) : reboot());
    return {};
  },
});
