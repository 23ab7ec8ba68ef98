/**
 * StopDesktops and RebootDesktops with CreateSnapshot: the disks of running desktops are held, then the desktops go down.
 *
 * Invariant: a call that is refused has stopped nothing and leaves no snapshot.
 */
import type { DesktopStatus, DiskType } from '../catalogue/schema.ts';
import { EcdError } from '../errors.ts';
import type { RequestContext } from './operation.ts';
import { made, named } from './resources.ts';
import type { Services } from './services.ts';
import { toSecond } from './times.ts';

/** What can hinder that a Running desktop's disk is held, beside a wrong status or disk: also CreateSnapshot's. */
export const HOLD_ERRORS = [
  'QuotaExceed.Snapshot',
  'QuotaExceed.WaitingLayers',
  'OperationDenied.InsufficientSpace',
  'OperationDenied.SnapshotFailed',
] as const;

/** Who has snapshots made needs the right to, beside that on the desktops. */
export const holdResources = (wanted: boolean): readonly string[] => (wanted ? made('snapshot') : []);

/** Takes a snapshot of every disk of the desktops, which must be Running, and then does `stop`. */
export async function holdFirst(
  services: Services,
  regionId: string,
  desktops: readonly string[],
  context: RequestContext,
  stop: () => Promise<void>,
): Promise<void> {
  const disks = await disksOfRunning(services, desktops);
  const name = `before stop ${toSecond(services.clock())}`;
  const common = { regionId, name, description: '', type: 'USER', creator: context.userName } as const;
  const taken: string[] = [];
  // One disk of a desktop after the other: its guest can be frozen only once at a time.
  const held = await Promise.allSettled(
    [...disks].map(async ([desktopId, types]) => {
      for (const diskType of types)
        taken.push(await services.snapshots.take({ ...common, desktopId, diskType }, context.claim));
    }),
  );
  try {
    const refused = held.find((one) => one.status === 'rejected');
    if (refused !== undefined) throw refused.reason;
    await stop();
  } catch (error) {
    // What cannot be removed stays in the listing; the client is to hear why nothing was stopped.
    if (taken.length > 0)
      await services.snapshots
        .remove(regionId, taken, context.claim)
        .catch(() => context.alsoMade(named('snapshot', taken)));
    throw error;
  }
  context.alsoMade(named('snapshot', taken));
}

/** The disks of each desktop. Throws when one is not Running. */
async function disksOfRunning(
  { catalogue }: Services,
  desktops: readonly string[],
): Promise<Map<string, DiskType[]>> {
  const found: { id: string; status: DesktopStatus; type: DiskType }[] = await catalogue.db
    .selectFrom('desktops')
    .innerJoin('disks', 'disks.desktop_id', 'desktops.id')
    .select(['desktops.id as id', 'desktops.status as status', 'disks.type as type'])
    .where('desktops.id', 'in', [...desktops])
    .where('desktops.status', '!=', 'Deleted')
    .execute();
  const known = new Map(found.map(({ id, status }) => [id, status]));
  for (const id of desktops) {
    const status = known.get(id);
    if (status === undefined) throw new EcdError('InvalidDesktopId.NotFound');
    if (status !== 'Running') throw new EcdError('IncorrectDesktopStatus', { status, wanted: 'Running' });
  }
  const disks = new Map<string, DiskType[]>();
  for (const { id, type } of found) disks.set(id, [...(disks.get(id) ?? []), type]);
  return disks;
}
