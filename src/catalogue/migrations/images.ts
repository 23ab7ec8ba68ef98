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
  [
    `CREATE TABLE bundles (
       id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, desktop_type TEXT NOT NULL,
       cpus INTEGER NOT NULL, memory_mib INTEGER NOT NULL, system_disk_gib INTEGER NOT NULL,
       data_disk_gib INTEGER NOT NULL, image_id TEXT NOT NULL, network TEXT NOT NULL, firmware TEXT NOT NULL,
       language TEXT NOT NULL, creator TEXT NOT NULL, created_at INTEGER NOT NULL, deleted_at INTEGER) STRICT`,
    'CREATE INDEX bundles_image ON bundles (image_id)',
  ],
];
