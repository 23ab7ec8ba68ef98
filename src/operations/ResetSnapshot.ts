import { Type } from 'typebox';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { desktopsBehind } from './reached.ts';
import { named } from './resources.ts';
import { flag, None, RegionId } from './schema.ts';

export const ResetSnapshot = operation({
  name: 'ResetSnapshot',
  kind: 'write',
  summary: 'Brings a disk back to what a snapshot of it holds. What was written since is lost.',
  parameters: Type.Object({
    RegionId,
    SnapshotId: Type.String({ description: 'The snapshot; the desktop and the disk follow from it.' }),
    StopDesktop: flag('Stop the desktop first if it runs.'),
  }),
  response: None,
  errors: [
    'InvalidRegionId.NotFound',
    'InvalidSnapshotId.NotFound',
    'InvalidSnapshotId.NotReady',
    'InvalidDesktopId.NotFound',
    'IncorrectDesktopStatus',
    'OperationConflict',
    'OperationDenied.InsufficientSpace',
    'OperationDenied.DiskInUse',
  ],
  resources: async ({ SnapshotId: id }, services) => [
    ...named('snapshot', id),
    ...(await desktopsBehind(services, id)),
  ],
  async run(services, parameters, context) {
    requireRegion(services, parameters.RegionId);
    await services.snapshots.reset(
      {
        regionId: parameters.RegionId,
        snapshotId: parameters.SnapshotId,
        stopDesktop: parameters.StopDesktop ?? false,
      },
      context.claim,
    );
    return {};
  },
});
