/**
 * Bundles on record. Like images they belong to no region.
 *
 * Invariant: a deleted bundle is offered no more, and its row stays as long as a desktop made of it is not deleted, so
 * that the desktop goes on showing what it is.
 */
import type { Insertable, Selectable } from 'kysely';
import type { Queries, Trx } from './catalogue.ts';
import { marks, rows } from './conditions.ts';
import type { BundleTable } from './schema.ts';

export type BundleRow = Selectable<BundleTable>;

/** Newest first; with `deleted`, those too that desktops are still made of. */
export async function storedBundles(
  queries: Queries,
  options: { readonly deleted?: boolean } = {},
): Promise<BundleRow[]> {
  let query = queries.selectFrom('bundles').selectAll();
  if (options.deleted !== true) query = query.where('deleted_at', 'is', null);
  return query.orderBy('created_at', 'desc').orderBy('id').execute();
}

export function storedBundle(queries: Queries, id: string): Promise<BundleRow | undefined> {
  return queries
    .selectFrom('bundles')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
}

export function bundlesById(queries: Queries, ids: readonly string[]): Promise<BundleRow[]> {
  return queries
    .selectFrom('bundles')
    .selectAll()
    .where('id', 'in', [...ids])
    .execute();
}

/** How many are offered. */
export async function countBundles(queries: Queries): Promise<number> {
  const { count } = await queries
    .selectFrom('bundles')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

export async function insertBundle(trx: Trx, bundle: Insertable<BundleTable>): Promise<void> {
  await trx.insertInto('bundles').values(bundle).execute();
}

/** Those that are offered and are of one of these images. */
export function bundlesOfImages(queries: Queries, imageIds: readonly string[]): Promise<{ id: string }[]> {
  return rows(
    queries,
    `SELECT id FROM bundles WHERE deleted_at IS NULL AND image_id IN (${marks(imageIds.length)}) ORDER BY id`,
    imageIds,
  );
}

/** They are offered no more. Unknown ids are passed over. */
export async function deleteBundles(trx: Trx, ids: readonly string[], now: number): Promise<void> {
  if (ids.length > 0) {
    await trx
      .updateTable('bundles')
      .set({ deleted_at: now, cloud_init: null })
      .where('id', 'in', [...ids])
      .where('deleted_at', 'is', null)
      .execute();
  }
  await trx
    .deleteFrom('bundles')
    .where('deleted_at', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('desktops')
            .select('desktops.id')
            .whereRef('desktops.bundle_id', '=', 'bundles.id')
            .where('desktops.status', '!=', 'Deleted'),
        ),
      ),
    )
    .execute();
}
