/** Listing and finding images. Images belong to no region: every region of this server offers all of them. */
import type { Selectable } from 'kysely';
import type { Queries } from './catalogue.ts';
import { Conditions, rows } from './conditions.ts';
import type { PageRequest } from './listing.ts';
import type { ImageTable } from './schema.ts';

export type ImageRow = Selectable<ImageTable>;

export interface ImageFilter {
  readonly ids?: readonly string[] | undefined;
  /** Whole, or with `*`. */
  readonly name?: string | undefined;
  readonly status?: ImageTable['status'] | undefined;
  readonly osType?: string | undefined;
}

/** Up to `limit + 1` images after the key, newest first. */
export function listImages(queries: Queries, filter: ImageFilter, page: PageRequest): Promise<ImageRow[]> {
  const where = new Conditions()
    .among('id', filter.ids)
    .like('name', filter.name)
    .equals('status', filter.status)
    .equals('os_type', filter.osType)
    .olderThan('created_at', 'id', page.after);
  return rows(queries, `SELECT * FROM images ${where.text} ORDER BY created_at DESC, id DESC LIMIT ?`, [
    ...where.values,
    page.limit + 1,
  ]);
}

/**
 * The image of an id or a name. Of several with one name the newest that is Available is meant, or if none is, the
 * newest of all.
 */
export async function findImage(queries: Queries, idOrName: string): Promise<ImageRow | undefined> {
  const found = await rows<ImageRow>(
    queries,
    `SELECT * FROM images WHERE id = ? OR name = ?
     ORDER BY id = ? DESC, status = 'Available' DESC, created_at DESC, id DESC LIMIT 1`,
    [idOrName, idOrName, idOrName],
  );
  return found[0];
}

export function imageById(queries: Queries, id: string): Promise<ImageRow | undefined> {
  return queries.selectFrom('images').selectAll().where('id', '=', id).executeTakeFirst();
}

/** What stands on an image's golden file or names the image, in a few words; undefined when nothing does. */
export async function userOfImage(queries: Queries, id: string): Promise<string | undefined> {
  const found = await rows<{ what: string }>(
    queries,
    `SELECT 'the desktop ' || d.id AS what FROM desktops d WHERE d.image_id = ? AND d.status <> 'Deleted'
     UNION ALL SELECT 'the desktop ' || d.id FROM layers l JOIN disks k ON k.id = l.disk_id
       JOIN desktops d ON d.id = k.desktop_id WHERE l.image_id = ? LIMIT 1`,
    [id, id],
  );
  return found[0]?.what;
}
