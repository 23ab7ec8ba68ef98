import { Type } from 'typebox';
import { parameters } from './create-parameters.ts';
import { bundleIdsOf, ordersOf } from './new-desktops.ts';
import { operation } from './operation.ts';
import { imagesOfBundles } from './reached.ts';
import { all, made, named } from './resources.ts';
import { TAG_ERRORS, tagsOf } from './tag-parameters.ts';

export const CreateDesktops = operation({
  name: 'CreateDesktops',
  kind: 'write',
  summary: 'Makes desktops of bundles and starts them.',
  parameters,
  response: Type.Object({ DesktopId: Type.Array(Type.String(), { description: 'The ids of all of them.' }) }),
  errors: [
    'InvalidAmount',
    'InvalidAmount.NotTimesOfUsers',
    'InvalidDesktopName.Malformed',
    ...TAG_ERRORS,
    'InvalidParameter',
    'InvalidRegionId.NotFound',
    'InvalidDesktopBundle.NotFound',
    'InvalidImageId.NotFound',
    'InvalidAutoSnapshotPolicyId.NotFound',
    'IncorrectImageStatus',
    'QuotaExceed.Desktop',
    'OperationDenied.InsufficientSpace',
  ],
  resources: (asked, { settings }) => [
    ...made('desktop'),
    ...(bundleIdsOf(settings, asked)?.flatMap((id) => named('bundle', id)) ?? all('bundle')),
    ...named('image', asked.DesktopAttachment?.ImageId),
    ...named('snapshotpolicy', asked.SnapshotPolicyId),
  ],
  async alsoShows(asked, services) {
    const bundles =
      asked.DesktopAttachment?.ImageId === undefined ? bundleIdsOf(services.settings, asked) : [];
    return [
      ...(await imagesOfBundles(services, bundles ?? [])),
      ...named('officesite', asked.OfficeSiteId, asked.DirectoryId),
      ...named('policygroup', asked.PolicyGroupId),
    ];
  },
  creates: ({ DesktopId: id }) => named('desktop', id),
  async run(services, asked, context) {
    const tags = tagsOf(asked.Tag ?? []);
    const orders = await ordersOf(services, asked);
    const made: string[] = [];
    try {
      for (const order of orders) {
        const common = {
          regionId: asked.RegionId,
          officeSiteId: asked.OfficeSiteId ?? asked.DirectoryId ?? '',
          policyGroupId: asked.PolicyGroupId ?? '',
          nameSuffix: asked.DesktopNameSuffix ?? false,
          chargeType: asked.ChargeType ?? 'PostPaid',
          snapshotPolicyId: asked.SnapshotPolicyId,
          tags,
          creator: context.userName,
        };
        made.push(...(await services.desktops.create({ ...common, ...order }, context.claim)));
      }
    } catch (error) {
      // All or none: a quota that ends in the middle leaves nothing behind.
      if (made.length > 0) await services.desktops.remove(made, context.claim);
      throw error;
    }
    return { DesktopId: made };
  },
});
