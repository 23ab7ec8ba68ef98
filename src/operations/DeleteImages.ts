import { Type } from 'typebox';
import { distinct, requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { all, named } from './resources.ts';
import { None, RegionId, texts } from './schema.ts';

export const DeleteImages = operation({
  name: 'DeleteImages',
  kind: 'write',
  summary: 'Deletes images that no desktop and no bundle uses, all or none. Snapshots stay.',
  parameters: Type.Object({
    RegionId,
    ImageId: texts('The images; one that is being made is called off.', 100),
    DeleteCascadedBundle: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Delete the bundles that CreateBundle made of them, too.',
      }),
    ),
  }),
  response: None,
  errors: ['InvalidRegionId.NotFound', 'InvalidImageId.NotFound', 'OperationDenied.ImageInUse'],
  // Which bundles go is known only when they do.
  resources: ({ ImageId: ids, DeleteCascadedBundle: cascade }) => [
    ...named('image', ids),
    ...(cascade === true ? all('bundle') : []),
  ],
  async run(services, { RegionId: regionId, ImageId: ids, DeleteCascadedBundle: cascade }, context) {
    requireRegion(services, regionId);
    await services.snapshots.removeImages(
      distinct(ids),
      context.claim,
      cascade === true ? 'bundles' : 'nothing',
    );
    return {};
  },
});
