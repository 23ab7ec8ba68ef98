/**
 * Runs the policies: looks once a second which desktops have their turn.
 *
 * Invariants: a point of a schedule is dealt with once for each desktop, on record before anything is done, so that a
 * restart neither forgets nor repeats it; a point that the service slept through is made up if it is at most
 * `lateSeconds` late, else it is `missed`; of several only the last one is made up; a desktop has one run at a time, and
 * a point that comes while one is under way (its snapshots are not stored yet) is `skipped`; at most `startsPerSecond`
 * desktops begin in a tick. It deletes by cleaner.ts alone.
 */
import type { DueRow, PolicyRow } from '../catalogue/policies.ts';
import { dueDesktops, policiesInUse, policyById } from '../catalogue/policies.ts';
import {
  claimPoint,
  finishRun,
  forgetRuns,
  type RunRow,
  runningRuns,
  snapshotsOfRun,
  storedRuns,
} from '../catalogue/policy-runs.ts';
import { describeError, EcdError } from '../errors.ts';
import { Cleaner } from './cleaner.ts';
import { nextRun } from './cron.ts';
import { jitterMs } from './jitter.ts';
import type { RunnerOptions } from './ports.ts';
import { attempt, type OpenRun, RETRY_MS, takingOf, wantedDisks } from './run.ts';
import { Schedules, type Standing } from './schedule.ts';
import { parseTimeZone, type TimeZone } from './time-zone.ts';

export const TICK_MS = 1000;
const FORGET_EVERY_MS = 60 * 60 * 1000;
const KEEP_RUNS_MS = 14 * 24 * 60 * 60 * 1000;

interface Turn {
  readonly policy: PolicyRow;
  readonly standing: Standing;
  readonly desktop: DueRow;
  readonly dueAt: number;
}

export class PolicyRunner {
  readonly #options: RunnerOptions;
  readonly #zone: TimeZone;
  readonly #schedules: Schedules;
  readonly #cleaner: Cleaner;
  /** By desktop. */
  readonly #open = new Map<string, OpenRun>();
  readonly #tries = new Set<Promise<void>>();
  #tick: Promise<void> | undefined;
  #adopted = false;
  #forgotAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** Throws Settings.Invalid for an unknown time zone. */
  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#zone = parseTimeZone(options.settings.timeZone);
    this.#schedules = new Schedules(this.#zone);
    this.#cleaner = new Cleaner(options);
  }

  /** Does what is due now; to be called every TICK_MS. A call during another one waits for that one. */
  tick(): Promise<void> {
    this.#tick ??= this.#once().finally(() => {
      this.#tick = undefined;
    });
    return this.#tick;
  }

  /** Resolves when no snapshot is being taken. */
  async idle(): Promise<void> {
    while (this.#tries.size > 0) await Promise.all(this.#tries);
  }

  /** Begins nothing more; a run that is under way goes on at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#tick?.catch(() => {});
    await this.idle();
  }

  async #once(): Promise<void> {
    if (this.#closed) return;
    const { catalogue, clock } = this.#options;
    if (!this.#adopted) await this.#adopt();
    this.#adopted = true;
    await this.#finish();
    await this.#begin(clock());
    this.#try(clock());
    await this.#cleaner.expire();
    if (clock() - this.#forgotAt >= FORGET_EVERY_MS) {
      this.#forgotAt = clock();
      await forgetRuns(catalogue.db, clock() - KEEP_RUNS_MS);
    }
  }

  /** Runs that a stop of the service has cut short go on, if it is not too late. */
  async #adopt(): Promise<void> {
    const { catalogue, clock, ports, settings } = this.#options;
    for (const row of await runningRuns(catalogue.db)) {
      const policy = await policyById(catalogue.db, row.policy_id);
      if (policy === undefined) {
        await finishRun(catalogue.db, row, 'skipped', 'The policy was deleted.', clock());
        continue;
      }
      const wanted = await wantedDisks(catalogue.db, policy, row.desktop_id);
      for (const snapshot of await snapshotsOfRun(catalogue.db, row)) {
        if (snapshot.status !== 'FAILED') wanted.delete(snapshot.disk_type);
      }
      const deadline = row.started_at + settings.lateSeconds * 1000;
      if (wanted.size === 0) continue;
      if (clock() <= deadline) {
        this.#open.set(row.desktop_id, { row, policy, wanted, deadline, nextTry: clock(), busy: false });
      } else {
        await finishRun(catalogue.db, row, 'failed', 'The service was down before it was done.', clock());
        const failure = new EcdError('OperationDenied.SnapshotFailed', { reason: 'the service was down' });
        for (const type of wanted) ports.audit.tell(takingOf({ row, policy }, type, { failure }, 0));
      }
    }
  }

  async #begin(now: number): Promise<void> {
    const { catalogue, settings } = this.#options;
    const turns = await this.#turns(now);
    if (turns.length === 0) return;
    const running = new Map((await runningRuns(catalogue.db)).map((row) => [row.desktop_id, row]));
    let begun = 0;
    for (const turn of turns) {
      if (begun >= settings.startsPerSecond || this.#closed) return;
      if (await this.#deal(turn, running.get(turn.desktop.desktop_id), now)) begun++;
    }
  }

  /** Who has a turn, the longest due first. */
  async #turns(now: number): Promise<Turn[]> {
    const { catalogue, log, settings } = this.#options;
    const policies = await policiesInUse(catalogue.db);
    this.#schedules.keepOnly(new Set(policies.map((policy) => policy.id)));
    const turns: Turn[] = [];
    for (const policy of policies) {
      try {
        const standing = this.#schedules.at(policy, now);
        const { previous, next } = standing;
        for (const desktop of await dueDesktops(catalogue.db, policy.id, previous)) {
          const spread = settings.jitterSeconds * 1000;
          const dueAt = previous + jitterMs(policy.id, desktop.desktop_id, spread, next - previous);
          if (dueAt <= now) turns.push({ policy, standing, desktop, dueAt });
        }
      } catch (error) {
        log.error({ policy: policy.id, error: describeError(error) }, 'a policy cannot run');
      }
    }
    return turns.sort((a, b) => a.dueAt - b.dueAt);
  }

  /** Puts a turn on record; true when a run has begun with it. */
  async #deal(turn: Turn, underWay: RunRow | undefined, now: number): Promise<boolean> {
    const { catalogue, log, settings } = this.#options;
    const { policy, standing, dueAt } = turn;
    const { desktop_id, last_point } = turn.desktop;
    const point = standing.previous;
    const about = { desktop: desktop_id, policy: policy.id, point: text(point) };
    const claim = (status: RunRow['status'], reason: string) =>
      claimPoint(catalogue, { desktop_id, policy_id: policy.id, point, status, reason }, now);
    const first = nextRun(standing.cron, this.#zone, last_point);
    if (first < point) log.warn({ ...about, from: text(first) }, 'earlier points of a policy were missed');
    if (now - dueAt > settings.lateSeconds * 1000) {
      const reason = `It was ${Math.round((now - dueAt) / 1000)} s late.`;
      if (await claim('missed', reason)) log.warn({ ...about, reason }, 'a policy missed a point');
      return false;
    }
    if (underWay !== undefined) {
      const reason = `The run of ${text(underWay.point)} was still under way.`;
      if (await claim('skipped', reason)) log.warn({ ...about, reason }, 'a policy skipped a point');
      return false;
    }
    const wanted = await wantedDisks(catalogue.db, policy, desktop_id);
    if (wanted.size === 0) {
      await claim('skipped', 'The desktop has no such disk.');
      return false;
    }
    if (!(await claim('running', ''))) return false;
    const row = { desktop_id, policy_id: policy.id, point };
    const deadline = Math.min(dueAt + settings.lateSeconds * 1000, standing.next);
    this.#open.set(desktop_id, { row, policy, wanted, deadline, nextTry: now, busy: false });
    return true;
  }

  #try(now: number): void {
    const ready = [...this.#open].filter(([, run]) => !run.busy && run.nextTry <= now);
    for (const [desktopId, run] of ready.slice(0, this.#options.settings.startsPerSecond)) {
      run.busy = true;
      const done: Promise<void> = this.#attempt(desktopId, run).finally(() => {
        run.busy = false;
        this.#tries.delete(done);
      });
      this.#tries.add(done);
    }
  }

  async #attempt(desktopId: string, run: OpenRun): Promise<void> {
    const { log, clock } = this.#options;
    try {
      if (!(await attempt(this.#options, this.#zone, run, () => this.#closed))) return;
      this.#open.delete(desktopId);
      await this.#cleaner.enforce(desktopId);
    } catch (error) {
      // The catalogue is away: its answer decides, later.
      run.nextTry = clock() + RETRY_MS;
      log.warn({ desktop: desktopId, error: describeError(error) }, 'a run of a policy is tried again');
    }
  }

  /** Runs whose snapshots are all stored are done. */
  async #finish(): Promise<void> {
    const { catalogue, clock } = this.#options;
    for (const run of await storedRuns(catalogue.db)) {
      if (this.#open.has(run.desktop_id)) continue;
      const reason = run.failed > 0 ? 'A snapshot could not be stored.' : '';
      await finishRun(catalogue.db, run, run.failed > 0 ? 'failed' : 'done', reason, clock());
    }
  }
}

function text(ms: number): string {
  return new Date(ms).toISOString();
}
