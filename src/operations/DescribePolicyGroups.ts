import { type Static, Type } from 'typebox';
import { pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { countOffices, listPolicyGroups, type PolicyGroupRow } from '../catalogue/offices.ts';
import { requireRegion } from './checks.ts';
import { numberedPage } from './numbered-page.ts';
import { operation } from './operation.ts';
import { Kept, keptOf } from './policy-group-settings.ts';
import { namedOrAll } from './resources.ts';
import {
  choice,
  IGNORED,
  int32,
  MaxResults,
  NextToken,
  NextTokenGiven,
  RegionId,
  text,
  texts,
} from './schema.ts';

const PolicyGroupView = Type.Object({
  PolicyGroupId: Type.String(),
  Name: Type.String(),
  PolicyStatus: Type.Enum(['AVAILABLE', 'CREATING'], { description: 'All are AVAILABLE.' }),
  PolicyGroupType: Type.Enum(['SYSTEM', 'CUSTOM'], { description: 'All are CUSTOM.' }),
  Scope: Type.Enum(['IP', 'GLOBAL']),
  ...Kept.properties,
  EdsCount: Type.Integer({ format: 'int32', description: 'How many desktops name it.' }),
  DesktopCount: Type.Integer({ format: 'int32' }),
  DesktopGroupCount: Type.Integer({ format: 'int32' }),
  ResourceGroupCount: Type.Integer({ format: 'int32' }),
  ResourceRegionId: Type.String(),
});

export const DescribePolicyGroups = operation({
  name: 'DescribePolicyGroups',
  kind: 'read',
  summary: 'Lists policy groups, newest first.',
  parameters: Type.Object({
    RegionId,
    MaxResults,
    NextToken,
    PolicyGroupId: Type.Optional(texts('Only these; unknown ids are left out.', 100)),
    Scope: Type.Optional(choice(['ALL', 'IP', 'GLOBAL'], 'Only those of this scope; ALL if not given.')),
    ExternalPolicyGroupIds: Type.Optional(texts('Not these.', 100)),
    PageNumber: int32('The number of the page, instead of NextToken.'),
    PageSize: int32('How many policy groups a page has, with PageNumber: 1 to 100.'),
    BusinessChannel: text(IGNORED),
  }),
  response: Type.Object({
    NextToken: NextTokenGiven,
    Count: Type.Integer({ format: 'int32', description: 'Policy groups on all pages.' }),
    PageNumber: int32('As asked for.'),
    PageSize: int32('As asked for.'),
    DescribePolicyGroups: Type.Array(PolicyGroupView),
  }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken', 'InvalidParameter'],
  resources: ({ PolicyGroupId: ids }) => namedOrAll('policygroup', ids),
  async run(services, { MaxResults: maxResults, NextToken: token, PageNumber, PageSize, ...filters }) {
    requireRegion(services, filters.RegionId);
    const scope = () => scopeOf('DescribePolicyGroups', filters);
    const asks = pageRequest(scope, maxResults, token);
    const { page, offset, shown } = numberedPage(asks, PageNumber, PageSize);
    const { db } = services.catalogue;
    const filter = {
      regionId: filters.RegionId,
      ids: filters.PolicyGroupId,
      excludedIds: filters.ExternalPolicyGroupIds,
      scope: filters.Scope === 'ALL' ? undefined : filters.Scope,
    };
    const rows = await listPolicyGroups(db, filter, page, offset);
    const { items, nextToken } = pageOf(rows, page.limit, scope, (row) => [row.created_at, row.id]);
    return {
      ...(nextToken === null ? {} : { NextToken: nextToken }),
      Count: await countOffices(db, 'policy_groups', filter),
      ...shown,
      DescribePolicyGroups: items.map(view),
    };
  },
});

function view(row: PolicyGroupRow): Static<typeof PolicyGroupView> {
  return {
    PolicyGroupId: row.id,
    Name: row.name,
    PolicyStatus: 'AVAILABLE',
    PolicyGroupType: 'CUSTOM',
    Scope: row.scope,
    ...keptOf(row),
    EdsCount: row.desktops,
    DesktopCount: row.desktops,
    DesktopGroupCount: 0,
    ResourceGroupCount: 0,
    ResourceRegionId: row.region_id,
  };
}
