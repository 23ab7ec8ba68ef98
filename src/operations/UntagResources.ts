import { Type } from 'typebox';
import { removeTags } from '../catalogue/tags.ts';
import { EcdError } from '../errors.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { flag, MAX_TAGS, None, RegionId, texts } from './schema.ts';
import { ResourceType, requireTaggable } from './tag-parameters.ts';

export const UntagResources = operation({
  name: 'UntagResources',
  kind: 'write',
  summary: 'Takes tags from desktops: from all of them or none.',
  parameters: Type.Object({
    RegionId,
    ResourceType,
    All: flag('true without TagKey: all tags.'),
    ResourceId: texts('The desktops.', 50),
    TagKey: Type.Optional(texts('The keys; those that a desktop does not have are ignored.', MAX_TAGS)),
  }),
  response: None,
  errors: ['InvalidRegionId.NotFound', 'InvalidResourceId.NotFound'],
  resources: ({ ResourceId: ids }) => named('desktop', ids),
  async run(services, { RegionId: regionId, ResourceId: ids, TagKey: keys, All: all }, context) {
    if (keys === undefined && all !== true) throw new EcdError('MissingParameter', { parameter: 'TagKey' });
    requireRegion(services, regionId);
    await services.catalogue.transaction(async (trx) => {
      await context.claim.record(trx);
      await requireTaggable(trx, regionId, ids);
      await removeTags(trx, ids, keys);
    });
    return {};
  },
});
