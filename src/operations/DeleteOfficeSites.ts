import { Type } from 'typebox';
import { deleteOffices } from '../catalogue/offices.ts';
import { EcdError } from '../errors.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { None, RegionId, texts } from './schema.ts';

export const DeleteOfficeSites = operation({
  name: 'DeleteOfficeSites',
  kind: 'write',
  summary: 'Deletes office sites that no desktop names: all or none.',
  parameters: Type.Object({ RegionId, OfficeSiteId: texts('The sites; unknown ids are ignored.', 100) }),
  response: None,
  errors: ['InvalidRegionId.NotFound', 'OperationDenied.OfficeSiteInUse'],
  resources: ({ OfficeSiteId: ids }) => named('officesite', ids),
  async run(services, { RegionId: regionId, OfficeSiteId: ids }, context) {
    requireRegion(services, regionId);
    await services.catalogue.transaction(async (trx) => {
      await context.claim.record(trx);
      const used = await deleteOffices(trx, 'office_sites', regionId, ids);
      if (used !== undefined) throw new EcdError('OperationDenied.OfficeSiteInUse', { id: used });
    });
    return {};
  },
});
