/** Tags of desktops. */
export const TAGS: readonly string[] = [
  `CREATE TABLE tags (
     desktop_id TEXT NOT NULL REFERENCES desktops (id) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
     tagged_at INTEGER NOT NULL, PRIMARY KEY (desktop_id, key)) STRICT, WITHOUT ROWID`,
  'CREATE INDEX tags_key ON tags (key, value)',
];
