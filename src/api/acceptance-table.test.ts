/** The acceptance suite may not look into the code, so its list of what is documented is compared here. */
import { expect, test } from 'vitest';
import { OPERATIONS as PROMISED } from '../../acceptance/support/operations.ts';
import { OPERATIONS } from '../operations/index.ts';

test('the acceptance table names every operation and every error of its own', () => {
  const sorted = (table: Iterable<[string, readonly string[]]>) =>
    Object.fromEntries([...table].map(([name, codes]) => [name, [...codes].sort()]));
  const own = [...OPERATIONS].map(([name, o]): [string, readonly string[]] => [name, o.errors]);
  expect(sorted(Object.entries(PROMISED))).toEqual(sorted(own));
});
