/**
 * The catalogue's tables as types. SQL names; times are milliseconds since 1970 (integers), booleans 0 or 1, roots the
 * text of `rootKey` (hex name, colon, size in bytes).
 *
 * Invariants: a row that says a file exists was committed after the file was synced; a row goes before its file does
 * (the file's name waits in `garbage`). `state_version` of a desktop changes with every change of its status.
 */

export type DesktopStatus = 'Pending' | 'Starting' | 'Running' | 'Stopping' | 'Stopped' | 'Deleted';
export type DiskType = 'system' | 'data';
export type SnapshotStatus = 'PROGRESSING' | 'ACCOMPLISHED' | 'FAILED';
export type Consistency = 'filesystem' | 'crash' | 'stopped';

export interface AccessKeyTable {
  id: string;
  /** Sealed by the key file (see secrets.ts). */
  secret: string;
  user_name: string;
  status: 'Active' | 'Inactive';
  created_at: number;
}

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
  network: 'none' | 'isolated' | 'user';
  firmware: 'bios' | 'uefi';
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
}

export interface Schema {
  access_keys: AccessKeyTable;
  nonces: NonceTable;
  images: ImageTable;
  desktops: DesktopTable;
  disks: DiskTable;
  layers: LayerTable;
  garbage: GarbageTable;
  dropped_records: DroppedRecordTable;
  snapshots: SnapshotTable;
  invocations: InvocationTable;
  invocation_desktops: InvocationDesktopTable;
}
