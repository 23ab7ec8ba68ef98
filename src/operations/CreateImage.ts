import { type Static, Type } from 'typebox';
import { disksOfDesktops } from '../catalogue/desktops.ts';
import { disksOfSnapshots } from '../catalogue/snapshots.ts';
import { EcdError } from '../errors.ts';
import { distinct, refused, requireRegion } from './checks.ts';
import { IMAGE_ERRORS, ImageDescription, ImageName } from './image-parameters.ts';
import { operation } from './operation.ts';
import { bundlesMeaning, desktopsBehind } from './reached.ts';
import { made, named } from './resources.ts';
import { choice, flag, IGNORED, RegionId, text, texts } from './schema.ts';
import type { Services } from './services.ts';

const parameters = Type.Object({
  RegionId,
  DesktopId: text('The desktop whose system disk it is made of, as it is now. Not needed with a snapshot.'),
  ImageName,
  Description: ImageDescription,
  SnapshotId: text('A snapshot of a system disk, of which it is made instead.'),
  ImageResourceType: text(IGNORED),
  SnapshotIds: Type.Optional(texts('The same as a list, which may hold one.', 100)),
  AutoCleanUserdata: flag('true is refused: this server does not change what is on a disk.'),
  DiskType: Type.Optional(
    choice(
      ['SYSTEM', 'ALL'],
      'SYSTEM if not sent; ALL is refused for a desktop with a data disk: images here are of a system disk.',
    ),
  ),
  DataSnapshotIds: Type.Optional(texts('Refused: images here are of a system disk.', 100)),
});

type Asked = Static<typeof parameters>;

export const CreateImage = operation({
  name: 'CreateImage',
  kind: 'write',
  summary: 'Makes an image of a snapshot or of a desktop, which other desktops can be made of.',
  parameters,
  response: Type.Object({ ImageId: Type.String() }),
  errors: [
    ...IMAGE_ERRORS,
    'InvalidParameter',
    'InvalidRegionId.NotFound',
    'InvalidDesktopId.NotFound',
    'InvalidSnapshotId.NotFound',
    'InvalidSnapshotId.NotReady',
    'IncorrectDesktopStatus',
    'QuotaExceed.WaitingLayers',
    'OperationDenied.InsufficientSpace',
    'OperationConflict',
    'OperationDenied.DiskInUse',
    'OperationDenied.SnapshotFailed',
  ],
  resources: (
    { DesktopId: desktop, SnapshotId: one, SnapshotIds: more, DataSnapshotIds: data, ImageName: name },
    services,
  ) => [
    ...made('image'),
    ...named('desktop', desktop),
    ...named('snapshot', one, more, data),
    ...bundlesMeaning(services, name),
  ],
  alsoShows: ({ SnapshotId: one, SnapshotIds: more, DataSnapshotIds: data }, services) =>
    desktopsBehind(services, one, more, data),
  creates: ({ ImageId: id }) => named('image', id),
  async run(services, asked, context) {
    const { DesktopId: desktopId } = asked;
    if (asked.AutoCleanUserdata === true)
      throw refused('AutoCleanUserdata', 'This server does not change what is on a disk.');
    if (asked.DataSnapshotIds !== undefined)
      throw refused('DataSnapshotIds', 'Images here are of a system disk.');
    const snapshotId = oneSnapshot(asked);
    requireRegion(services, asked.RegionId);
    if (snapshotId !== undefined) await requireSystemDisk(services, asked, snapshotId);
    const common = {
      regionId: asked.RegionId,
      name: asked.ImageName ?? '',
      description: asked.Description ?? '',
      creator: context.userName,
    };
    const from =
      snapshotId === undefined
        ? { desktopId: await wholeDesktop(services, asked) }
        : { snapshotId, ...(desktopId === undefined ? {} : { desktopId }) };
    return { ImageId: await services.snapshots.images.create({ ...common, from }, context.claim) };
  },
});

function oneSnapshot({ SnapshotId: one, SnapshotIds: more = [] }: Asked): string | undefined {
  const ids = distinct([...(one === undefined ? [] : [one]), ...more]);
  if (ids.length > 1) throw refused('SnapshotIds', 'An image is of one system disk: name one snapshot.');
  return ids[0];
}

/** Said by the name of the parameter, which only operations know; what is not there is told by the service. */
async function requireSystemDisk({ catalogue }: Services, asked: Asked, id: string): Promise<void> {
  const [found] = await disksOfSnapshots(catalogue.db, asked.RegionId, [id]);
  if (found?.disk_type === 'data') {
    const parameter = asked.SnapshotId === undefined ? 'SnapshotIds' : 'SnapshotId';
    throw refused(parameter, 'It is of a data disk, and images here are of a system disk.');
  }
}

async function wholeDesktop({ catalogue }: Services, asked: Asked): Promise<string> {
  const { DesktopId: id, DiskType: type } = asked;
  if (id === undefined) throw new EcdError('MissingParameter', { parameter: 'DesktopId' });
  if (type === 'ALL') {
    const disks = (await disksOfDesktops(catalogue.db, [id])).get(id) ?? [];
    if (disks.some((disk) => disk.type === 'data'))
      throw refused(
        'DiskType',
        'Images here are of a system disk: use SYSTEM, or snapshots of the data disk.',
      );
  }
  return id;
}
