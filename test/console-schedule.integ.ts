/** The console's schedule editor reads expressions itself: what it makes of them must run when the service says they do. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromExpression, toExpression } from '../console/src/policies/schedule.ts';
import { parseCron } from '../src/policies/cron.ts';

test('runs when the expression did, by the reading of the service', () => {
  const field = (min: number, max: number) => {
    const value = fc.integer({ min, max });
    const range = fc.tuple(value, value).map(([a, b]) => `${a}-${b}`);
    const step = fc.tuple(value, fc.integer({ min: 1, max })).map(([a, b]) => `${a}/${b}`);
    const part = fc.oneof(value.map(String), range, step);
    return fc.oneof(
      fc.constant('*'),
      fc.array(part, { minLength: 1, maxLength: 3 }).map((p) => p.join(',')),
    );
  };
  fc.assert(
    fc.property(field(0, 59), field(0, 23), field(1, 7), (minute, hour, day) => {
      const expression = `0 ${minute} ${hour} ? * ${day}`;
      const schedule = fromExpression(expression);
      expect(schedule.kind).toBe('chosen');
      expect(parseCron(toExpression(schedule))).toEqual(parseCron(expression));
    }),
    { numRuns: 200 },
  );
});
