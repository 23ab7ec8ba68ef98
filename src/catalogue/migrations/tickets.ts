/** Tickets for the screens of desktops. */
export const TICKETS: readonly string[] = [
  `CREATE TABLE tickets (
     task_id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE,
     desktop_id TEXT NOT NULL REFERENCES desktops (id) ON DELETE CASCADE, user_name TEXT NOT NULL,
     expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  'CREATE INDEX tickets_expires ON tickets (expires_at)',
  'CREATE INDEX tickets_desktop ON tickets (desktop_id)',
];

/** The key that asked for a ticket: the screen stays open only as long as that key may do it. */
export const TICKET_KEYS: readonly string[] = [
  'DELETE FROM tickets',
  "ALTER TABLE tickets ADD COLUMN access_key_id TEXT NOT NULL DEFAULT ''",
];
