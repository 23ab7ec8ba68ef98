/** What policies do by themselves stands in the audit log, too: which one it was, and why it deleted something. */
export const POLICY_DEEDS: readonly string[] = [
  "ALTER TABLE audit ADD COLUMN policy_id TEXT NOT NULL DEFAULT ''",
  "ALTER TABLE audit ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
];
