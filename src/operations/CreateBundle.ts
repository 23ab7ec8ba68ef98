import { Type } from 'typebox';
import { countBundles, insertBundle } from '../catalogue/bundles.ts';
import { imageById } from '../catalogue/images.ts';
import { EcdError } from '../errors.ts';
import { newId } from '../ids.ts';
import { bundleOfType, requireImage } from './bundles.ts';
import { GIB, LARGEST_DISK_GIB, refused, requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { made, named, namedOrAll } from './resources.ts';
import { choice, IGNORED, KEPT, RegionId } from './schema.ts';

const level = () => Type.Optional(choice(['PL0', 'PL1', 'PL2', 'PL3'], IGNORED));

export const CreateBundle = operation({
  name: 'CreateBundle',
  kind: 'write',
  summary: 'Makes a bundle of an image, a type and sizes of disks, which desktops can be made of.',
  parameters: Type.Object({
    RegionId,
    ImageId: Type.String({ description: 'The image, which must be Available.' }),
    DesktopType: Type.String({
      description:
        'That of a bundle of the settings, from which processors, memory, network, firmware and cloud-init are taken.',
    }),
    RootDiskSizeGib: Type.Integer({
      format: 'int32',
      description: `GiB of the system disk, not less than the image has: 1 to ${LARGEST_DISK_GIB}.`,
    }),
    BundleName: Type.Optional(
      Type.String({
        maxLength: 128,
        pattern: '^\\P{Cc}*$',
        description: 'Up to 128 characters, no control characters; the id if not sent.',
      }),
    ),
    Description: Type.Optional(
      Type.String({
        maxLength: 256,
        'x-error': 'InvalidDescription.Malformed',
        description: 'Up to 256 characters.',
      }),
    ),
    Language: Type.Optional(choice(['zh-CN', 'zh-HK', 'en-US', 'ja-JP'], KEPT)),
    UserDiskSizeGib: Type.Array(Type.Integer({ format: 'int32' }), {
      maxItems: 1,
      description: `GiB of the data disk, up to ${LARGEST_DISK_GIB}; 0: none.`,
    }),
    RootDiskPerformanceLevel: level(),
    UserDiskPerformanceLevel: level(),
  }),
  response: Type.Object({ BundleId: Type.String() }),
  errors: [
    'InvalidDescription.Malformed',
    'InvalidParameter',
    'InvalidRegionId.NotFound',
    'InvalidImageId.NotFound',
    'IncorrectImageStatus',
    'QuotaExceed.Bundle',
  ],
  // What it takes from the bundle of that type is as good as the bundle: its network may be a bridge to the LAN.
  resources: ({ ImageId: id, DesktopType: type }, { settings }) => [
    ...made('bundle'),
    ...namedOrAll('bundle', bundleOfType(settings, type)?.id),
    ...named('image', id),
  ],
  creates: ({ BundleId: id }) => named('bundle', id),
  async run(services, asked, context) {
    const { catalogue, settings, clock } = services;
    const { RootDiskSizeGib: systemGib } = asked;
    const [dataGib = 0] = asked.UserDiskSizeGib;
    if (systemGib < 1 || systemGib > LARGEST_DISK_GIB)
      throw refused('RootDiskSizeGib', `Use 1 to ${LARGEST_DISK_GIB}.`);
    if (dataGib < 0 || dataGib > LARGEST_DISK_GIB)
      throw refused('UserDiskSizeGib', `Use 0 to ${LARGEST_DISK_GIB}.`);
    requireRegion(services, asked.RegionId);
    const base = bundleOfType(settings, asked.DesktopType);
    if (base === undefined) throw refused('DesktopType', 'No bundle of the settings is of this type.');
    const image = await requireImage(services, asked.ImageId);
    if (systemGib * GIB < image.size_bytes) throw refused('RootDiskSizeGib', 'It is smaller than the image.');
    const id = newId.bundle();
    await catalogue.transaction(async (trx) => {
      // Looked at again here: it may have been deleted meanwhile.
      if ((await imageById(trx, image.id)) === undefined) throw new EcdError('InvalidImageId.NotFound');
      const count = await countBundles(trx);
      if (count >= settings.desktops.bundleQuota) throw new EcdError('QuotaExceed.Bundle', { count });
      await context.claim.record(trx);
      await insertBundle(trx, {
        id,
        name: asked.BundleName ?? id,
        description: asked.Description ?? '',
        desktop_type: asked.DesktopType,
        cpus: base.cpus,
        memory_mib: base.memoryMib,
        system_disk_gib: systemGib,
        data_disk_gib: dataGib,
        image_id: image.id,
        network: base.network,
        firmware: base.firmware,
        cloud_init: base.cloudInit === undefined ? null : JSON.stringify(base.cloudInit),
        language: asked.Language ?? '',
        creator: context.userName,
        created_at: clock(),
        deleted_at: null,
      });
    });
    return { BundleId: id };
  },
});
