/**
 * The catalogue's versions. Each migration runs once, in order, in one transaction with the new version number.
 *
 * Invariants: a migration that has been released is never changed; a catalogue newer than this program is refused.
 */
import { CLOUD_INIT } from './migrations/cloud-init.ts';
import { IMAGE_MIGRATIONS } from './migrations/images.ts';
import { OFFICES } from './migrations/offices.ts';
import { POLICY_DEEDS } from './migrations/policy-deeds.ts';
import { SIGN_IN_LINKS } from './migrations/sign-in-links.ts';
import { STOPS } from './migrations/stops.ts';
import { TAGS } from './migrations/tags.ts';
import { TICKET_KEYS, TICKETS } from './migrations/tickets.ts';
import { VAULT_TOTALS } from './migrations/vault-totals.ts';

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
    'CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
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
  [
    `CREATE TABLE users (
       name TEXT PRIMARY KEY, comments TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    "INSERT INTO users VALUES ('Administrator', 'Built in, with all rights', 0)",
    "UPDATE access_keys SET user_name = 'Administrator'",
    'ALTER TABLE access_keys ADD COLUMN last_used_at INTEGER',
    // Of temporary credentials only: a hash of the SecurityToken, the end, and a policy that narrows the user's rights.
    'ALTER TABLE access_keys ADD COLUMN token_hash TEXT',
    'ALTER TABLE access_keys ADD COLUMN expires_at INTEGER',
    'ALTER TABLE access_keys ADD COLUMN session_policy TEXT',
    'CREATE INDEX access_keys_user ON access_keys (user_name)',
    `CREATE TABLE access_policies (
       name TEXT PRIMARY KEY, type TEXT NOT NULL, document TEXT NOT NULL, description TEXT NOT NULL,
       created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    `INSERT INTO access_policies VALUES ('AliyunECDFullAccess', 'System',
       '{"Version":"1","Statement":[{"Effect":"Allow","Action":"ecd:*","Resource":"*"}]}',
       'Every operation on everything', 0, 0)`,
    `INSERT INTO access_policies VALUES ('AliyunECDReadOnlyAccess', 'System',
       '{"Version":"1","Statement":[{"Effect":"Allow","Action":["ecd:Describe*","ecd:List*"],"Resource":"*"}]}',
       'Every operation that only reads', 0, 0)`,
    `CREATE TABLE access_attachments (
       user_name TEXT NOT NULL REFERENCES users (name), policy_name TEXT NOT NULL REFERENCES access_policies (name),
       attached_at INTEGER NOT NULL, PRIMARY KEY (user_name, policy_name)) STRICT, WITHOUT ROWID`,
    'CREATE INDEX access_attachments_policy ON access_attachments (policy_name)',
    `CREATE TABLE audit (
       id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, request_id TEXT NOT NULL, access_key_id TEXT NOT NULL,
       user_name TEXT NOT NULL, operation TEXT NOT NULL, kind TEXT NOT NULL, resources TEXT NOT NULL,
       source TEXT NOT NULL, status INTEGER NOT NULL, code TEXT NOT NULL, duration_us INTEGER NOT NULL) STRICT`,
    'CREATE INDEX audit_at ON audit (at)',
    `CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
       SELECT RAISE(ABORT, 'the audit log is append-only'); END`,
    `CREATE TRIGGER audit_goes_from_its_old_end BEFORE DELETE ON audit
       WHEN OLD.id <> (SELECT MIN(id) FROM audit) BEGIN
       SELECT RAISE(ABORT, 'the audit log loses rows only from its old end'); END`,
  ],
  [
    `CREATE TABLE snapshot_policies (
       id TEXT PRIMARY KEY, name TEXT NOT NULL, region_id TEXT NOT NULL, cron_expression TEXT NOT NULL,
       retention_days INTEGER NOT NULL, disk_type TEXT NOT NULL, creator TEXT NOT NULL,
       created_at INTEGER NOT NULL) STRICT`,
    'CREATE INDEX snapshot_policies_created ON snapshot_policies (region_id, created_at, id)',
    `CREATE TABLE policy_bindings (
       desktop_id TEXT PRIMARY KEY REFERENCES desktops (id) ON DELETE CASCADE,
       policy_id TEXT NOT NULL REFERENCES snapshot_policies (id) ON DELETE CASCADE, bound_at INTEGER NOT NULL,
       last_point INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    'CREATE INDEX policy_bindings_policy ON policy_bindings (policy_id, last_point)',
    `CREATE TABLE policy_runs (
       desktop_id TEXT NOT NULL, point INTEGER NOT NULL, policy_id TEXT NOT NULL, started_at INTEGER NOT NULL,
       finished_at INTEGER, status TEXT NOT NULL, reason TEXT NOT NULL,
       PRIMARY KEY (desktop_id, point)) STRICT, WITHOUT ROWID`,
    "CREATE INDEX policy_runs_running ON policy_runs (desktop_id) WHERE status = 'running'",
    'CREATE INDEX policy_runs_started ON policy_runs (started_at)',
    'ALTER TABLE snapshots ADD COLUMN policy_id TEXT',
    'ALTER TABLE snapshots ADD COLUMN expires_at INTEGER',
    'CREATE INDEX snapshots_expires ON snapshots (expires_at) WHERE expires_at IS NOT NULL',
  ],
  OFFICES,
  TAGS,
  STOPS,
  ...IMAGE_MIGRATIONS,
  TICKETS,
  SIGN_IN_LINKS,
  TICKET_KEYS,
  VAULT_TOTALS,
  CLOUD_INIT,
  POLICY_DEEDS,
];
