import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromExpression, isEveryDay, NIGHTLY, timesOf, toExpression } from './schedule.ts';

test('what is chosen becomes an expression, and comes back', () => {
  expect(toExpression(NIGHTLY)).toBe('0 0 2 ? * *');
  const some = { kind: 'chosen', days: [6, 2], hours: [14, 2], minutes: [30] } as const;
  expect(toExpression(some)).toBe('0 30 2,14 ? * 2,6');
  expect(fromExpression('0 30 2,14 ? * 2,6')).toEqual({ ...some, days: [2, 6], hours: [2, 14] });
});

test.each([
  ['0 0 2 ? * 1-7', [1, 2, 3, 4, 5, 6, 7], ['02:00']],
  ['0 0 2 * * ?', [1, 2, 3, 4, 5, 6, 7], ['02:00']],
  ['0 0 5,7 ? * 2/2', [2, 4, 6], ['05:00', '07:00']],
  ['00 15 22-1 ? * mon-fri', [2, 3, 4, 5, 6], ['00:15', '01:15', '22:15', '23:15']],
  ['0 0/30 8 * * SUN', [1], ['08:00', '08:30']],
])('%s is understood', (expression, days, times) => {
  const schedule = fromExpression(expression);
  expect(schedule).toMatchObject({ kind: 'chosen', days });
  expect(schedule.kind === 'chosen' && timesOf(schedule)).toEqual(times);
  expect(schedule.kind === 'chosen' && isEveryDay(schedule)).toBe(days.length === 7);
});

test.each([
  '0 0 2 1 * ?',
  '0 0 2 ? 6 2',
  '30 0 2 ? * 2',
  '0 0 2 ? * ?',
  '0 0 25 ? * *',
  '0 0 2 ? * 8',
  '0 0 2 ? * L',
  '0 0 2 ? *',
  'every night',
  '',
])('%j stays the text that it is', (expression) => {
  expect(fromExpression(expression)).toEqual({ kind: 'raw', expression });
  expect(toExpression(fromExpression(expression))).toBe(expression);
});

test('what is chosen comes back from its expression as it was', () => {
  const some = (min: number, max: number) =>
    fc.uniqueArray(fc.integer({ min, max }), { minLength: 1 }).map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(some(1, 7), some(0, 23), some(0, 59), (days, hours, minutes) => {
      const schedule = { kind: 'chosen', days, hours, minutes } as const;
      expect(fromExpression(toExpression(schedule))).toEqual(schedule);
    }),
  );
});
