import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { NameSet } from './name-set.ts';

test.each([1, 4] as const)('with %i words it holds every name, beyond what was expected too', (words) => {
  const set = new NameSet(words, 10);
  const names = Array.from({ length: 5_000 }, () => randomBytes(32));
  expect(names.filter((name) => set.add(name)).length).toBe(5_000);
  expect(names.every((name) => set.has(name))).toBe(true);
  expect(names.some((name) => set.add(name))).toBe(false);
  expect(set.size).toBe(5_000);
  const strangers = Array.from({ length: 5_000 }, () => randomBytes(32));
  expect(strangers.filter((name) => set.has(name)).length).toBeLessThan(words === 4 ? 1 : 3);
});
