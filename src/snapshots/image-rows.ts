/**
 * Rows of images that are made from snapshots, and how they end.
 *
 * Invariants: an image holds its root from the transaction on that makes it or takes its snapshot over, and a snapshot's
 * row goes not before that, so that collection always finds one of the two (it reads snapshots first); an image's file
 * is named by its row, or else by `image_garbage`, as long as it may be there.
 */
import type { Selectable, Updateable } from 'kysely';
import type { Queries, Trx } from '../catalogue/catalogue.ts';
import type { ImageTable } from '../catalogue/schema.ts';

export type ImageRow = Selectable<ImageTable>;

/** What its maker says of it. */
export interface NewImage {
  readonly id: string;
  /** Empty: the id. */
  readonly name: string;
  readonly description: string;
  readonly creator: string;
}

/** What it is made of. */
export interface ImageContent {
  readonly osType: 'Linux' | 'Windows';
  readonly platform: string;
  readonly sizeBytes: number;
  readonly root: string | null;
  readonly madeOf: 'snapshot' | 'desktop';
}

export async function insertImage(
  trx: Trx,
  image: NewImage,
  content: ImageContent,
  now: number,
): Promise<void> {
  await trx
    .insertInto('images')
    .values({
      id: image.id,
      name: image.name === '' ? image.id : image.name,
      description: image.description,
      os_type: content.osType,
      platform: content.platform,
      status: 'Creating',
      progress: 0,
      size_bytes: content.sizeBytes,
      root: content.root,
      created_at: now,
      updated_at: now,
      made_of: content.madeOf,
      creator: image.creator,
    })
    .execute();
}

export async function setImage(
  queries: Queries,
  imageId: string,
  values: Omit<Updateable<ImageTable>, 'id'>,
): Promise<void> {
  await queries.updateTable('images').set(values).where('id', '=', imageId).execute();
}

/** The snapshot that was taken for an image is not needed any more. Gives its disk. */
export async function dropImageSnapshot(trx: Trx, imageId: string): Promise<string[]> {
  const rows = await trx
    .deleteFrom('snapshots')
    .where('image_id', '=', imageId)
    .returning(['id', 'disk_id'])
    .execute();
  for (const { id } of rows) await nameRecord(trx, id);
  return rows.map((row) => row.disk_id);
}

/** The row goes; its file and its record wait to be removed. */
export async function deleteImage(trx: Trx, imageId: string): Promise<void> {
  await trx.deleteFrom('images').where('id', '=', imageId).execute();
  await trx.insertInto('image_garbage').values({ image_id: imageId }).execute();
  await nameRecord(trx, imageId);
}

async function nameRecord(trx: Trx, id: string): Promise<void> {
  await trx
    .insertInto('dropped_records')
    .values({ record_id: id })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
