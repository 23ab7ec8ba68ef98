import { Type } from 'typebox';
import { countDesktops, disksOfDesktops, listDesktops } from '../catalogue/desktops.ts';
import { MAX_RESULTS, pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { EcdError } from '../errors.ts';
import { bundlesOfDesktops } from './bundles.ts';
import { requireRegion } from './checks.ts';
import { filterOf, parameters } from './desktop-filter.ts';
import { DesktopView, desktopView } from './desktop-view.ts';
import { operation } from './operation.ts';
import { namedOrAll } from './resources.ts';
import { int32, NextTokenGiven } from './schema.ts';

const MAX_PAGE_NUMBER = 1_000_000;

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
    const page = pageRequest(scope, maxResults, token);
    const numbered = page.after === null ? numberedPage(PageNumber, PageSize) : null;
    const limit = numbered?.size ?? page.limit;
    const filter = await filterOf(services, filters);
    if (filter === null) return { TotalCount: 0, ...shown(numbered), Desktops: [] };

    const offset = numbered === null ? 0 : (numbered.number - 1) * numbered.size;
    const rows = await listDesktops(db, filter, { after: page.after, limit }, offset);
    const { items, nextToken } = pageOf(rows, limit, scope, (row) => [row.created_at, row.id]);
    const disks = await disksOfDesktops(
      db,
      items.map((row) => row.id),
    );
    const bundles = await bundlesOfDesktops(services, items);
    return {
      ...(nextToken === null ? {} : { NextToken: nextToken }),
      TotalCount: await countDesktops(db, filter),
      ...shown(numbered),
      Desktops: items.map((row) => desktopView(row, disks.get(row.id) ?? [], bundles)),
    };
  },
});

interface NumberedPage {
  readonly number: number;
  readonly size: number;
}

/** Null when pages are not asked for by number. */
function numberedPage(number: number | undefined, size: number | undefined): NumberedPage | null {
  if (number === undefined && size === undefined) return null;
  const page = { number: number ?? 1, size: size ?? MAX_RESULTS };
  if (page.number < 1 || page.number > MAX_PAGE_NUMBER) {
    throw new EcdError('InvalidParameter', {
      parameter: 'PageNumber',
      reason: ` Use 1 to ${MAX_PAGE_NUMBER}.`,
    });
  }
  if (page.size < 1 || page.size > MAX_RESULTS) {
    throw new EcdError('InvalidParameter', { parameter: 'PageSize', reason: ` Use 1 to ${MAX_RESULTS}.` });
  }
  return page;
}

function shown(page: NumberedPage | null): { PageNumber?: number; PageSize?: number } {
  return page === null ? {} : { PageNumber: page.number, PageSize: page.size };
}
