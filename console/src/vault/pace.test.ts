import { expect, test } from 'vitest';
import { type Looks, looked, paceOf } from './pace.ts';

const NONE: Looks = new Map();
const job = (done: number, id = 'a') => ({ id, done });

test('a job has a pace when it was seen twice', () => {
  const once = looked(NONE, [job(1000)], 0);
  expect(paceOf(once, 'a')).toBeUndefined();
  expect(paceOf(once, 'b')).toBeUndefined();
  expect(paceOf(looked(once, [job(3000)], 2000), 'a')).toBe(1000);
});

test('it is that of the last seconds, not of all the time', () => {
  let looks = NONE;
  for (let at = 0; at <= 30_000; at += 1000) looks = looked(looks, [job(at < 15_000 ? 0 : at * 5)], at);
  expect(paceOf(looks, 'a')).toBe(5000);
  expect(looks.get('a')!.length).toBeLessThan(13);
});

test('what is over is forgotten, and what begins anew is not slower than nothing', () => {
  const looks = looked(looked(NONE, [job(900), job(5, 'b')], 0), [job(100)], 1000);
  expect([...looks.keys()]).toEqual(['a']);
  expect(paceOf(looks, 'a')).toBe(0);
});
