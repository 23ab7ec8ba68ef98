import { describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { Throttle } from './limits.ts';

const attempt = (throttle: Throttle, key: string, operation: string): string => {
  try {
    throttle.take(key, operation);
    return 'ok';
  } catch (error) {
    if (!(error instanceof EcdError)) throw error;
    return `${error.code} ${error.details['retryAfterMs']}`;
  }
};

describe('the limits', () => {
  it('let one second through at once, then as many as fill in, and tell when to come again', () => {
    let now = 5000;
    const throttle = new Throttle({ userPerSecond: 4, apiPerSecond: 0 }, () => now);
    expect(Array.from({ length: 5 }, () => attempt(throttle, 'a', 'x'))).toEqual([
      ...Array.from({ length: 4 }, () => 'ok'),
      'Throttling.User 250',
    ]);
    expect(attempt(throttle, 'b', 'x')).toBe('ok');
    now += 249;
    expect(attempt(throttle, 'a', 'y')).toBe('Throttling.User 1');
    now += 1;
    expect(attempt(throttle, 'a', 'y')).toBe('ok');
    expect(attempt(throttle, 'a', 'y')).toBe('Throttling.User 250');
    now += 3_600_000;
    expect(
      Array.from({ length: 5 }, () => attempt(throttle, 'a', 'x')).filter((one) => one === 'ok'),
    ).toHaveLength(4);
  });

  it('hold for an operation over all keys, and a refusal takes nothing of the key', () => {
    let now = 0;
    const throttle = new Throttle({ userPerSecond: 3, apiPerSecond: 2 }, () => now);
    expect(['a', 'b', 'c', 'a'].map((key) => attempt(throttle, key, 'x'))).toEqual([
      'ok',
      'ok',
      'Throttling.Api 500',
      'Throttling.Api 500',
    ]);
    expect(attempt(throttle, 'c', 'y')).toBe('ok');
    now = -60_000;
    expect(attempt(throttle, 'a', 'x')).toBe('Throttling.Api 500');
  });

  it('are off at 0, and keep little for many keys', () => {
    const off = new Throttle({ userPerSecond: 0, apiPerSecond: 0 }, () => 0);
    for (let i = 0; i < 1000; i++) expect(attempt(off, 'a', 'x')).toBe('ok');
    expect(off.size).toBe(0);
    let now = 0;
    const busy = new Throttle({ userPerSecond: 10, apiPerSecond: 1_000_000 }, () => now);
    for (let i = 0; i < 25_000; i++) {
      now += 0.001;
      busy.take(`key-${i}`, 'x');
    }
    expect(busy.size).toBeLessThanOrEqual(10_001);
  });
});
