import { Type } from 'typebox';
import { shrink, toPng } from '../desktops/desktops.ts';
import { EcdError } from '../errors.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { named } from './resources.ts';
import { RegionId } from './schema.ts';
import { toSecond } from './times.ts';

const SMALLEST = 16;
const LARGEST = 1280;
const USUAL = 320;

export const GetDesktopScreenshot = operation({
  name: 'GetDesktopScreenshot',
  kind: 'read',
  summary: 'Gives a picture of what the screen of a desktop shows now.',
  parameters: Type.Object({
    RegionId,
    DesktopId: Type.String({ minLength: 1, description: 'The desktop, which must be Running.' }),
    MaxSize: Type.Optional(
      Type.Integer({
        minimum: SMALLEST,
        maximum: LARGEST,
        default: USUAL,
        description: 'Width and height of the picture in pixels at most; a larger screen is made smaller.',
      }),
    ),
  }),
  response: Type.Object({
    DesktopId: Type.String(),
    CaptureTime: Type.String(),
    ScreenWidth: Type.Integer({ description: 'Of the screen itself, in pixels.' }),
    ScreenHeight: Type.Integer(),
    Width: Type.Integer({ description: 'Of the picture, in pixels.' }),
    Height: Type.Integer(),
    Format: Type.Enum(['PNG']),
    Screenshot: Type.String({ description: 'The picture in Base64.' }),
  }),
  errors: ['InvalidRegionId.NotFound', 'InvalidDesktopId.NotFound', 'IncorrectDesktopStatus'],
  resources: ({ DesktopId: id }) => named('desktop', id),
  async run(services, { RegionId: regionId, DesktopId: id, MaxSize: side = USUAL }) {
    requireRegion(services, regionId);
    const desktop = await services.catalogue.db
      .selectFrom('desktops')
      .select('status')
      .where('id', '=', id)
      .where('region_id', '=', regionId)
      .executeTakeFirst();
    if (desktop === undefined || desktop.status === 'Deleted')
      throw new EcdError('InvalidDesktopId.NotFound');
    if (desktop.status !== 'Running')
      throw new EcdError('IncorrectDesktopStatus', { status: desktop.status, wanted: 'Running' });
    const screen = await services.desktops.picture(id);
    const picture = shrink(screen, side);
    return {
      DesktopId: id,
      CaptureTime: toSecond(services.clock()),
      ScreenWidth: screen.width,
      ScreenHeight: screen.height,
      Width: picture.width,
      Height: picture.height,
      Format: 'PNG' as const,
      Screenshot: (await toPng(picture)).toString('base64'),
    };
  },
});
