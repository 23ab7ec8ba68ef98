/**
 * Tags of desktops.
 *
 * Invariants: a desktop has a key once; those of a deleted desktop are not listed; a new value does not move a tag in
 * the listing.
 */
import type { Queries, Trx } from './catalogue.ts';
import { Conditions, marks, rows } from './conditions.ts';
import type { PageRequest } from './listing.ts';
import type { TagTable } from './schema-tags.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** A tag to look for; without a value, with any. */
export interface TagFilter {
  readonly key: string;
  readonly value?: string | undefined;
}

/** A tag with its place in the listing. */
export type TagRow = TagTable & { readonly place: string };

/** Gives a desktop tags; a key that it has gets the new value. */
export async function setTags(trx: Trx, desktopId: string, tags: readonly Tag[], now: number): Promise<void> {
  for (const { key, value } of tags) {
    await trx
      .insertInto('tags')
      .values({ desktop_id: desktopId, key, value, tagged_at: now })
      .onConflict((conflict) => conflict.columns(['desktop_id', 'key']).doUpdateSet({ value }))
      .execute();
  }
}

/** How many tags a desktop has. */
export async function countTags(queries: Queries, desktopId: string): Promise<number> {
  const { count } = await queries
    .selectFrom('tags')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('desktop_id', '=', desktopId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Takes keys from desktops; without `keys` all. */
export async function removeTags(
  trx: Trx,
  desktopIds: readonly string[],
  keys: readonly string[] | undefined,
): Promise<void> {
  let query = trx.deleteFrom('tags').where('desktop_id', 'in', [...desktopIds]);
  if (keys !== undefined) query = query.where('key', 'in', [...keys]);
  await query.execute();
}

/** Up to `limit + 1` tags after the key: all tags of the desktops that have all of `filter.tags`. */
export function listTags(
  queries: Queries,
  filter: {
    readonly regionId: string;
    readonly desktopIds?: readonly string[] | undefined;
    readonly tags?: readonly TagFilter[] | undefined;
  },
  page: PageRequest,
): Promise<TagRow[]> {
  const where = new Conditions().equals('d.region_id', filter.regionId).add("d.status <> 'Deleted'");
  haveTags(where.among('d.id', filter.desktopIds), filter.tags);
  where.olderThan('t.tagged_at', PLACE, page.after);
  return rows(
    queries,
    `SELECT t.*, ${PLACE} AS place FROM tags t JOIN desktops d ON d.id = t.desktop_id ${where.text}
     ORDER BY t.tagged_at DESC, place DESC LIMIT ?`,
    [...where.values, page.limit + 1],
  );
}

const PLACE = "t.desktop_id || '/' || t.key";

/** The tags of some desktops by the desktop's id, in the order of their keys. */
export async function tagsOfDesktops(
  queries: Queries,
  desktopIds: readonly string[],
): Promise<Map<string, TagTable[]>> {
  if (desktopIds.length === 0) return new Map();
  const found = await rows<TagTable>(
    queries,
    `SELECT * FROM tags WHERE desktop_id IN (${marks(desktopIds.length)}) ORDER BY key`,
    desktopIds,
  );
  return Map.groupBy(found, (tag) => tag.desktop_id);
}

/** Of desktops `d`: those that have all of the tags. */
export function haveTags(where: Conditions, tags: readonly TagFilter[] = []): void {
  for (const { key, value } of tags) {
    const more = value === undefined ? [] : [value];
    const text = `SELECT 1 FROM tags x WHERE x.desktop_id = d.id AND x.key = ?${value === undefined ? '' : ' AND x.value = ?'}`;
    where.add(`EXISTS (${text})`, key, ...more);
  }
}
