import { Type } from 'typebox';
import { checkDesktopName, requireDesktopsHere } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { None, RegionId } from './schema.ts';

export const ModifyDesktopName = operation({
  name: 'ModifyDesktopName',
  kind: 'write',
  summary: 'Gives a desktop another name.',
  parameters: Type.Object({
    RegionId,
    NewDesktopName: Type.String({
      'x-error': 'InvalidDesktopName.Malformed',
      description:
        '1 to 64 characters, beginning with a letter; letters, digits, colon, underscore, full stop, hyphen.',
    }),
    DesktopId: Type.String({ description: 'The desktop.' }),
  }),
  response: None,
  errors: ['InvalidDesktopName.Malformed', 'InvalidRegionId.NotFound', 'InvalidDesktopId.NotFound'],
  resources: ({ DesktopId: id }) => named('desktop', id),
  async run(services, { RegionId: regionId, NewDesktopName: name, DesktopId: id }, context) {
    checkDesktopName(name);
    await requireDesktopsHere(services, regionId, [id]);
    await services.desktops.rename(id, name, context.claim);
    return {};
  },
});
