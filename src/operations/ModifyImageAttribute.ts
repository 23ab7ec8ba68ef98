import { Type } from 'typebox';
import { imageById } from '../catalogue/images.ts';
import { requireRegion } from './checks.ts';
import { IMAGE_ERRORS, ImageDescription, ImageName } from './image-parameters.ts';
import { operation } from './operation.ts';
import { bundlesMeaning } from './reached.ts';
import { named } from './resources.ts';
import { None, RegionId } from './schema.ts';

export const ModifyImageAttribute = operation({
  name: 'ModifyImageAttribute',
  kind: 'write',
  summary: 'Gives an image another name or description; what is not sent stays.',
  parameters: Type.Object({
    RegionId,
    ImageId: Type.String({ description: 'The image.' }),
    Name: ImageName,
    Description: ImageDescription,
  }),
  response: None,
  errors: [...IMAGE_ERRORS, 'InvalidRegionId.NotFound', 'InvalidImageId.NotFound'],
  // A bundle of the settings means whatever has the name: so does the one that the image lays down.
  async resources({ ImageId: id, Name: name }, services) {
    const old = name === undefined ? undefined : (await imageById(services.catalogue.db, id))?.name;
    return [...named('image', id), ...bundlesMeaning(services, name, old)];
  },
  async run(services, { RegionId: regionId, ImageId: id, Name: name, Description: description }, context) {
    requireRegion(services, regionId);
    await services.snapshots.images.modify(id, { name, description }, context.claim);
    return {};
  },
});
