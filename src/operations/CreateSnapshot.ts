import { Type } from 'typebox';
import { EcdError } from '../errors.ts';
import { requireRegion } from './checks.ts';
import { HOLD_ERRORS } from './hold-first.ts';
import { operation } from './operation.ts';
import { made, named } from './resources.ts';
import { RegionId } from './schema.ts';

const SHORTEST_NAME = 2;
const LONGEST_NAME = 128;
const LONGEST_DESCRIPTION = 128;

export const CreateSnapshot = operation({
  name: 'CreateSnapshot',
  kind: 'write',
  summary: 'Holds the system disk or the data disk of a desktop as it is now.',
  parameters: Type.Object({
    RegionId,
    DesktopId: Type.String({ description: 'The desktop, which must be Running or Stopped.' }),
    SnapshotName: Type.String({
      minLength: SHORTEST_NAME,
      maxLength: LONGEST_NAME,
      pattern: '^(?!auto)\\P{Cc}*$',
      'x-error': 'InvalidSnapshotName.Malformed',
      description: '2 to 128 characters, no control characters, not beginning with auto.',
    }),
    Description: Type.Optional(
      Type.String({
        maxLength: LONGEST_DESCRIPTION,
        'x-error': 'InvalidDescription.Malformed',
        description: 'Up to 128 characters.',
      }),
    ),
    SourceDiskType: Type.Enum(['system', 'data'], {
      'x-ignore-case': true,
      'x-error': 'InvalidSourceDiskType.Malformed',
      description: 'The disk to hold.',
    }),
  }),
  response: Type.Object({ SnapshotId: Type.String() }),
  errors: [
    'InvalidSnapshotName.Malformed',
    'InvalidDescription.Malformed',
    'InvalidSourceDiskType.Malformed',
    'InvalidRegionId.NotFound',
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
    'InvalidSourceDiskType.NotFound',
    'OperationConflict',
    ...HOLD_ERRORS,
    'OperationDenied.DiskInUse',
  ],
  resources: ({ DesktopId: id }) => named('desktop', id),
  alsoShows: () => made('snapshot'),
  creates: ({ SnapshotId: id }) => named('snapshot', id),
  async run(services, parameters, context) {
    const { SnapshotName: name, Description: description = '', SourceDiskType: diskType } = parameters;
    checkName(name);
    if (characters(description) > LONGEST_DESCRIPTION) throw new EcdError('InvalidDescription.Malformed');
    requireRegion(services, parameters.RegionId);
    const snapshotId = await services.snapshots.take(
      {
        regionId: parameters.RegionId,
        desktopId: parameters.DesktopId,
        diskType,
        name,
        description,
        type: 'USER',
        creator: context.userName,
      },
      context.claim,
    );
    return { SnapshotId: snapshotId };
  },
});

/** Names that begin with `auto` are kept for the snapshots of policies. */
function checkName(name: string): void {
  const length = characters(name);
  if (length < SHORTEST_NAME || length > LONGEST_NAME || /^auto|\p{Cc}/u.test(name)) {
    throw new EcdError('InvalidSnapshotName.Malformed');
  }
}

function characters(text: string): number {
  return [...text].length;
}
