import { expect, it } from 'vitest';
import { jitterMs } from './jitter.ts';

const HOUR = 60 * 60 * 1000;
const desktops = Array.from({ length: 1000 }, (_, n) => `ecd-${String(n).padStart(17, '0')}`);

it('spreads 1,000 desktops over its while: never many in one second', () => {
  const bySecond = new Map<number, number>();
  const byMinute = [0, 0, 0, 0, 0];
  for (const id of desktops) {
    const ms = jitterMs('sp-1', id, 300_000, 24 * HOUR);
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThan(300_000);
    const second = Math.floor(ms / 1000);
    bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
    byMinute[Math.floor(ms / 60_000)]!++;
  }
  expect(Math.max(...bySecond.values())).toBeLessThanOrEqual(12);
  for (const count of byMinute) expect(Math.abs(count - 200)).toBeLessThan(50);
});

it('is the same every time, and another for another policy', () => {
  const of = (policy: string) => desktops.map((id) => jitterMs(policy, id, 300_000, 24 * HOUR));
  expect(of('sp-1')).toEqual(of('sp-1'));
  expect(of('sp-1')).not.toEqual(of('sp-2'));
});

it('ends before half of the time to the next point, and is none if there is no while', () => {
  for (const id of desktops) {
    expect(jitterMs('sp-1', id, 300_000, 60_000)).toBeLessThan(30_000);
    expect(jitterMs('sp-1', id, 0, HOUR)).toBe(0);
  }
});
