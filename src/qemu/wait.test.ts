import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { bounded } from './wait.ts';

const late = { signal: undefined, what: 'an answer', onDeadline: () => 'late' };

/** Nothing of this process runs meanwhile. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('what does not answer is late', async () => {
  expect(await bounded(new Promise<string>(() => {}), { ...late, ms: 20 })).toBe('late');
});

test('an answer that came while this process stood still is not late', async () => {
  const answer = bounded(
    readFile(import.meta.filename, 'utf8').then(() => 'there'),
    { ...late, ms: 50 },
  );
  standStill(1000);
  expect(await answer).toBe('there');
});

test('what does not answer is late after a stall too', async () => {
  const answer = bounded(new Promise<string>(() => {}), { ...late, ms: 20 });
  standStill(700);
  expect(await answer).toBe('late');
});
