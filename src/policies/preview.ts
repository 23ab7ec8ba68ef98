/**
 * What a policy would make and delete in a time to come: pure, by the very rules that the runner follows.
 *
 * Assumed: every run succeeds at its turn, no user deletes a snapshot, and policy and desktops stay as they are.
 */
import type { DiskType } from '../catalogue/schema.ts';
import { type Cron, nextRun, previousRun } from './cron.ts';
import { jitterMs } from './jitter.ts';
import { snapshotName } from './name.ts';
import { type AutoSnapshot, type Decision, decide, retentionEnd } from './retention.ts';
import type { TimeZone } from './time-zone.ts';

export interface PreviewDesktop {
  readonly id: string;
  /** The disks that the policy takes. */
  readonly disks: readonly DiskType[];
  /** The automatic snapshots that it has now. */
  readonly snapshots: readonly (AutoSnapshot & { readonly diskType: DiskType; readonly name: string })[];
}

export interface PreviewInput {
  readonly policyId: string;
  readonly cron: Cron;
  readonly zone: TimeZone;
  readonly retentionDays: number;
  readonly desktops: readonly PreviewDesktop[];
  /** From (exclusive) and to (inclusive). */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly jitterMs: number;
}

export interface PreviewEvent {
  readonly at: number;
  readonly action: 'make' | 'delete';
  readonly desktopId: string;
  readonly diskType: DiskType;
  readonly name: string;
  /** Null for a snapshot that is not made yet. */
  readonly snapshotId: string | null;
  /** Of a deletion. */
  readonly reason: string;
}

type Held = AutoSnapshot & { readonly diskType: DiskType; readonly name: string; readonly real: boolean };

/** All events in their order. */
export function preview(input: PreviewInput): PreviewEvent[] {
  const events = input.desktops.flatMap((desktop) => previewDesktop(input, desktop));
  return events.sort(
    (a, b) => a.at - b.at || (a.desktopId < b.desktopId ? -1 : Number(a.desktopId > b.desktopId)),
  );
}

function previewDesktop(input: PreviewInput, desktop: PreviewDesktop): PreviewEvent[] {
  const events: PreviewEvent[] = [];
  let held: Held[] = desktop.snapshots
    .filter(({ type, policyId }) => type === 'AUTO' && policyId !== null)
    .map((snapshot) => ({ ...snapshot, real: true }));
  const clean = (at: number) => {
    const decisions = decide(held, at, input.limit);
    held = decisions.filter(({ action }) => action === 'keep').map(({ snapshot }) => snapshot);
    for (const decision of decisions) {
      if (decision.action === 'delete') events.push(deletion(desktop.id, at, decision));
    }
  };
  const expireUntil = (at: number) => {
    for (let end = firstEnd(held); end <= at; end = firstEnd(held)) clean(Math.max(end, input.from));
  };
  for (const { point, turn } of turnsOf(input, desktop.id)) {
    // What ends at the instant of a turn goes after it, as in a tick of the runner.
    expireUntil(turn - 1);
    for (const diskType of desktop.disks) {
      const name = snapshotName(input.zone, point, input.policyId);
      held.push(planned(input, turn, diskType, name));
      const event = { at: turn, desktopId: desktop.id, diskType, name, snapshotId: null, reason: '' };
      events.push({ ...event, action: 'make' });
    }
    if (desktop.disks.length > 0) clean(turn);
  }
  expireUntil(input.to);
  return events;
}

function* turnsOf({ cron, zone, policyId, from, to, ...input }: PreviewInput, desktopId: string) {
  // The turns of the last point may be to come.
  let point = previousRun(cron, zone, from);
  while (point <= to) {
    const next = nextRun(cron, zone, point);
    const turn = point + jitterMs(policyId, desktopId, input.jitterMs, next - point);
    if (turn > from && turn <= to) yield { point, turn };
    point = next;
  }
}

function planned(input: PreviewInput, at: number, diskType: DiskType, name: string): Held {
  const expiresAt = retentionEnd(at, input.retentionDays);
  const id = `${at} ${diskType}`;
  const own = { diskType, name, real: false, policyId: input.policyId };
  return { id, type: 'AUTO', status: 'ACCOMPLISHED', createdAt: at, expiresAt, ...own };
}

function deletion(desktopId: string, at: number, { snapshot, reason }: Decision<Held>): PreviewEvent {
  const { diskType, name, real, id } = snapshot;
  return { at, action: 'delete', desktopId, diskType, name, snapshotId: real ? id : null, reason };
}

function firstEnd(held: readonly Held[]): number {
  return Math.min(
    Number.POSITIVE_INFINITY,
    ...held.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY),
  );
}
