/** Links that sign in to the console once, and finding what the audit log says of one request. */
export const SIGN_IN_LINKS: readonly string[] = [
  `CREATE TABLE sign_in_links (
     hash TEXT PRIMARY KEY, user_name TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
     session_seconds INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  'CREATE INDEX sign_in_links_expires ON sign_in_links (expires_at)',
  'CREATE INDEX audit_request ON audit (request_id)',
];
