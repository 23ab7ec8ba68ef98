/**
 * What a schedule will do in the coming days, as much as can be worked out and shown at once: of a policy with its
 * desktops, or of one that is only thought of.
 *
 * Invariants: it reads and changes nothing; the rules are those of preview.ts; the work has an end: at most `MOST_TURNS`
 * turns in all (the time is shortened for a schedule that alone has more, then desktops are left out, the last of their
 * ids first), and other requests have their turn between two desktops. What is left out is told.
 */
import { setImmediate } from 'node:timers/promises';
import type { Queries } from '../catalogue/catalogue.ts';
import { boundDisks, type PolicyRow } from '../catalogue/policies.ts';
import { automaticSnapshots } from '../catalogue/policy-runs.ts';
import type { DiskType } from '../catalogue/schema.ts';
import type { Settings } from '../settings.ts';
import { toSnapshot } from './cleaner.ts';
import { nextRun, parseCron } from './cron.ts';
import { type PreviewDesktop, type PreviewEvent, preview } from './preview.ts';
import { DAY_MS } from './retention.ts';
import { takes } from './run.ts';
import { localOf, parseTimeZone, type TimeZone } from './time-zone.ts';

export const OUTLOOK_DAYS = 30;
const SHOWN_RUNS = 10;
export const MOST_TURNS = 2000;
const MOST_EVENTS = 1000;
/** A clock may be put forward within a day. */
const DAY_STEP_MS = DAY_MS / 4;

export interface OutlookOf {
  /** Null: one that is not made yet. */
  readonly policyId: string | null;
  readonly cronExpression: string;
  readonly retentionDays: number;
  readonly disks: PolicyRow['disk_type'];
}

export interface OutlookDay {
  /** `2026-11-25`, of the time zone of the schedule. */
  readonly day: string;
  readonly made: number;
  readonly deleted: number;
  /** Automatic snapshots at its end. */
  readonly held: number;
}

export interface Outlook {
  readonly zone: TimeZone;
  readonly from: number;
  readonly to: number;
  readonly runs: readonly number[];
  /** How many desktops have the policy, and of how many the rest is: none of one that is imagined, without snapshots. */
  readonly desktops: number;
  readonly shown: number;
  readonly days: readonly OutlookDay[];
  /** The first ones, and how many there are in all. */
  readonly events: readonly PreviewEvent[];
  readonly eventCount: number;
}

/** Throws InvalidCronExpression.Malformed. */
export async function outlook(
  queries: Queries,
  settings: Settings['policies'],
  wanted: OutlookOf,
  now: number,
): Promise<Outlook> {
  const cron = parseCron(wanted.cronExpression);
  const zone = parseTimeZone(settings.timeZone);
  const coming: number[] = [];
  const end = now + OUTLOOK_DAYS * DAY_MS;
  for (let at = now; coming.length < SHOWN_RUNS || (at < end && coming.length < MOST_TURNS); )
    coming.push((at = nextRun(cron, zone, at)));
  const to = coming.length < MOST_TURNS ? end : Math.min(end, coming.at(-1)!);
  const turns = Math.max(1, coming.filter((at) => at <= to).length);

  const bound = wanted.policyId === null ? new Map() : await disksByDesktop(queries, wanted.policyId, wanted);
  const assumed = bound.size === 0;
  const all: ReadonlyMap<string, readonly DiskType[]> = assumed ? new Map([['', imagined(wanted)]]) : bound;
  const shown = [...all].slice(0, Math.max(1, Math.floor(MOST_TURNS / turns)));
  const events: PreviewEvent[] = [];
  let held = 0;
  for (const [id, disks] of shown) {
    const rows = assumed ? [] : await automaticSnapshots(queries, id);
    const snapshots = rows.map((row) => ({ ...toSnapshot(row), diskType: row.disk_type, name: row.name }));
    const desktops: PreviewDesktop[] = [{ id, disks, snapshots }];
    const { retentionDays } = wanted;
    const common = { policyId: wanted.policyId ?? 'sp-new', cron, zone, retentionDays, from: now, to };
    const limits = { limit: settings.maxAutoPerDesktop, jitterMs: settings.jitterSeconds * 1000 };
    events.push(...preview({ ...common, ...limits, desktops }));
    held += rows.length;
    await setImmediate();
  }
  events.sort((a, b) => a.at - b.at);
  return {
    ...{ zone, from: now, to },
    runs: coming.slice(0, SHOWN_RUNS),
    desktops: bound.size,
    shown: assumed ? 0 : shown.length,
    days: daysOf(zone, now, to, events, held),
    events: events.slice(0, MOST_EVENTS),
    eventCount: events.length,
  };
}

/** The local time of an instant as `2026-11-25T02:00:00`. */
export function localText(zone: TimeZone, instant: number): string {
  return new Date(localOf(zone, instant)).toISOString().slice(0, 19);
}

async function disksByDesktop(
  queries: Queries,
  policyId: string,
  { disks }: OutlookOf,
): Promise<Map<string, DiskType[]>> {
  const byDesktop = Map.groupBy(await boundDisks(queries, policyId), (disk) => disk.desktop_id);
  return new Map(
    [...byDesktop].map(([id, own]) => [
      id,
      own.map((disk) => disk.disk_type).filter((type) => takes({ disk_type: disks }, type)),
    ]),
  );
}

function imagined({ disks }: OutlookOf): DiskType[] {
  return (['system', 'data'] as const).filter((type) => takes({ disk_type: disks }, type));
}

function daysOf(
  zone: TimeZone,
  from: number,
  to: number,
  events: readonly PreviewEvent[],
  before: number,
): OutlookDay[] {
  const dayOf = (at: number) => localText(zone, at).slice(0, 10);
  const names = new Set<string>();
  for (let at = from; at < to; at += DAY_STEP_MS) names.add(dayOf(at));
  names.add(dayOf(to));
  const byDay = Map.groupBy(events, (event) => dayOf(event.at));
  let held = before;
  return [...names].map((day) => {
    const own = byDay.get(day) ?? [];
    const made = own.filter((event) => event.action === 'make').length;
    const deleted = own.length - made;
    held += made - deleted;
    return { day, made, deleted, held };
  });
}
