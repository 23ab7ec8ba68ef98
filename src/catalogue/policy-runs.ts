/**
 * The records of what policies did, and the snapshots that they made.
 *
 * Invariants: a point of a schedule is claimed for a desktop once, in one transaction with its record, over restarts and
 * with several servers; `automaticSnapshots` and `onlyAutomatic` never name a snapshot that no policy made. Snapshots of
 * a run are those of its desktop that policies made since the run began: a desktop has one run at a time.
 */
import type { Selectable } from 'kysely';
import type { Catalogue, Queries, Trx } from './catalogue.ts';
import { marks, rows } from './conditions.ts';
import type { DiskType, PolicyRunTable, SnapshotStatus } from './schema.ts';

export type RunRow = Selectable<PolicyRunTable>;

/** Deals with a point: true for the one caller that is to do so. A run that is not `running` is finished with it. */
export async function claimPoint(
  catalogue: Catalogue,
  run: Pick<RunRow, 'desktop_id' | 'policy_id' | 'point' | 'status' | 'reason'>,
  now: number,
): Promise<boolean> {
  return catalogue.transaction(async (trx: Trx) => {
    const claimed = await trx
      .updateTable('policy_bindings')
      .set({ last_point: run.point })
      .where('desktop_id', '=', run.desktop_id)
      .where('policy_id', '=', run.policy_id)
      .where('last_point', '<', run.point)
      .executeTakeFirst();
    if (claimed.numUpdatedRows !== 1n) return false;
    const finished_at = run.status === 'running' ? null : now;
    const inserted = await trx
      .insertInto('policy_runs')
      .values({ ...run, started_at: now, finished_at })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
  });
}

/** Finishes a run that is still running. */
export async function finishRun(
  queries: Queries,
  run: Pick<RunRow, 'desktop_id' | 'point'>,
  status: Exclude<RunRow['status'], 'running'>,
  reason: string,
  now: number,
): Promise<void> {
  await queries
    .updateTable('policy_runs')
    .set({ status, reason, finished_at: now })
    .where('desktop_id', '=', run.desktop_id)
    .where('point', '=', run.point)
    .where('status', '=', 'running')
    .execute();
}

export function runningRuns(queries: Queries): Promise<RunRow[]> {
  return queries.selectFrom('policy_runs').selectAll().where('status', '=', 'running').execute();
}

export interface RunSnapshot {
  readonly id: string;
  readonly disk_type: DiskType;
  readonly status: SnapshotStatus;
}

/** What a run has made so far and is still there. */
export function snapshotsOfRun(queries: Queries, run: RunRow): Promise<RunSnapshot[]> {
  return rows(
    queries,
    `SELECT id, disk_type, status FROM snapshots
     WHERE desktop_id = ? AND created_at >= ? AND type = 'AUTO' AND policy_id IS NOT NULL`,
    [run.desktop_id, run.started_at],
  );
}

export type EndedRun = Pick<RunRow, 'desktop_id' | 'policy_id' | 'point'> & {
  /** How many of its snapshots were made and could not be stored. */
  readonly failed: number;
};

/** The running ones none of whose snapshots is still being stored. */
export function storedRuns(queries: Queries): Promise<EndedRun[]> {
  const own = `FROM snapshots s WHERE s.desktop_id = r.desktop_id AND s.created_at >= r.started_at
    AND s.type = 'AUTO' AND s.policy_id IS NOT NULL`;
  return rows(
    queries,
    `SELECT r.desktop_id, r.policy_id, r.point, (SELECT count(*) ${own} AND s.status = 'FAILED') AS failed
     FROM policy_runs r WHERE r.status = 'running' AND NOT EXISTS (SELECT 1 ${own} AND s.status = 'PROGRESSING')`,
    [],
  );
}

export interface AutomaticRow {
  readonly id: string;
  readonly name: string;
  readonly region_id: string;
  readonly desktop_id: string;
  readonly disk_type: DiskType;
  readonly type: 'AUTO' | 'USER';
  readonly policy_id: string | null;
  readonly status: SnapshotStatus;
  /** Who made the policy. */
  readonly creator: string;
  readonly created_at: number;
  readonly expires_at: number | null;
}

const AUTOMATIC = `SELECT id, name, region_id, desktop_id, disk_type, type, policy_id, status, creator, created_at, expires_at
  FROM snapshots WHERE type = 'AUTO' AND policy_id IS NOT NULL`;

/** The snapshots of a desktop that policies made. */
export function automaticSnapshots(queries: Queries, desktopId: string): Promise<AutomaticRow[]> {
  return rows(queries, `${AUTOMATIC} AND desktop_id = ? ORDER BY created_at, id`, [desktopId]);
}

/** Some desktops that have automatic snapshots whose retention has ended. */
export async function desktopsWithExpired(queries: Queries, now: number, limit: number): Promise<string[]> {
  const found = await rows<{ desktop_id: string }>(
    queries,
    `SELECT DISTINCT desktop_id FROM snapshots
     WHERE expires_at IS NOT NULL AND expires_at <= ? AND type = 'AUTO' AND policy_id IS NOT NULL LIMIT ?`,
    [now, limit],
  );
  return found.map((row) => row.desktop_id);
}

/** Of some ids those that are automatic snapshots made by a policy. */
export async function onlyAutomatic(queries: Queries, ids: readonly string[]): Promise<string[]> {
  const found = await rows<{ id: string }>(queries, `${AUTOMATIC} AND id IN (${marks(ids.length)})`, ids);
  return found.map((row) => row.id);
}

/** Which disks a desktop has. */
export async function diskTypesOf(queries: Queries, desktopId: string): Promise<DiskType[]> {
  const found = await rows<{ type: DiskType }>(
    queries,
    'SELECT type FROM disks WHERE desktop_id = ? ORDER BY type DESC',
    [desktopId],
  );
  return found.map((row) => row.type);
}

/** Forgets finished runs that began before an instant, and the bindings of deleted desktops. */
export async function forgetRuns(queries: Queries, before: number): Promise<void> {
  await queries
    .deleteFrom('policy_runs')
    .where('started_at', '<', before)
    .where('status', '!=', 'running')
    .execute();
  await queries
    .deleteFrom('policy_bindings')
    .where('desktop_id', 'in', (eb) => eb.selectFrom('desktops').select('id').where('status', '=', 'Deleted'))
    .execute();
}
