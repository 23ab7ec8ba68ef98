/**
 * One run: the snapshots of one desktop at one point of its policy's schedule.
 *
 * Invariants: a disk that has its snapshot is not taken again; a desktop that cannot be taken now (it starts, it is being
 * reset) is tried again until the deadline; a desktop whose policy was taken from it meanwhile is left alone.
 */

import type { Queries } from '../catalogue/catalogue.ts';
import { type PolicyRow, policyOf } from '../catalogue/policies.ts';
import { diskTypesOf, finishRun, type RunRow } from '../catalogue/policy-runs.ts';
import type { DiskType } from '../catalogue/schema.ts';
import { describeError, EcdError, publicError } from '../errors.ts';
import { snapshotName } from './name.ts';
import type { PolicyDeed, RunnerOptions } from './ports.ts';
import { DAY_MS } from './retention.ts';
import type { TimeZone } from './time-zone.ts';

export const RETRY_MS = 30_000;

/** A run whose snapshots are not all made yet. */
export interface OpenRun {
  readonly row: Pick<RunRow, 'desktop_id' | 'policy_id' | 'point'>;
  readonly policy: PolicyRow;
  readonly wanted: Set<DiskType>;
  /** No try begins after it. */
  readonly deadline: number;
  nextTry: number;
  busy: boolean;
}

/** Whether a policy takes disks of this type. */
export function takes(policy: Pick<PolicyRow, 'disk_type'>, type: DiskType): boolean {
  return policy.disk_type === 'ALL' || policy.disk_type === type.toUpperCase();
}

/** The disks that a policy takes of a desktop, the system disk first. */
export async function wantedDisks(
  queries: Queries,
  policy: PolicyRow,
  desktopId: string,
): Promise<Set<DiskType>> {
  const there = await diskTypesOf(queries, desktopId);
  return new Set(there.filter((type) => takes(policy, type)));
}

/** A snapshot that a run has made, or could not make, for the audit log. */
export function takingOf(
  { row, policy }: Pick<OpenRun, 'row' | 'policy'>,
  diskType: DiskType,
  outcome: Pick<PolicyDeed, 'snapshotId' | 'failure'>,
  seconds: number,
): PolicyDeed {
  const { failure } = outcome;
  return {
    ...{ operation: 'CreateSnapshot', policyId: policy.id, creator: policy.creator },
    ...{ desktopId: row.desktop_id, ...outcome, seconds },
    reason: failure === undefined ? '' : `The ${diskType} disk: ${publicError(failure).message}`,
  };
}

/** One try of each disk: true when the run is not open any more. `closing`: the service stops, so that nothing is to be concluded. */
export async function attempt(
  options: RunnerOptions,
  zone: TimeZone,
  run: OpenRun,
  closing: () => boolean,
): Promise<boolean> {
  const { catalogue, clock, log, ports } = options;
  const { desktop_id: desktopId, point } = run.row;
  const about = { desktop: desktopId, policy: run.policy.id, point: new Date(point).toISOString() };
  // Counts for all disks: what takes long must not make one the last try of one disk alone.
  const last = clock() + RETRY_MS > run.deadline;
  let again = false;
  let failed: string | undefined;
  for (const diskType of [...run.wanted]) {
    if (closing()) return false;
    const began = clock();
    const tell = (outcome: Pick<PolicyDeed, 'snapshotId' | 'failure'>) =>
      ports.audit.tell(takingOf(run, diskType, outcome, (clock() - began) / 1000));
    try {
      if ((await policyOf(catalogue.db, desktopId)) !== run.policy.id) {
        await finishRun(catalogue.db, run.row, 'skipped', 'The desktop has the policy no more.', clock());
        return true;
      }
      const id = await ports.takeSnapshot({
        regionId: run.policy.region_id,
        desktopId,
        diskType,
        name: snapshotName(zone, point, run.policy.id),
        creator: run.policy.creator,
        policyId: run.policy.id,
        retentionMs: run.policy.retention_days * DAY_MS,
      });
      run.wanted.delete(diskType);
      tell({ snapshotId: id });
      log.info({ ...about, disk: diskType, snapshot: id }, 'a policy took a snapshot');
    } catch (error) {
      if (closing()) return false;
      if (EcdError.is(error, 'InvalidSourceDiskType.NotFound')) {
        run.wanted.delete(diskType);
        continue;
      }
      const reason = describeError(error);
      if (!last && !EcdError.is(error, 'InvalidDesktopId.NotFound')) {
        again = true;
        log.warn({ ...about, disk: diskType, reason }, 'a policy could not take a snapshot; it tries again');
        continue;
      }
      // A try that is followed by another one is told to the service's log alone.
      tell({ failure: error });
      log.error({ ...about, disk: diskType, reason }, 'a policy could not take a snapshot');
      failed ??= reason;
    }
  }
  if (again) {
    run.nextTry = clock() + RETRY_MS;
    return false;
  }
  if (failed !== undefined) await finishRun(catalogue.db, run.row, 'failed', failed, clock());
  return true;
}
