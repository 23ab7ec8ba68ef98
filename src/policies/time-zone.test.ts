import { describe, expect, it } from 'vitest';
import { parseSettings } from '../settings.ts';
import { dateText, instantOf, localOf, parseTimeZone } from './time-zone.ts';

const HOUR = 60 * 60 * 1000;

it.each([
  ['UTC', 0],
  ['UTC+8', 8],
  ['UTC+08:00', 8],
  ['+0800', 8],
  ['GMT-3:30', -3.5],
  ['UTC+14', 14],
  ['Asia/Shanghai', 8],
  ['Asia/Kathmandu', 5.75],
  ['America/St_Johns', -3.5],
])('%s is %s hours ahead', (text, hours) => {
  const zone = parseTimeZone(text);
  expect(zone.offsetAt(Date.parse('2026-11-24T00:00:00Z'))).toBe(hours * HOUR);
  expect(parseSettings({ policies: { timeZone: text } }).policies.timeZone).toBe(text);
});

it.each(['', 'UTC+15', 'UTC+8:75', 'Mars/Olympus', 'Europe', '8'])('%j is no time zone', (text) => {
  const wrong = expect.objectContaining({ code: 'Settings.Invalid' });
  expect(() => parseTimeZone(text)).toThrow(wrong);
  expect(() => parseSettings({ policies: { timeZone: text } })).toThrow(wrong);
});

describe('local time and back', () => {
  it('is the same instant wherever the clock shows a time once', () => {
    const zone = parseTimeZone('Europe/Berlin');
    for (
      let at = Date.parse('2027-03-27T00:00:00Z');
      at < Date.parse('2027-03-30T00:00:00Z');
      at += HOUR / 4
    ) {
      expect(instantOf(zone, localOf(zone, at))).toBe(at);
    }
  });

  it('never runs backwards', () => {
    for (const [name, around] of [
      ['Europe/Berlin', '2027-03-28T02:00:00Z'],
      ['Europe/Berlin', '2027-10-31T02:00:00Z'],
      ['Australia/Lord_Howe', '2027-04-04T02:00:00Z'],
      ['Pacific/Apia', '2011-12-30T12:00:00Z'],
    ] as const) {
      const zone = parseTimeZone(name);
      const middle = Date.parse(around);
      let last = Number.NEGATIVE_INFINITY;
      for (let local = middle - 40 * HOUR; local < middle + 40 * HOUR; local += HOUR / 12) {
        const instant = instantOf(zone, local);
        expect(instant).toBeGreaterThanOrEqual(last);
        last = instant;
      }
    }
  });

  it('has the date of the zone', () => {
    const late = Date.parse('2026-12-31T16:30:00Z');
    expect(dateText(parseTimeZone('UTC+8'), late)).toBe('20270101');
    expect(dateText(parseTimeZone('UTC'), late)).toBe('20261231');
  });
});
