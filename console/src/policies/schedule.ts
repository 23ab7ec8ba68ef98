/**
 * A schedule as people choose it, and as the expression of six fields that the service reads (second, minute, hour, day of
 * month, month, day of week; 1 is Sunday).
 *
 * Invariants: `toExpression(fromExpression(text))` runs when `text` does; what cannot be chosen from stays the text that it
 * is. Whether a text is right, the service says.
 */
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7] as const;
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Each run is at one of the hours and one of the minutes, of one of the days. */
export interface Chosen {
  readonly kind: 'chosen';
  /** 1 is Sunday; all seven for every day. */
  readonly days: readonly number[];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
}

export interface Raw {
  readonly kind: 'raw';
  readonly expression: string;
}

export type Schedule = Chosen | Raw;

export const NIGHTLY: Chosen = { kind: 'chosen', days: EVERY_DAY, hours: [2], minutes: [0] };

export function isEveryDay({ days }: Chosen): boolean {
  return days.length === EVERY_DAY.length;
}

/** A schedule without a day or a time has an expression that the service refuses. */
export function toExpression(schedule: Schedule): string {
  if (schedule.kind === 'raw') return schedule.expression;
  const list = (values: readonly number[]) => [...values].sort((a, b) => a - b).join(',');
  const days = isEveryDay(schedule) ? '*' : list(schedule.days);
  return `0 ${list(schedule.minutes)} ${list(schedule.hours)} ? * ${days}`;
}

export function fromExpression(expression: string): Schedule {
  const words = expression.trim().toUpperCase().split(/\s+/);
  const [second, minute, hour, dayOfMonth, month, dayOfWeek] = words;
  const raw: Raw = { kind: 'raw', expression };
  const anyDate = (dayOfMonth === '?' || dayOfMonth === '*') && month === '*';
  if (words.length !== 6 || !/^0+$/.test(second!) || !anyDate) return raw;
  // Both days as ? are refused by the service, so they are not made into something that it takes.
  if (dayOfMonth === '?' && dayOfWeek === '?') return raw;
  const minutes = valuesOf(minute!, 0, 59);
  const hours = valuesOf(hour!, 0, 23);
  const days = dayOfWeek === '?' ? EVERY_DAY : valuesOf(numbered(dayOfWeek!), 1, 7);
  if (minutes === undefined || hours === undefined || days === undefined) return raw;
  return { kind: 'chosen', days, hours, minutes };
}

/** `HH:MM` of all runs of a day, in order. */
export function timesOf({ hours, minutes }: Chosen): string[] {
  const two = (value: number) => String(value).padStart(2, '0');
  return hours.flatMap((hour) => minutes.map((minute) => `${two(hour)}:${two(minute)}`)).sort();
}

function numbered(word: string): string {
  return word.replace(/[A-Z]+/g, (name) => {
    const at = WEEKDAYS.indexOf(name);
    return at < 0 ? name : String(at + 1);
  });
}

/** The values of a field in order; undefined if it cannot be read. A range may go around the end. */
function valuesOf(word: string, min: number, max: number): readonly number[] | undefined {
  const values = new Set<number>();
  for (const part of word.split(',')) {
    const match = /^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
    if (match === null) return undefined;
    const [, all, first, last, step] = match;
    const from = all === undefined ? Number(first) : min;
    const to = all !== undefined ? max : last !== undefined ? Number(last) : step === undefined ? from : max;
    const by = step === undefined ? 1 : Number(step);
    if (from < min || from > max || to < min || to > max || by < 1 || by > max) return undefined;
    const span = max - min + 1;
    for (let at = 0; at <= (to - from + span) % span; at += by) values.add(min + ((from - min + at) % span));
  }
  return [...values].sort((a, b) => a - b);
}
