import { type Static, Type } from 'typebox';
import { CATALOGUE, EcdError } from '../errors.ts';
import { requireImage } from './bundles.ts';
import { distinct, refused, requireRegion } from './checks.ts';
import { operation, type RequestContext } from './operation.ts';
import { imagesOfDesktops } from './reached.ts';
import { named } from './resources.ts';
import { choice, IGNORED, RegionId, text, texts } from './schema.ts';
import type { Services } from './services.ts';

const Result = Type.Object({
  DesktopId: Type.String(),
  Code: Type.String({ description: 'success, or the code that the desktop was refused with.' }),
  Message: Type.String(),
});

export const RebuildDesktops = operation({
  name: 'RebuildDesktops',
  kind: 'write',
  summary: 'Makes the system disks of Stopped desktops new from an image. Snapshots and data disks stay.',
  parameters: Type.Object({
    RegionId,
    DesktopId: texts('The desktops, each with a result of its own.', 100),
    ImageId: text('The image, of which they are from then on; the one that each is of if not sent.'),
    OperateType: text(IGNORED),
    Language: Type.Optional(choice(['zh-CN', 'zh-HK', 'en-US', 'ja-JP'], IGNORED)),
    AfterStatus: text('Running: they are started when their disks are made. Stopped, as if not sent.'),
  }),
  response: Type.Object({ RebuildResults: Type.Array(Result) }),
  errors: ['InvalidParameter', 'InvalidRegionId.NotFound', 'InvalidImageId.NotFound', 'IncorrectImageStatus'],
  resources: ({ DesktopId: ids, ImageId: image }) => [...named('desktop', ids), ...named('image', image)],
  alsoShows: ({ DesktopId: ids, ImageId: image }, services) =>
    image === undefined ? imagesOfDesktops(services, ids) : [],
  async run(services, asked, context) {
    const { AfterStatus: after = 'Stopped' } = asked;
    if (after !== 'Stopped' && after !== 'Running') throw refused('AfterStatus', 'Use Running or Stopped.');
    requireRegion(services, asked.RegionId);
    const image = asked.ImageId === undefined ? undefined : await requireImage(services, asked.ImageId);
    const one = (desktopId: string) =>
      rebuild(services, context, { regionId: asked.RegionId, desktopId, imageId: image?.id }, after);
    return { RebuildResults: await Promise.all(distinct(asked.DesktopId).map(one)) };
  },
});

async function rebuild(
  { snapshots, desktops }: Services,
  { claim }: RequestContext,
  request: Parameters<Services['snapshots']['rebuild']>[0],
  after: 'Running' | 'Stopped',
): Promise<Static<typeof Result>> {
  const { desktopId } = request;
  try {
    await snapshots.rebuild(request, claim);
    // A start waits until the disk is made.
    if (after === 'Running') await desktops.start([desktopId], claim);
    return { DesktopId: desktopId, Code: 'success', Message: 'success' };
  } catch (error) {
    // The request itself is not to be served.
    if (!(error instanceof EcdError) || error.code === 'SignatureNonceUsed') throw error;
    if (error.internal)
      return { DesktopId: desktopId, Code: 'InternalError', Message: CATALOGUE.InternalError.message };
    return { DesktopId: desktopId, Code: error.publicCode, Message: error.message };
  }
}
