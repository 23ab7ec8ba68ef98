/**
 * Deletes what retention.ts says is to go.
 *
 * Invariants (promise 10): only snapshots of type AUTO that a policy made are ever named to the port; what is named was
 * asked of the catalogue again just before; every deletion is logged with its reason before it is done, and stands in the
 * audit log if and only if it was. A deletion that fails is tried again later and stops nothing else.
 */
import { Mutex } from '../async.ts';
import {
  type AutomaticRow,
  automaticSnapshots,
  desktopsWithExpired,
  onlyAutomatic,
} from '../catalogue/policy-runs.ts';
import { describeError } from '../errors.ts';
import type { PolicyDeed, RunnerOptions } from './ports.ts';
import { type AutoSnapshot, type Decision, decide } from './retention.ts';

const DESKTOPS_AT_ONCE = 100;
const PAUSE_MS = 60_000;

type Doomed = Decision<AutoSnapshot & { readonly row: AutomaticRow }>;

export class Cleaner {
  readonly #options: RunnerOptions;
  /** Of two who decide at once both would delete, and log, the same snapshot. */
  readonly #mutex = new Mutex();
  #pausedUntil = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Deletes the snapshots whose retention has ended, of some desktops at a time. */
  async expire(): Promise<void> {
    const { catalogue, clock } = this.#options;
    if (clock() < this.#pausedUntil) return;
    for (const id of await desktopsWithExpired(catalogue.db, clock(), DESKTOPS_AT_ONCE)) {
      if (!(await this.enforce(id))) return;
    }
  }

  /** Deletes what one desktop has too many or for too long. False when that failed and is to be tried later. */
  enforce(desktopId: string): Promise<boolean> {
    return this.#mutex.run(() => this.#enforce(desktopId));
  }

  async #enforce(desktopId: string): Promise<boolean> {
    const { catalogue, clock, log, settings } = this.#options;
    try {
      const rows = await automaticSnapshots(catalogue.db, desktopId);
      const decisions = decide(rows.map(toSnapshot), clock(), settings.maxAutoPerDesktop);
      await this.#remove(decisions.filter((decision) => decision.action === 'delete'));
      return true;
    } catch (error) {
      this.#pausedUntil = clock() + PAUSE_MS;
      log.warn(
        { desktop: desktopId, error: describeError(error) },
        'automatic snapshots could not be deleted yet',
      );
      return false;
    }
  }

  async #remove(doomed: readonly Doomed[]): Promise<void> {
    if (doomed.length === 0) return;
    const { catalogue, ports, log } = this.#options;
    const ids = doomed.map(({ snapshot }) => snapshot.id);
    const safe = new Set(await onlyAutomatic(catalogue.db, ids));
    const byRegion = Map.groupBy(
      doomed.filter(({ snapshot }) => safe.has(snapshot.id)),
      ({ snapshot }) => snapshot.row.region_id,
    );
    for (const [regionId, those] of byRegion) {
      for (const { snapshot, cause, reason } of those) {
        const { row } = snapshot;
        log.info(
          {
            snapshot: row.id,
            name: row.name,
            desktop: row.desktop_id,
            policy: row.policy_id,
            created: new Date(row.created_at).toISOString(),
            cause,
            reason,
          },
          'a policy deletes an automatic snapshot',
        );
      }
      const deeds = new Map(those.map((decision) => [decision.snapshot.id, deletionOf(decision)]));
      await ports.removeSnapshots(regionId, [...deeds.keys()], (trx, gone) =>
        ports.audit.tellIn(
          trx,
          gone.flatMap((id) => deeds.get(id) ?? []),
        ),
      );
    }
  }
}

function deletionOf({ snapshot: { row }, reason }: Doomed): PolicyDeed {
  return {
    ...{ operation: 'DeleteSnapshot', policyId: row.policy_id!, creator: row.creator },
    ...{ desktopId: row.desktop_id, snapshotId: row.id, reason, seconds: 0 },
  };
}

export function toSnapshot(row: AutomaticRow): AutoSnapshot & { readonly row: AutomaticRow } {
  return {
    id: row.id,
    type: row.type,
    policyId: row.policy_id,
    status: row.status,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    row,
  };
}
