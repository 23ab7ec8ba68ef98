import { Type } from 'typebox';
import { pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { listTags } from '../catalogue/tags.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { namedOrAll } from './resources.ts';
import { MaxResults, NextToken, NextTokenGiven, RegionId, Tags, texts } from './schema.ts';
import { DESKTOP_TYPE, ResourceType, tagFilters } from './tag-parameters.ts';

const TagView = Type.Object({
  ResourceId: Type.String(),
  ResourceType: Type.Enum([DESKTOP_TYPE]),
  TagKey: Type.String(),
  TagValue: Type.String(),
});

export const ListTagResources = operation({
  name: 'ListTagResources',
  kind: 'read',
  summary: 'Lists the tags of desktops, newest first.',
  parameters: Type.Object({
    RegionId,
    ResourceType,
    MaxResults,
    NextToken,
    ResourceId: Type.Optional(texts('Only those of these desktops; unknown ids are left out.', 50)),
    Tag: Tags('Only those of desktops that have all of these; without Value, with any.'),
  }),
  response: Type.Object({ NextToken: NextTokenGiven, TagResources: Type.Array(TagView) }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken'],
  resources: ({ ResourceId: ids }) => namedOrAll('desktop', ids),
  async run(services, { MaxResults: maxResults, NextToken: token, ...filters }) {
    const tags = tagFilters(filters.Tag);
    requireRegion(services, filters.RegionId);
    const scope = () => scopeOf('ListTagResources', filters);
    const page = pageRequest(scope, maxResults, token);
    const rows = await listTags(
      services.catalogue.db,
      { regionId: filters.RegionId, desktopIds: filters.ResourceId, tags },
      page,
    );
    const { items, nextToken } = pageOf(rows, page.limit, scope, (row) => [row.tagged_at, row.place]);
    return {
      ...(nextToken === null ? {} : { NextToken: nextToken }),
      TagResources: items.map((row) => ({
        ResourceId: row.desktop_id,
        ResourceType: DESKTOP_TYPE as typeof DESKTOP_TYPE,
        TagKey: row.key,
        TagValue: row.value,
      })),
    };
  },
});
