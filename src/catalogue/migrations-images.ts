/** The versions of images made from snapshots, and of bundles on record. */
export const IMAGE_MIGRATIONS: readonly (readonly string[])[] = [
  [
    "ALTER TABLE images ADD COLUMN made_of TEXT NOT NULL DEFAULT 'file'",
    "ALTER TABLE images ADD COLUMN creator TEXT NOT NULL DEFAULT ''",
    'CREATE INDEX images_created ON images (created_at, id)',
    "CREATE INDEX images_creating ON images (id) WHERE status = 'Creating'",
    'CREATE INDEX layers_image ON layers (image_id) WHERE image_id IS NOT NULL',
    // A snapshot that is taken for an image alone: no user sees it, and it goes when the image has its content.
    'ALTER TABLE snapshots ADD COLUMN image_id TEXT',
    'CREATE INDEX snapshots_image ON snapshots (image_id) WHERE image_id IS NOT NULL',
    'CREATE TABLE image_garbage (image_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID',
  ],
];
