/** Adds one to the fact `count`, again and again: what gets lost when two writers do not wait for each other. */
import { setImmediate } from 'node:timers/promises';
import type { Catalogue } from '../catalogue.ts';

export async function countUp(catalogue: Catalogue, times: number): Promise<void> {
  for (let i = 0; i < times; i++)
    await catalogue.transaction(async (trx) => {
      const row = await trx
        .selectFrom('facts')
        .select('value')
        .where('key', '=', 'count')
        .executeTakeFirstOrThrow();
      await setImmediate();
      const value = String(Number(row.value) + 1);
      await trx.updateTable('facts').set({ value }).where('key', '=', 'count').execute();
    });
}
