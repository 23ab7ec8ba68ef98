import { Type } from 'typebox';
import { countTags, setTags } from '../catalogue/tags.ts';
import { EcdError } from '../errors.ts';
import { distinct, requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { MAX_TAGS, None, RegionId, tagList, texts } from './schema.ts';
import { ResourceType, requireTaggable, TAG_ERRORS, tagsOf } from './tag-parameters.ts';

export const TagResources = operation({
  name: 'TagResources',
  kind: 'write',
  summary: 'Gives desktops tags: all or none. A key that a desktop has gets the new value.',
  parameters: Type.Object({
    RegionId,
    ResourceType,
    ResourceId: texts('The desktops.', 100),
    Tag: tagList('The tags; an empty value is a value.'),
  }),
  response: None,
  errors: [
    ...TAG_ERRORS,
    'InvalidParameter',
    'InvalidRegionId.NotFound',
    'InvalidResourceId.NotFound',
    'QuotaExceed.Tag',
  ],
  resources: ({ ResourceId: ids }) => named('desktop', ids),
  async run(services, { RegionId: regionId, ResourceId: resourceIds, Tag: sent }, context) {
    const tags = tagsOf(sent);
    const ids = distinct(resourceIds);
    requireRegion(services, regionId);
    await services.catalogue.transaction(async (trx) => {
      await context.claim.record(trx);
      await requireTaggable(trx, regionId, ids);
      for (const id of ids) {
        await setTags(trx, id, tags, services.clock());
        if ((await countTags(trx, id)) > MAX_TAGS) {
          throw new EcdError('QuotaExceed.Tag', { id, maximum: MAX_TAGS });
        }
      }
    });
    return {};
  },
});
