/** What every part of snapshots/ works with. The desktops come as a port: snapshots/ never imports desktops/. */
import type { Logger } from 'pino';
import type { KeyedMutex, SharedMutex } from '../async.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { DiskType } from '../catalogue/schema.ts';
import type { DiskPool, LiveDisk } from '../disks/types.ts';
import type { Clock } from '../ids.ts';
import type { Settings } from '../settings.ts';
import type { Vault } from '../vault/index.ts';
import type { ScanPool } from './scan.ts';
import type { SettleGate } from './settle-gate.ts';

/** File systems held still by the guest agent. */
export interface Quiesced {
  /** How many file systems the guest froze. */
  readonly filesystems: number;
  /** Lets the guest go on. True when it answered that it had been frozen all the time. Never throws. */
  thaw(): Promise<boolean>;
}

/** What snapshots need of desktops. */
export interface DesktopPort {
  /** The running QEMU's block layer; null when none runs. */
  live(desktopId: string, type: DiskType): LiveDisk | null;
  qemuPid(desktopId: string): number | undefined;
  /** Null when there is no agent or it does not answer in time. Never throws. */
  quiesce(desktopId: string, deadlineMs: number): Promise<Quiesced | null>;
  /** Stops a desktop in whatever state it is and waits until it is Stopped. */
  stopAndWait(desktopId: string, signal: AbortSignal): Promise<void>;
}

export interface SnapshotContext {
  readonly catalogue: Catalogue;
  readonly vault: Vault;
  readonly pool: DiskPool;
  readonly scan: ScanPool;
  readonly desktops: DesktopPort;
  readonly settings: Settings;
  readonly log: Logger;
  readonly clock: Clock;
  /** Held for whatever changes a disk's active or prepared layer. Never held while something is archived or settled. */
  readonly diskLock: KeyedMutex;
  readonly gate: SettleGate;
  /**
   * Held while vault records are written or removed together with their rows; shared by archives, each of which writes
   * records of its own.
   */
  readonly recordLock: SharedMutex;
  /** Aborted when the service stops. */
  readonly signal: AbortSignal;
  /** There is work for this disk. */
  kick(diskId: string): void;
}
