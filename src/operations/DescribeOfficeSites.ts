import { Type } from 'typebox';
import { pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { countOffices, listOfficeSites } from '../catalogue/offices.ts';
import { requireRegion } from './checks.ts';
import { OfficeSiteView, officeSiteView, SITE_STATUSES } from './office-site-view.ts';
import { operation } from './operation.ts';
import { namedOrAll } from './resources.ts';
import { choice, MaxResults, NextToken, NextTokenGiven, RegionId, text, texts } from './schema.ts';

export const DescribeOfficeSites = operation({
  name: 'DescribeOfficeSites',
  kind: 'read',
  summary: 'Lists office sites, newest first.',
  parameters: Type.Object({
    RegionId,
    OfficeSiteType: Type.Optional(choice(['SIMPLE', 'AD_CONNECTOR'], 'All sites here are SIMPLE.')),
    MaxResults,
    NextToken,
    OfficeSiteId: Type.Optional(texts('Only these; unknown ids are left out.', 100)),
    Status: Type.Optional(choice([...SITE_STATUSES], 'All sites here are REGISTERED.')),
    SecurityProtection: Type.Optional(choice(['SASE', 'OFF'], 'All sites here are OFF.')),
    VpcId: text('No site here has one: gives an empty list.'),
  }),
  response: Type.Object({
    NextToken: NextTokenGiven,
    TotalCount: Type.Integer({ format: 'int32', description: 'Sites on all pages.' }),
    OfficeSites: Type.Array(OfficeSiteView),
  }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken'],
  resources: ({ OfficeSiteId: ids }) => namedOrAll('officesite', ids),
  async run(services, { MaxResults: maxResults, NextToken: token, ...filters }) {
    requireRegion(services, filters.RegionId);
    const scope = () => scopeOf('DescribeOfficeSites', filters);
    const page = pageRequest(scope, maxResults, token);
    const none =
      filters.OfficeSiteType === 'AD_CONNECTOR' ||
      (filters.Status ?? 'REGISTERED') !== 'REGISTERED' ||
      filters.SecurityProtection === 'SASE' ||
      filters.VpcId !== undefined;
    if (none) return { TotalCount: 0, OfficeSites: [] };
    const { db } = services.catalogue;
    const filter = { regionId: filters.RegionId, ids: filters.OfficeSiteId };
    const rows = await listOfficeSites(db, filter, page);
    const { items, nextToken } = pageOf(rows, page.limit, scope, (row) => [row.created_at, row.id]);
    return {
      ...(nextToken === null ? {} : { NextToken: nextToken }),
      TotalCount: await countOffices(db, 'office_sites', filter),
      OfficeSites: items.map(officeSiteView),
    };
  },
});
