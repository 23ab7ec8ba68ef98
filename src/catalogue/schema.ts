/**
 * The catalogue's tables as types. SQL names; times are milliseconds since 1970 (integers), booleans 0 or 1, roots the
 * text of `rootKey` (hex name, colon, size in bytes).
 *
 * Invariants: a row that says a file exists was committed after the file was synced; a row goes before its file does
 * (the file's name waits in `garbage`). `state_version` of a desktop changes with every change of its status.
 */
import type { Generated } from 'kysely';
import type { Network } from '../bundle-settings.ts';
import type {
  AccessAttachmentTable,
  AccessKeyTable,
  AccessPolicyTable,
  AuditTable,
  SignInLinkTable,
  UserTable,
} from './schema-access.ts';
import type { OfficeSiteTable, PolicyGroupTable } from './schema-offices.ts';
import type { TagTable } from './schema-tags.ts';
import type { TicketTable } from './schema-tickets.ts';

export type DesktopStatus = 'Pending' | 'Starting' | 'Running' | 'Stopping' | 'Stopped' | 'Deleted';
export type DiskType = 'system' | 'data';
export type SnapshotStatus = 'PROGRESSING' | 'ACCOMPLISHED' | 'FAILED';
export type Consistency = 'filesystem' | 'crash' | 'stopped';

export interface NonceTable {
  access_key_id: string;
  nonce: string;
  expires_at: number;
}

export interface ImageTable {
  id: string;
  name: string;
  description: string;
  os_type: 'Linux' | 'Windows';
  platform: string;
  status: 'Creating' | 'Available' | 'CreateFailed';
  /** Percent of the archive, 0 to 100. */
  progress: number;
  size_bytes: number;
  root: string | null;
  created_at: number;
  updated_at: number;
  /**
   * file: its golden file was there first, its root follows. snapshot: its golden file is written from its root.
   * desktop: it waits for the snapshot that is taken for it, then as snapshot.
   */
  made_of: Generated<'file' | 'snapshot' | 'desktop'>;
  creator: Generated<string>;
}

/** Images that are in the catalogue no more, until their files are gone too. */
export interface ImageGarbageTable {
  image_id: string;
}

export interface DesktopTable {
  id: string;
  name: string;
  hostname: string;
  region_id: string;
  status: DesktopStatus;
  /** Grows by one with every change of status. */
  state_version: number;
  /** What the user wants after a restart of the host: 1 when it ran. */
  wanted_running: 0 | 1;
  bundle_id: string;
  image_id: string;
  office_site_id: string;
  policy_group_id: string;
  /** JSON array of user ids. */
  end_user_ids: string;
  charge_type: string;
  cpus: number;
  memory_mib: number;
  network: Network;
  firmware: 'bios' | 'uefi';
  /** JSON of its cloud-config; null: no cloud-init seed. */
  cloud_init: string | null;
  mac: string;
  uuid: string;
  creator: string;
  created_at: number;
  started_at: number | null;
  deleted_at: number | null;
  /** The QEMU process, null when there is none. */
  qemu_pid: number | null;
  qemu_start_time: string | null;
  /** Why it stopped by itself the last time, empty otherwise. */
  stop_reason: string;
}

export interface DiskTable {
  id: string;
  desktop_id: string;
  type: DiskType;
  size_bytes: number;
  active_layer: string;
  /** An empty layer made ahead of time for the next freeze. */
  prepared_layer: string | null;
  /** The layer whose merge into the bottom one is under way: the bottom's own content is undefined while this is set. */
  settling_layer: string | null;
  /** JSON of an `Intent`: the disk's lease. Null when nobody holds it. */
  intent: string | null;
}

export interface LayerTable {
  id: string;
  disk_id: string;
  /** The layer below, null at the bottom. */
  parent_id: string | null;
  /** The golden image below, only at the bottom. */
  image_id: string | null;
  state: 'prepared' | 'active' | 'frozen';
  /** Content of the stack up to here, once it is in the vault. */
  root: string | null;
  created_at: number;
  frozen_at: number | null;
}

export interface GarbageTable {
  disk_id: string;
  layer_id: string;
}

/** What the catalogue knows of the whole installation, each once (see facts.ts). */
export interface FactTable {
  key: string;
  value: string;
}

/** A vault record whose snapshot or image has been deleted, until the record is gone too. */
export interface DroppedRecordTable {
  record_id: string;
}

export interface SnapshotTable {
  id: string;
  name: string;
  description: string;
  region_id: string;
  desktop_id: string;
  desktop_name: string;
  disk_id: string;
  disk_type: DiskType;
  disk_size_bytes: number;
  os_type: string;
  type: 'USER' | 'AUTO';
  status: SnapshotStatus;
  failure: string;
  creator: string;
  consistency: Consistency | null;
  /** The instant of the freeze; that of the request until then. */
  created_at: number;
  archived_at: number | null;
  root: string | null;
  /** The frozen layer that holds it, while there is one. */
  layer_id: string | null;
  /** Bytes of changes to store and stored so far; new bytes that it added to the vault. */
  total_bytes: number | null;
  done_bytes: number;
  stored_bytes: number | null;
  /** The policy that made it, which may be there no more; null for those that users made. */
  policy_id: string | null;
  /** When its policy's retention ends; null for those that users made. */
  expires_at: number | null;
  /** The image that it was taken for, and for nothing else; null for those that anybody sees. */
  image_id: string | null;
}

/** A bundle that a request made; those of the settings are in no table. */
export interface BundleTable {
  id: string;
  name: string;
  description: string;
  desktop_type: string;
  cpus: number;
  memory_mib: number;
  /** 0: as large as the image; 0: none. */
  system_disk_gib: number;
  data_disk_gib: number;
  image_id: string;
  network: Network;
  firmware: 'bios' | 'uefi';
  /** JSON of the cloud-config of its desktops; null: no seed. */
  cloud_init: string | null;
  /** Empty: not said. */
  language: string;
  creator: string;
  created_at: number;
  /** A deleted one stays as long as desktops show its name and type. */
  deleted_at: number | null;
}

/** An automatic snapshot policy. */
export interface SnapshotPolicyTable {
  id: string;
  name: string;
  region_id: string;
  /** Six fields, as policies/cron.ts reads them. */
  cron_expression: string;
  /** Of the snapshots that it makes from now on. */
  retention_days: number;
  disk_type: 'SYSTEM' | 'DATA' | 'ALL';
  creator: string;
  created_at: number;
}

/** Which policy a desktop has: at most one. */
export interface PolicyBindingTable {
  desktop_id: string;
  policy_id: string;
  bound_at: number;
  /** All points of the schedule up to here are dealt with; at the beginning the time of the binding. */
  last_point: number;
}

/** What became of one point of a schedule for one desktop. At most one of a desktop is `running`. */
export interface PolicyRunTable {
  desktop_id: string;
  point: number;
  policy_id: string;
  started_at: number;
  finished_at: number | null;
  /** skipped: not begun, for a reason; missed: the service was down for too long. */
  status: 'running' | 'done' | 'failed' | 'skipped' | 'missed';
  reason: string;
}

export interface InvocationTable {
  id: string;
  region_id: string;
  type: string;
  content: string;
  content_encoding: string;
  end_user_id: string;
  timeout_s: number;
  creator: string;
  created_at: number;
}

export interface InvocationDesktopTable {
  invocation_id: string;
  desktop_id: string;
  status: 'Pending' | 'Running' | 'Success' | 'Failed' | 'Stopped';
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  exit_code: number | null;
  output: Buffer | null;
  dropped: number;
  error_code: string;
  error_info: string;
  /** 1: whatever its end is, but for a success, it is `Stopped`. */
  stop_wanted: Generated<0 | 1>;
}

/** What the snapshots held at a time of the past (see vault-totals.ts). */
export interface VaultTotalTable {
  at: number;
  snapshots: number;
  logical: number;
  changed: number;
  stored: number;
}

export interface Schema {
  access_keys: AccessKeyTable;
  users: UserTable;
  access_policies: AccessPolicyTable;
  access_attachments: AccessAttachmentTable;
  audit: AuditTable;
  sign_in_links: SignInLinkTable;
  nonces: NonceTable;
  images: ImageTable;
  image_garbage: ImageGarbageTable;
  desktops: DesktopTable;
  office_sites: OfficeSiteTable;
  policy_groups: PolicyGroupTable;
  tags: TagTable;
  tickets: TicketTable;
  disks: DiskTable;
  layers: LayerTable;
  garbage: GarbageTable;
  facts: FactTable;
  dropped_records: DroppedRecordTable;
  snapshots: SnapshotTable;
  vault_totals: VaultTotalTable;
  bundles: BundleTable;
  snapshot_policies: SnapshotPolicyTable;
  policy_bindings: PolicyBindingTable;
  policy_runs: PolicyRunTable;
  invocations: InvocationTable;
  invocation_desktops: InvocationDesktopTable;
}
