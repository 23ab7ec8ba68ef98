import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Catalogue } from './catalogue.ts';
import { Conditions, rows } from './conditions.ts';

let catalogue: Catalogue;
beforeAll(() => {
  catalogue = Catalogue.open(':memory:');
});
afterAll(() => catalogue.close());

/** The same rule, said by a regular expression. */
function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`, 'u').test(text);
}

describe('a name with *', () => {
  const part = fc.string({ unit: fc.constantFrom(...'aAb*?[]^-!%_\\. é') });

  it('is found as the rule says, whatever signs it holds', async () => {
    await fc.assert(
      fc.asyncProperty(part, part, async (pattern, text) => {
        const where = new Conditions().like('t', pattern);
        const found = await rows(catalogue.db, `SELECT 1 FROM (SELECT ? AS t) ${where.text}`, [
          text,
          ...where.values,
        ]);
        expect(found.length === 1).toBe(matches(pattern, text));
      }),
      { numRuns: 500 },
    );
  });

  it('takes no time to speak of, whatever it is', async () => {
    const where = new Conditions().like('t', '*a'.repeat(60));
    const start = performance.now();
    await rows(catalogue.db, `SELECT 1 FROM (SELECT ? AS t) ${where.text}`, [
      `${'a'.repeat(59)}b${'a'.repeat(60)}b`,
      ...where.values,
    ]);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

it('a pattern longer than any name matches nothing', async () => {
  const where = new Conditions().like('t', `*${'a*'.repeat(100_000)}`);
  const found = await rows(catalogue.db, `SELECT 1 FROM (SELECT 'a' AS t) ${where.text}`, where.values);
  expect(found).toEqual([]);
});

it('an empty list matches nothing', async () => {
  const where = new Conditions().among('t', []);
  expect(await rows(catalogue.db, `SELECT 1 FROM (SELECT 1 AS t) ${where.text}`, where.values)).toEqual([]);
});

it('a query that fails is Catalogue.Unavailable', async () => {
  await expect(rows(catalogue.db, 'SELECT nonsense', [])).rejects.toMatchObject({
    code: 'Catalogue.Unavailable',
  });
});
