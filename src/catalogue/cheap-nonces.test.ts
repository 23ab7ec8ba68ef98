import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Catalogue } from './catalogue.ts';
import { CheapNonces } from './cheap-nonces.ts';
import { Claim } from './nonces.ts';

let catalogue: Catalogue;
beforeEach(() => {
  catalogue = Catalogue.open(':memory:');
});
afterEach(() => catalogue.close());

const claim = (nonce: string) => new Claim('key', nonce, 1_000);
const recorded = async () => (await catalogue.db.selectFrom('nonces').selectAll().execute()).length;

test('many at once are on record in a few commits, each before its spend returns', async () => {
  const commits = vi.spyOn(catalogue, 'transaction');
  const cheap = new CheapNonces(catalogue, 20);
  let first = 0;
  await Promise.all(
    Array.from({ length: 500 }, async (_, i) => {
      await cheap.spend(claim(`${i}`));
      const found = await catalogue.db
        .selectFrom('nonces')
        .select('nonce')
        .where('nonce', '=', `${i}`)
        .execute();
      expect(found).toHaveLength(1);
      first++;
    }),
  );
  expect([first, await recorded()]).toEqual([500, 500]);
  expect(commits.mock.calls.length).toBeLessThanOrEqual(2);
});

test('one alone does not wait; the next one waits until the pause is over', async () => {
  const cheap = new CheapNonces(catalogue, 200);
  const started = performance.now();
  await cheap.spend(claim('first'));
  expect(performance.now() - started).toBeLessThan(150);
  await cheap.spend(claim('second'));
  expect(performance.now() - started).toBeGreaterThan(190);
  expect(await recorded()).toBe(2);
});

test('one that is there already is no fault, and of a failing catalogue all are told', async () => {
  const cheap = new CheapNonces(catalogue, 1);
  await cheap.spend(claim('n'));
  await cheap.spend(claim('n'));
  vi.spyOn(catalogue, 'transaction').mockRejectedValueOnce(new Error('gone'));
  const told = await Promise.allSettled([cheap.spend(claim('a')), cheap.spend(claim('b'))]);
  expect(told.map((one) => one.status)).toEqual(['rejected', 'rejected']);
  await cheap.spend(claim('c'));
  expect(await recorded()).toBe(2);
});
