/** Office sites and policy groups: records that desktops name and that need not exist. */
export const OFFICES: readonly string[] = [
  `CREATE TABLE office_sites (
     id TEXT PRIMARY KEY, name TEXT NOT NULL, region_id TEXT NOT NULL, settings TEXT NOT NULL, creator TEXT NOT NULL,
     created_at INTEGER NOT NULL) STRICT`,
  'CREATE INDEX office_sites_created ON office_sites (region_id, created_at, id)',
  `CREATE TABLE policy_groups (
     id TEXT PRIMARY KEY, name TEXT NOT NULL, region_id TEXT NOT NULL, scope TEXT NOT NULL, settings TEXT NOT NULL,
     creator TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT`,
  'CREATE INDEX policy_groups_created ON policy_groups (region_id, created_at, id)',
  "CREATE INDEX desktops_office_site ON desktops (office_site_id) WHERE office_site_id <> ''",
  "CREATE INDEX desktops_policy_group ON desktops (policy_group_id) WHERE policy_group_id <> ''",
];
