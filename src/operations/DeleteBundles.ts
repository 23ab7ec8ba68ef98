import { Type } from 'typebox';
import { deleteBundles, storedBundle } from '../catalogue/bundles.ts';
import { EcdError } from '../errors.ts';
import { distinct, requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { None, RegionId, texts } from './schema.ts';

export const DeleteBundles = operation({
  name: 'DeleteBundles',
  kind: 'write',
  summary: 'Deletes bundles that CreateBundle made, all or none. Desktops made of them stay as they are.',
  parameters: Type.Object({ RegionId, BundleId: texts('The bundles.', 100) }),
  response: None,
  errors: ['InvalidRegionId.NotFound', 'InvalidDesktopBundle.NotFound', 'OperationDenied.SystemBundle'],
  resources: ({ BundleId: ids }) => named('bundle', ids),
  async run(services, { RegionId: regionId, BundleId }, context) {
    const { catalogue, settings, clock } = services;
    const ids = distinct(BundleId);
    requireRegion(services, regionId);
    const own = settings.bundles.find((bundle) => ids.includes(bundle.id));
    if (own !== undefined) throw new EcdError('OperationDenied.SystemBundle', { bundle: own.id });
    await catalogue.transaction(async (trx) => {
      for (const id of ids)
        if ((await storedBundle(trx, id)) === undefined) throw new EcdError('InvalidDesktopBundle.NotFound');
      await context.claim.record(trx);
      await deleteBundles(trx, ids, clock());
    });
    return {};
  },
});
