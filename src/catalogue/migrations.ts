/**
 * The catalogue's versions. Each migration runs once, in order, in one transaction with the new version number.
 *
 * Invariants: a migration that has been released is never changed; a catalogue newer than this program is refused.
 */

export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE access_keys (
       id TEXT PRIMARY KEY, secret TEXT NOT NULL, user_name TEXT NOT NULL, status TEXT NOT NULL,
       created_at INTEGER NOT NULL) STRICT`,
    `CREATE TABLE nonces (
       access_key_id TEXT NOT NULL, nonce TEXT NOT NULL, expires_at INTEGER NOT NULL,
       PRIMARY KEY (access_key_id, nonce)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX nonces_expires ON nonces (expires_at)',
    `CREATE TABLE images (
       id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, os_type TEXT NOT NULL,
       platform TEXT NOT NULL, status TEXT NOT NULL, progress INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
       root TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT`,
    `CREATE TABLE desktops (
       id TEXT PRIMARY KEY, name TEXT NOT NULL, hostname TEXT NOT NULL, region_id TEXT NOT NULL, status TEXT NOT NULL,
       state_version INTEGER NOT NULL, wanted_running INTEGER NOT NULL, bundle_id TEXT NOT NULL,
       image_id TEXT NOT NULL, office_site_id TEXT NOT NULL, policy_group_id TEXT NOT NULL,
       end_user_ids TEXT NOT NULL, charge_type TEXT NOT NULL, cpus INTEGER NOT NULL, memory_mib INTEGER NOT NULL,
       network TEXT NOT NULL, firmware TEXT NOT NULL, mac TEXT NOT NULL, uuid TEXT NOT NULL, creator TEXT NOT NULL,
       created_at INTEGER NOT NULL, started_at INTEGER, deleted_at INTEGER, qemu_pid INTEGER, qemu_start_time TEXT,
       stop_reason TEXT NOT NULL) STRICT`,
    'CREATE INDEX desktops_created ON desktops (created_at, id)',
    `CREATE TABLE disks (
       id TEXT PRIMARY KEY, desktop_id TEXT NOT NULL REFERENCES desktops (id), type TEXT NOT NULL,
       size_bytes INTEGER NOT NULL, active_layer TEXT NOT NULL, prepared_layer TEXT,
       settling_layer TEXT, intent TEXT, UNIQUE (desktop_id, type)) STRICT`,
    `CREATE TABLE layers (
       id TEXT PRIMARY KEY, disk_id TEXT NOT NULL REFERENCES disks (id), parent_id TEXT REFERENCES layers (id),
       image_id TEXT REFERENCES images (id), state TEXT NOT NULL, root TEXT, created_at INTEGER NOT NULL,
       frozen_at INTEGER) STRICT`,
    'CREATE INDEX layers_disk ON layers (disk_id)',
    'CREATE INDEX layers_parent ON layers (parent_id)',
    `CREATE TABLE garbage (
       disk_id TEXT NOT NULL, layer_id TEXT NOT NULL, PRIMARY KEY (disk_id, layer_id)) STRICT, WITHOUT ROWID`,
    'CREATE TABLE dropped_records (record_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID',
    `CREATE TABLE snapshots (
       id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, region_id TEXT NOT NULL,
       desktop_id TEXT NOT NULL, desktop_name TEXT NOT NULL, disk_id TEXT NOT NULL, disk_type TEXT NOT NULL,
       disk_size_bytes INTEGER NOT NULL, os_type TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL,
       failure TEXT NOT NULL, creator TEXT NOT NULL, consistency TEXT, created_at INTEGER NOT NULL,
       archived_at INTEGER, root TEXT, layer_id TEXT, total_bytes INTEGER, done_bytes INTEGER NOT NULL,
       stored_bytes INTEGER) STRICT`,
    'CREATE INDEX snapshots_created ON snapshots (region_id, created_at, id)',
    'CREATE INDEX snapshots_name ON snapshots (region_id, name, created_at, id)',
    'CREATE INDEX snapshots_desktop ON snapshots (desktop_id, created_at, id)',
    'CREATE INDEX snapshots_disk ON snapshots (disk_id, status)',
    'CREATE INDEX snapshots_layer ON snapshots (layer_id)',
    "CREATE INDEX snapshots_progressing ON snapshots (disk_id) WHERE status = 'PROGRESSING'",
    `CREATE TABLE invocations (
       id TEXT PRIMARY KEY, region_id TEXT NOT NULL, type TEXT NOT NULL, content TEXT NOT NULL,
       content_encoding TEXT NOT NULL, end_user_id TEXT NOT NULL, timeout_s INTEGER NOT NULL, creator TEXT NOT NULL,
       created_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX invocations_created ON invocations (created_at, id)',
    `CREATE TABLE invocation_desktops (
       invocation_id TEXT NOT NULL REFERENCES invocations (id), desktop_id TEXT NOT NULL, status TEXT NOT NULL,
       created_at INTEGER NOT NULL, started_at INTEGER, finished_at INTEGER, exit_code INTEGER, output BLOB,
       dropped INTEGER NOT NULL, error_code TEXT NOT NULL, error_info TEXT NOT NULL,
       PRIMARY KEY (invocation_id, desktop_id)) STRICT`,
    'CREATE INDEX invocation_desktops_desktop ON invocation_desktops (desktop_id)',
  ],
];
