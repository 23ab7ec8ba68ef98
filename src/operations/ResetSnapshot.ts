import { Type } from 'typebox';
import { desktopOfSnapshot } from '../catalogue/snapshots.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { all, named } from './resources.ts';
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
  async resources({ SnapshotId: id }, services) {
    const desktopId = await desktopOfSnapshot(services.catalogue.db, id);
    // A snapshot that is not there could be one of any desktop: so nobody learns from a refusal that it is not.
    return [
      ...named('snapshot', id),
      ...(desktopId === undefined ? all('desktop') : named('desktop', desktopId)),
    ];
  },
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
