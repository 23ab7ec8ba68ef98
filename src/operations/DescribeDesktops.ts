import { Type } from 'typebox';
import { countDesktops, type DesktopListRow, disksOfDesktops, listDesktops } from '../catalogue/desktops.ts';
import { pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { tagsOfDesktops } from '../catalogue/tags.ts';
import { bundlesOfDesktops } from './bundles.ts';
import { requireRegion } from './checks.ts';
import { filterOf, parameters } from './desktop-filter.ts';
import { DesktopView, desktopView } from './desktop-view.ts';
import { numberedPage } from './numbered-page.ts';
import { operation } from './operation.ts';
import { namedOrAll } from './resources.ts';
import { int32, NextTokenGiven } from './schema.ts';

export const DescribeDesktops = operation({
  name: 'DescribeDesktops',
  kind: 'read',
  summary: 'Lists desktops, newest first.',
  parameters,
  response: Type.Object({
    NextToken: NextTokenGiven,
    TotalCount: Type.Integer({ format: 'int32', description: 'Desktops on all pages.' }),
    PageNumber: int32('As asked for.'),
    PageSize: int32('As asked for.'),
    Desktops: Type.Array(DesktopView),
  }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken', 'InvalidParameter'],
  resources: ({ DesktopId: ids }) => namedOrAll('desktop', ids),
  async run(services, asked) {
    const { MaxResults: maxResults, NextToken: token, PageNumber, PageSize, ...filters } = asked;
    const { db } = services.catalogue;
    requireRegion(services, filters.RegionId);
    const scope = () => scopeOf('DescribeDesktops', filters);
    const asks = pageRequest(scope, maxResults, token);
    const { page, offset, shown } = numberedPage(asks, PageNumber, PageSize);
    const filter = await filterOf(services, filters);
    if (filter === null) return { TotalCount: 0, ...shown, Desktops: [] };

    const rows = await listDesktops(db, filter, page, offset);
    const { items, nextToken } = pageOf(rows, page.limit, scope, (row) => [row.created_at, row.id]);
    const ids = items.map((row) => row.id);
    const [disks, tags] = [await disksOfDesktops(db, ids), await tagsOfDesktops(db, ids)];
    const bundles = await bundlesOfDesktops(services, items);
    const view = (row: DesktopListRow) =>
      desktopView(
        row,
        disks.get(row.id) ?? [],
        tags.get(row.id) ?? [],
        bundles,
        services.desktops.address(row.id),
      );
    return {
      ...(nextToken === null ? {} : { NextToken: nextToken }),
      TotalCount: await countDesktops(db, filter),
      ...shown,
      Desktops: items.map(view),
    };
  },
});
