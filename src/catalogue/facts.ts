/**
 * Facts of the whole installation: one value for each key.
 *
 * Invariant: a fact, once stated, is never changed; of two that state it at once the first wins.
 */
import type { Queries } from './catalogue.ts';

/** `vault`: the id of the vault that holds this catalogue's roots. */
export type FactKey = 'vault';

export async function factOf(queries: Queries, key: FactKey): Promise<string | undefined> {
  const row = await queries.selectFrom('facts').select('value').where('key', '=', key).executeTakeFirst();
  return row?.value;
}

/** States a fact and gives what is on record: another value if somebody was first. */
export async function stateFact(queries: Queries, key: FactKey, value: string): Promise<string> {
  await queries
    .insertInto('facts')
    .values({ key, value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await factOf(queries, key)) ?? value;
}
