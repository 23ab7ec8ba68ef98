/**
 * Schedules in the form of Quartz with six fields: second, minute, hour, day of month, month, day of week.
 *
 * Invariants: day of week 1 is Sunday; `a/b` runs from a to the end of the field; a range may wrap (22-2); one of the
 * two days stands open (`?` or `*`); the second is one number, so that two runs are at least a minute apart; what passes
 * `parseCron` has a next run after every instant. Times that a clock leaves out or shows twice: see time-zone.ts.
 */
import { EcdError } from '../errors.ts';
import { instantOf, localOf, type TimeZone } from './time-zone.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const LONGEST_TEXT = 512;
/** From one 29 February to the next there are up to eight years. */
const MAX_DAYS = 8 * 366 + 1;
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values from `min` on. */
  readonly names?: readonly string[];
  readonly open?: boolean;
}

const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31, open: true },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 1, max: 7, names: WEEKDAYS, open: true },
];

/** A schedule, read. */
export interface Cron {
  /** The hours of its runs, in order. */
  readonly hours: readonly number[];
  /** The runs of a day that is one of its days, in milliseconds from its midnight, in order. */
  readonly times: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  /** 1 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
}

/** Reads an expression. Throws InvalidCronExpression.Malformed, which says what is wrong. */
export function parseCron(text: string): Cron {
  const words = text.trim().split(/\s+/);
  if (text.length > LONGEST_TEXT || words.length !== FIELDS.length) {
    throw malformed('It has six fields: second, minute, hour, day of month, month, day of week.');
  }
  const sets = words.map((word, at) => parseField(FIELDS[at]!, word.toUpperCase()));
  const [seconds, minutes, hours, daysOfMonth, months, daysOfWeek] = sets as [Set<number>, ...Set<number>[]];
  if (seconds.size !== 1) throw malformed('The second must be one number.');
  if (words[3] === '?' && words[5] === '?') throw malformed('Only one of the two days can be ?.');
  if (!isOpen(words[3]!) && !isOpen(words[5]!)) {
    throw malformed('Day of month and day of week cannot both be given: one of them must be ?.');
  }
  const [second] = seconds;
  const cron: Cron = {
    hours: inOrder(hours!),
    times: inOrder(hours!).flatMap((hour) =>
      inOrder(minutes!).map((minute) => ((hour * 60 + minute) * 60 + second!) * 1000),
    ),
    months: months!,
    daysOfMonth: daysOfMonth!,
    daysOfWeek: daysOfWeek!,
  };
  const first = Math.min(...cron.daysOfMonth);
  if (![...cron.months].some((month) => first <= LONGEST_MONTHS[month - 1]!)) {
    throw malformed('No month that it names has such a day.');
  }
  return cron;
}

/** The first run after an instant. */
export function nextRun(cron: Cron, zone: TimeZone, after: number): number {
  const start = localOf(zone, after);
  let day = Math.floor(start / DAY_MS);
  for (const last = day + MAX_DAYS; day <= last; day++) {
    if (!isRunDay(cron, day)) continue;
    for (const time of cron.times) {
      const local = day * DAY_MS + time;
      if (local <= start) continue;
      const instant = instantOf(zone, local);
      if (instant > after) return instant;
    }
  }
  throw new EcdError('InternalError', {}, new Error('a schedule without a next run'));
}

/** The last run at or before an instant. */
export function previousRun(cron: Cron, zone: TimeZone, at: number): number {
  // The clock may have been put back since: later local times may be earlier instants.
  const latest = localOf(zone, at) + DAY_MS;
  let day = Math.floor(latest / DAY_MS);
  for (const last = day - MAX_DAYS; day >= last; day--) {
    if (!isRunDay(cron, day)) continue;
    for (const time of cron.times.toReversed()) {
      const instant = instantOf(zone, day * DAY_MS + time);
      if (instant <= at) return instant;
    }
  }
  throw new EcdError('InternalError', {}, new Error('a schedule without a run before'));
}

/** `day`: days since 1 January 1970, a Thursday. */
function isRunDay(cron: Cron, day: number): boolean {
  if (!cron.daysOfWeek.has(((((day + 4) % 7) + 7) % 7) + 1)) return false;
  const date = new Date(day * DAY_MS);
  return cron.months.has(date.getUTCMonth() + 1) && cron.daysOfMonth.has(date.getUTCDate());
}

function parseField(field: Field, word: string): Set<number> {
  const values = new Set<number>();
  for (const part of word.split(',')) {
    for (const value of parsePart(field, part, word)) values.add(value);
  }
  return values;
}

function parsePart(field: Field, part: string, word: string): number[] {
  const { min, max } = field;
  if (part === '?' && word === '?' && field.open === true) return stretch(field, min, max, 1);
  const match = /^(?:(\*)|([A-Z0-9]+)(?:-([A-Z0-9]+))?)(?:\/(\d{1,2}))?$/.exec(part);
  // `0 0 2 ? - 1-7` is what the asterisks of Markdown have become there.
  const meant = word === '-' ? ': the public documents print - where * is meant' : '';
  if (match === null) throw malformed(`${part || 'Nothing'} is no ${field.name}${meant}.`);
  const [, all, from, to, step] = match;
  const every = step === undefined ? 1 : Number(step);
  if (every < 1 || every > max) throw malformed(`${part}: the step must be 1 to ${max}.`);
  if (all !== undefined) return stretch(field, min, max, every);
  const first = numberOf(field, from!);
  const last = to === undefined ? (step === undefined ? first : max) : numberOf(field, to);
  return stretch(field, first, last, every);
}

/** The values from one to another, around the end of the field if need be. */
function stretch({ min, max }: Field, first: number, last: number, step: number): number[] {
  const span = max - min + 1;
  const length = (last - first + span) % span;
  const values: number[] = [];
  for (let at = 0; at <= length; at += step) values.push(min + ((first - min + at) % span));
  return values;
}

function numberOf(field: Field, text: string): number {
  const named = field.names?.indexOf(text) ?? -1;
  const value = named >= 0 ? field.min + named : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= field.min && value <= field.max)) {
    throw malformed(`${text} is no ${field.name} (${field.min} to ${field.max}).`);
  }
  return value;
}

function isOpen(word: string): boolean {
  return word === '?' || word === '*';
}

function inOrder(values: ReadonlySet<number>): number[] {
  return [...values].sort((a, b) => a - b);
}

function malformed(reason: string): EcdError {
  return new EcdError('InvalidCronExpression.Malformed', { reason });
}
