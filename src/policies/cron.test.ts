import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { nextRun, parseCron, previousRun } from './cron.ts';
import { localOf, parseTimeZone, type TimeZone } from './time-zone.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CHINA = parseTimeZone('UTC+8');

/** The first runs after an instant, as the clock on the wall shows them. */
function runs(expression: string, after: string, count: number, zone = CHINA): string[] {
  const cron = parseCron(expression);
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < count; ) {
    at = nextRun(cron, zone, at);
    found.push(wall(zone, at));
  }
  return found;
}

function wall(zone: TimeZone, instant: number): string {
  return new Date(localOf(zone, instant)).toISOString().slice(0, 16).replace('T', ' ');
}

// 24 November 2026 is a Tuesday.
describe('an expression', () => {
  it.each([
    ['0 0 2 ? * 1-7', '2026-11-24T12:00:00Z', ['2026-11-25 02:00', '2026-11-26 02:00', '2026-11-27 02:00']],
    ['0 20 16 ? * 1,2,3,4,5,6,7', '2026-11-24T08:19:59Z', ['2026-11-24 16:20', '2026-11-25 16:20']],
    ['0 20 16 ? * 1,2,3,4,5,6,7', '2026-11-24T08:20:00Z', ['2026-11-25 16:20']],
    // From Monday on in twos: Monday, Wednesday, Friday.
    ['0 0 5,7 ? * 2/2', '2026-11-24T12:00:00Z', ['2026-11-25 05:00', '2026-11-25 07:00', '2026-11-27 05:00']],
    ['0 0 0 ? * 1', '2026-11-24T12:00:00Z', ['2026-11-29 00:00', '2026-12-06 00:00']],
    ['0 0 0 ? * 7', '2026-11-24T12:00:00Z', ['2026-11-28 00:00', '2026-12-05 00:00']],
    ['0 0 0 ? * SUN', '2026-11-24T12:00:00Z', ['2026-11-29 00:00']],
    ['0 0 0 ? * mon-fri', '2026-11-27T12:00:00Z', ['2026-11-30 00:00']],
    // Around the end of the week: Friday to Monday.
    ['0 0 0 ? * 6-2', '2026-11-26T12:00:00Z', ['2026-11-27 00:00', '2026-11-28 00:00', '2026-11-29 00:00']],
    ['0 0 0 ? * 6-2', '2026-11-29T12:00:00Z', ['2026-11-30 00:00', '2026-12-04 00:00']],
    [
      '0 0 22-2/2 * * ?',
      '2026-11-24T16:00:00Z',
      ['2026-11-25 02:00', '2026-11-25 22:00', '2026-11-26 00:00'],
    ],
    ['0 0/20 8 * * ?', '2026-11-24T12:00:00Z', ['2026-11-25 08:00', '2026-11-25 08:20', '2026-11-25 08:40']],
    [
      '0 */30 */12 * * ?',
      '2026-11-24T15:40:00Z',
      ['2026-11-25 00:00', '2026-11-25 00:30', '2026-11-25 12:00'],
    ],
    [
      '0 5-7,50 3 * * *',
      '2026-11-24T12:00:00Z',
      ['2026-11-25 03:05', '2026-11-25 03:06', '2026-11-25 03:07'],
    ],
    ['0 0 1 31 * ?', '2026-11-24T12:00:00Z', ['2026-12-31 01:00', '2027-01-31 01:00', '2027-03-31 01:00']],
    [
      '0 0 1 1,15 6-8 ?',
      '2026-11-24T12:00:00Z',
      ['2027-06-01 01:00', '2027-06-15 01:00', '2027-07-01 01:00'],
    ],
    ['0 0 1 1 JAN,jul ?', '2026-11-24T12:00:00Z', ['2027-01-01 01:00', '2027-07-01 01:00']],
    ['0 0 1 28/2 * ?', '2026-11-24T12:00:00Z', ['2026-11-28 01:00', '2026-11-30 01:00', '2026-12-28 01:00']],
    // Leap days, also over the year 2100, which is none.
    ['0 0 1 29 2 ?', '2026-11-24T12:00:00Z', ['2028-02-29 01:00', '2032-02-29 01:00']],
    ['0 0 1 29 2 ?', '2096-03-01T00:00:00Z', ['2104-02-29 01:00']],
    ['0 0 1 29 2 ?', '1999-12-31T00:00:00Z', ['2000-02-29 01:00']],
    ['  0   0  2 ?  *  1-7 ', '2026-11-24T12:00:00Z', ['2026-11-25 02:00']],
  ])('%s after %s runs at %j', (expression, after, wanted) => {
    expect(runs(expression, after, wanted.length)).toEqual(wanted);
  });

  it('keeps its second', () => {
    const at = nextRun(parseCron('30 0 2 ? * *'), CHINA, Date.parse('2026-11-24T12:00:00Z'));
    expect(new Date(at).toISOString()).toBe('2026-11-24T18:00:30.000Z');
  });

  it.each([
    '',
    '0 0 2 ? *',
    '0 0 2 ? * 1-7 2026',
    '0 2 * * *',
    '* 0 2 ? * *',
    '0,30 0 2 ? * *',
    '60 0 2 ? * *',
    '0 60 2 ? * *',
    '0 0 24 ? * *',
    '0 0 2 0 * ?',
    '0 0 2 32 * ?',
    '0 0 2 ? 13 *',
    '0 0 2 ? * 0',
    '0 0 2 ? * 8',
    '0 0 2 ? * ?',
    '0 0 2 1 * 2',
    '? 0 2 ? * *',
    '0 0 ? * * *',
    '0 0 2 ?,1 * *',
    '0 0 2 ? - 1-7',
    '0 0 2 ? * L',
    '0 0 2 ? * 6#3',
    '0 0 2 15W * ?',
    '0 0 2 ? * 1,',
    '0 0 2 ? * 1-',
    '0 0 2 ? * 1/0',
    '0 0/60 2 ? * *',
    '0 -5 2 ? * *',
    '0 1.5 2 ? * *',
    '0 0 2 ? * FOO',
    '0 0 2 30 2 ?',
    '0 0 2 31 2,4,6,9,11 ?',
    `0 0 ${'2,'.repeat(300)}2 ? * *`,
  ])('%s is refused with a reason', (expression) => {
    try {
      parseCron(expression);
      expect.unreachable();
    } catch (error) {
      expect(EcdError.is(error, 'InvalidCronExpression.Malformed')).toBe(true);
      expect((error as EcdError).details['reason']).toMatch(/\.$/);
    }
  });
});

it.each(['0 0 2 ? - 1-7', '0 0 2 - * 1-7', '0 0 2 ? * -'])(
  'what a misprint of the public documents makes of %s is refused with what is meant',
  (expression) => {
    expect(() => parseCron(expression)).toThrow(
      expect.objectContaining({ details: { reason: expect.stringMatching(/^- is no .*print - .*\*.*\.$/) } }),
    );
  },
);

describe('the next run', () => {
  const some = (min: number, max: number, most: number) =>
    fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: most });
  const schedule = fc.record({
    minutes: some(0, 59, 3),
    hours: some(0, 23, 3),
    months: some(1, 12, 12),
    days: some(1, 28, 10),
    byWeekday: fc.boolean(),
    weekdays: some(1, 7, 4),
    after: fc.integer({ min: 0, max: 40 * 365 * DAY }),
    offset: fc.integer({ min: -14, max: 14 }),
  });

  it('is the first minute that fits, whatever the expression', () => {
    fc.assert(
      fc.property(schedule, (s) => {
        const day = s.byWeekday ? `? ${s.months} ${s.weekdays}` : `${s.days} ${s.months} ?`;
        const cron = parseCron(`0 ${s.minutes} ${s.hours} ${day}`);
        const zone = parseTimeZone(`UTC${s.offset < 0 ? '-' : '+'}${Math.abs(s.offset)}`);
        const fits = (at: number) => {
          const local = new Date(at + s.offset * HOUR);
          const dayFits = s.byWeekday
            ? s.weekdays.includes(local.getUTCDay() + 1)
            : s.days.includes(local.getUTCDate());
          return (
            dayFits &&
            s.minutes.includes(local.getUTCMinutes()) &&
            s.hours.includes(local.getUTCHours()) &&
            s.months.includes(local.getUTCMonth() + 1)
          );
        };
        const first = (Math.floor(s.after / MINUTE) + 1) * MINUTE;
        let expected = first;
        while (expected < first + 20 * DAY && !fits(expected)) expected += MINUTE;
        const next = nextRun(cron, zone, s.after);
        if (expected < first + 20 * DAY) expect(next).toBe(expected);
        else expect(next).toBeGreaterThanOrEqual(expected);
        expect(previousRun(cron, zone, next)).toBe(next);
        expect(previousRun(cron, zone, next - 1)).toBeLessThanOrEqual(s.after);
      }),
      { numRuns: 150 },
    );
  });

  it('is a day after the one before for ten years where the clock never changes', () => {
    const cron = parseCron('0 0 2 ? * 1-7');
    let at = nextRun(cron, CHINA, Date.parse('2024-01-01T00:00:00Z'));
    for (let day = 0; day < 3653; day++) {
      const next = nextRun(cron, CHINA, at);
      expect(next - at).toBe(DAY);
      at = next;
    }
    expect(wall(CHINA, at)).toBe('2034-01-02 02:00');
  });
});

describe('where the clock changes', () => {
  it.each([
    // Put forward from 2 to 3 on 28 March 2027: 2:30 is not there, so it is the moment of the change.
    ['Europe/Berlin', '0 30 2 ? * *', '2027-03-27T12:00:00Z', ['2027-03-28T01:00Z', '2027-03-29T00:30Z']],
    ['Europe/Berlin', '0 0 3 ? * *', '2027-03-27T12:00:00Z', ['2027-03-28T01:00Z', '2027-03-29T01:00Z']],
    // Both 2:30 and 3:00 are that moment, once.
    ['Europe/Berlin', '0 0,30 2,3 ? * *', '2027-03-27T12:00:00Z', ['2027-03-28T01:00Z', '2027-03-28T01:30Z']],
    // Put back from 3 to 2 on 31 October 2027: 2:30 is there twice and counts once.
    ['Europe/Berlin', '0 30 2 ? * *', '2027-10-30T12:00:00Z', ['2027-10-31T00:30Z', '2027-11-01T01:30Z']],
    ['Europe/Berlin', '0 0 * ? * *', '2027-10-30T23:00:00Z', ['2027-10-31T00:00Z', '2027-10-31T02:00Z']],
    ['America/New_York', '0 30 2 ? * *', '2027-03-13T12:00:00Z', ['2027-03-14T07:00Z', '2027-03-15T06:30Z']],
    ['America/New_York', '0 30 1 ? * *', '2027-11-06T12:00:00Z', ['2027-11-07T05:30Z', '2027-11-08T06:30Z']],
    // Half an hour only.
    [
      'Australia/Lord_Howe',
      '0 15 2 ? * *',
      '2026-10-03T12:00:00Z',
      ['2026-10-03T15:30Z', '2026-10-04T15:15Z'],
    ],
    // At midnight.
    ['America/Santiago', '0 0 0 ? * *', '2026-09-05T12:00:00Z', ['2026-09-06T04:00Z', '2026-09-07T03:00Z']],
    // The whole of 30 December 2011 was left out.
    ['Pacific/Apia', '0 0 2 ? * *', '2011-12-29T13:00:00Z', ['2011-12-30T10:00Z', '2011-12-30T12:00Z']],
  ])('%s: %s after %s', (name, expression, after, wanted) => {
    const zone = parseTimeZone(name);
    const cron = parseCron(expression);
    const found: string[] = [];
    for (let at = Date.parse(after); found.length < wanted.length; ) {
      at = nextRun(cron, zone, at);
      found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'));
    }
    expect(found).toEqual(wanted);
  });

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago', 'Asia/Shanghai'])(
    'a daily run in %s runs once on every day of ten years, at its time or at the change',
    (name) => {
      const zone = parseTimeZone(name);
      const cron = parseCron('0 30 2 ? * 1-7');
      const shown = new Intl.DateTimeFormat('sv-SE', {
        timeZone: name,
        dateStyle: 'short',
        timeStyle: 'short',
      });
      let at = Date.parse('2024-01-01T12:00:00Z');
      let day = Date.parse('2024-01-02T00:00:00Z');
      let others = 0;
      for (let count = 0; count < 3653; count++, day += DAY) {
        const next = nextRun(cron, zone, at);
        expect(previousRun(cron, zone, next - 1)).toBeLessThanOrEqual(at);
        const [date, time] = shown.format(next).split(' ');
        expect(date).toBe(new Date(day).toISOString().slice(0, 10));
        if (time !== '02:30') others++;
        at = next;
      }
      expect(others).toBe(/Berlin|New_York/.test(name) ? 10 : 0);
    },
  );

  it('the previous run is never after, and the next one of it always is', () => {
    const zone = parseTimeZone('Europe/Berlin');
    const cron = parseCron('0 0/15 1-3 ? * *');
    const change = Date.parse('2027-10-31T01:00:00Z');
    for (let at = change - 6 * HOUR; at < change + 6 * HOUR; at += 5 * MINUTE) {
      const previous = previousRun(cron, zone, at);
      expect(previous).toBeLessThanOrEqual(at);
      expect(nextRun(cron, zone, previous)).toBeGreaterThan(at);
      expect(nextRun(cron, zone, previous - 1)).toBe(previous);
    }
  });
});
