/**
 * Local time: what a clock on the wall of a time zone shows at an instant, and at which instant it shows a time.
 *
 * Invariants: instants are milliseconds since 1970; a local time is written as the milliseconds that UTC would have with
 * the same date and time of day. `instantOf` never runs backwards: a time that the clock leaves out (it is put forward)
 * is the instant of that change, a time that it shows twice (it is put back) is the first of the two.
 */
import { EcdError } from '../errors.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FIXED = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?$/;
/** Offsets change at quarters of an hour, in all zones of today. */
const OFFSET_STEP_MS = 15 * MINUTE_MS;
const CACHED_OFFSETS = 10_000;
const MAX_HOURS = 14;

export interface TimeZone {
  readonly name: string;
  /** How far the local time is ahead of UTC at an instant, in milliseconds. */
  offsetAt(instant: number): number;
}

/** `UTC`, `UTC+8`, `UTC-03:30` (offsets for ever), or a name of the time zone database. Throws Settings.Invalid. */
export function parseTimeZone(text: string): TimeZone {
  const fixed = FIXED.exec(text);
  if (fixed !== null && Number(fixed[2]) <= MAX_HOURS) {
    const ms = Number(fixed[2]) * HOUR_MS + Number(fixed[3] ?? 0) * MINUTE_MS;
    const offset = fixed[1] === '-' ? -ms : ms;
    return { name: text, offsetAt: () => offset };
  }
  try {
    return named(text);
  } catch (error) {
    const reason = `${text} is no time zone: use UTC+8 or a name such as Europe/Berlin`;
    throw new EcdError('Settings.Invalid', { setting: 'policies.timeZone', reason }, error);
  }
}

function named(name: string): TimeZone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const cache = new Map<number, number>();
  return {
    name,
    offsetAt(instant) {
      const step = Math.floor(instant / OFFSET_STEP_MS);
      let offset = cache.get(step);
      if (offset === undefined) {
        if (cache.size >= CACHED_OFFSETS) cache.clear();
        offset = offsetOf(format, step * OFFSET_STEP_MS);
        cache.set(step, offset);
      }
      return offset;
    },
  };
}

/** Of `GMT`, `GMT+08:00`, `GMT-00:25:21`. */
function offsetOf(format: Intl.DateTimeFormat, instant: number): number {
  const text = format.formatToParts(instant).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const parts = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (parts === null) throw new EcdError('InternalError', {}, new Error(`offset ${text}`));
  const [, sign, hours = 0, minutes = 0, seconds = 0] = parts;
  const ms = Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * 1000;
  return sign === '-' ? -ms : ms;
}

/** The local time at an instant. */
export function localOf(zone: TimeZone, instant: number): number {
  return instant + zone.offsetAt(instant);
}

/** The instant of a local time. */
export function instantOf(zone: TimeZone, local: number): number {
  const before = zone.offsetAt(local - DAY_MS);
  const after = zone.offsetAt(local + DAY_MS);
  const fitting = [local - before, local - after].filter((at) => localOf(zone, at) === local);
  return fitting.length > 0 ? Math.min(...fitting) : changeBetween(zone, local - after, local - before);
}

/** The instant in (from, to] at which the clock changes. */
function changeBetween(zone: TimeZone, from: number, to: number): number {
  const old = zone.offsetAt(from);
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offsetAt(middle) === old) low = middle;
    else high = middle;
  }
  return high;
}

/** The local date, `yyyyMMdd`. */
export function dateText(zone: TimeZone, instant: number): string {
  return new Date(localOf(zone, instant)).toISOString().slice(0, 10).replaceAll('-', '');
}
