/** What the snapshots held at instants of the past: deleting one later changes nothing of it. */
export const VAULT_TOTALS: readonly string[] = [
  `CREATE TABLE vault_totals (
     at INTEGER PRIMARY KEY, snapshots INTEGER NOT NULL, logical INTEGER NOT NULL, changed INTEGER NOT NULL,
     stored INTEGER NOT NULL) STRICT`,
];
