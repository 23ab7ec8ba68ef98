import { Type } from 'typebox';
import { invokedDesktops } from '../catalogue/invocations.ts';
import { distinct, requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { all, named } from './resources.ts';
import { None, RegionId, texts } from './schema.ts';

export const StopInvocation = operation({
  name: 'StopInvocation',
  kind: 'write',
  summary: 'Stops what RunCommand started and what has not ended yet.',
  parameters: Type.Object({
    RegionId,
    InvokeId: Type.String({ description: 'The invocation.' }),
    DesktopId: Type.Optional(texts('Only on these of its desktops; on all of them if not given.', 50)),
  }),
  response: None,
  errors: [
    'InvalidRegionId.NotFound',
    'InvalidInvokeId.NotFound',
    'InvalidDesktopId.NotFound',
    'OperationDenied.NotStoppable',
  ],
  async resources({ InvokeId: id, DesktopId: ids }, { catalogue }) {
    if (ids !== undefined) return named('desktop', ids);
    const desktops = (await invokedDesktops(catalogue.db, [id], false)).get(id);
    return desktops === undefined
      ? all('desktop')
      : named(
          'desktop',
          desktops.map((row) => row.desktop_id),
        );
  },
  async run(services, { RegionId: regionId, InvokeId: invokeId, DesktopId: ids }, context) {
    requireRegion(services, regionId);
    const desktopIds = ids && distinct(ids);
    await services.commands.stop({ regionId, invokeId, desktopIds }, context.claim);
    return {};
  },
});
