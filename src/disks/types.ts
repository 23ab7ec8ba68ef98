/**
 * What a pool of disks can do, whatever it is made of. A pool knows files and QEMU, not the catalogue: it is told the
 * stack, acts, and answers when the act is durable. Callers write the catalogue before (intent) and after (result).
 *
 * Invariants: only the topmost layer of a stack is ever written, but by `settle` and `LayerWriter`; a layer is unlinked
 * only by `release` and `releaseDisk`, a golden image only by `releaseImage`; readers of a disk and `settle` of it exclude each other (the caller orders them).
 */
import type { BlockdevNode } from '../qemu/blockdev.ts';
import type { QmpClient } from '../qemu/qmp.ts';

/** A disk's layers from the bottom to the top. The last one is the active layer, all others are frozen. */
export interface Stack {
  readonly diskId: string;
  /** Virtual size in bytes, a multiple of 512. */
  readonly sizeBytes: number;
  /** The golden image below the bottom layer: shared by many disks, never written. */
  readonly imageId: string | null;
  /** Layer ids, bottom first. */
  readonly layers: readonly string[];
}

/** As `Stack.layers`, bottom first. */
export interface Allocated {
  readonly image: number | null;
  readonly layers: readonly (number | null)[];
}

/** Changed parts of a disk, in bytes, aligned to nothing in particular, ascending, not overlapping. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
  /** True: reads as zeros. */
  readonly zero: boolean;
}

/** Enough to open the same frozen view in another thread of this process: plain data. */
export interface ReaderSpec {
  readonly socket: string;
  readonly exportName: string;
  readonly sizeBytes: number;
}

/** A frozen view of a disk, held open (which holds image locks) until `close`. */
export interface FrozenView {
  /** Process that serves it, where there is one: for tests that kill it. */
  readonly pid?: number;
  readonly spec: ReaderSpec;
  /** The extents that the topmost `layers` layers of the view changed; `all` gives every extent that is not a hole. */
  changedExtents(layers: number | 'all', signal?: AbortSignal): AsyncIterable<Extent>;
  close(): Promise<void>;
}

/** Writes a new layer on a frozen view, or a golden image: it becomes readable only after `finish`. */
export interface LayerWriter {
  /** Process that writes it, where there is one: for tests that kill it. */
  readonly pid?: number;
  write(offset: number, data: Buffer): Promise<void>;
  /** Explicit zeros (zero clusters), never holes. */
  zero(offset: number, length: number): Promise<void>;
  /** Everything written is synced, the file closed. */
  finish(): Promise<void>;
  /** Closes and unlinks it. */
  discard(): Promise<void>;
}

/** The block layer of a running QEMU that has this disk open, and the disk's device in it. */
export interface LiveDisk {
  readonly qmp: QmpClient;
  /** `qdev` id of the disk's device, for `query-block`. */
  readonly device: string;
}

export interface SettleOptions {
  /** How many layers above the bottom one to merge into it (at least 1, and never the active one). */
  readonly count: number;
  readonly bytesPerSecond: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export interface DiskPool {
  /** Driver nodes of a stack in the order QEMU must be given them; the top one is `topNode`. */
  blockdevs(stack: Stack): readonly BlockdevNode[];
  topNode(stack: Stack): string;
  /** Makes an empty, synced layer over the top of the stack (over the golden image or nothing if it has no layers). */
  prepare(stack: Stack, layerId: string): Promise<void>;
  /**
   * The point in time in a running QEMU: when it answers, the active layer is flushed and `prepared` is on top of it.
   * Qemu.TimedOut and Qemu.ConnectionLost leave open whether QEMU switched: ask `topLayer`.
   */
  freeze(stack: Stack, prepared: string, live: LiveDisk): Promise<void>;
  /**
   * The point in time without a QEMU: the active layer is synced under its write lock, which is held while `commit`
   * tells the catalogue. Throws OperationDenied.DiskInUse when another process has the disk.
   */
  freezeOffline(stack: Stack, commit: () => Promise<void>): Promise<void>;
  /** Flushes the active layer's file from here, so that the freeze's own flush is short. */
  presync(stack: Stack): Promise<void>;
  /** The layer QEMU has on top, or null when the device has none of ours. */
  topLayer(live: LiveDisk): Promise<string | null>;
  /** True when no process holds the layer's write lock (tried, not assumed). */
  lockFree(stack: Stack): Promise<boolean>;
  /**
   * Whether it is sure, at the cost of a look, that the topmost `layers` layers of a frozen stack hold nothing, so that it
   * reads as the stack below them. False when that is not known, or when their files cannot be read.
   */
  isUntouched(stack: Stack, layers: number): Promise<boolean>;
  /** A read-only view of a stack whose topmost layer is frozen (also the golden image alone: no layers). */
  openView(stack: Stack): Promise<FrozenView>;
  /** Merges layers 1..count into layer 0. Answers when it is synced; the merged layers are still there. */
  settle(stack: Stack, live: LiveDisk | null, options: SettleOptions): Promise<void>;
  /** Starts a layer over `below` (or over nothing). */
  writeLayer(below: Stack, layerId: string): Promise<LayerWriter>;
  /** Starts a golden image, in place of one that was begun and not finished. It can be used only after `finish`. */
  writeImage(imageId: string, sizeBytes: number): Promise<LayerWriter>;
  /** Unlinks a golden image, whole or half-made, that no stack names; a missing one is no error. */
  releaseImage(imageId: string): Promise<void>;
  /**
   * Whether the files of the stack are there and sound enough to be used as a source. Throws Disk.Damaged, or
   * Disk.Unavailable when that cannot be told now.
   */
  check(stack: Stack): Promise<void>;
  /** Unlinks layers and syncs the directory; missing ones are no error. */
  release(diskId: string, layerIds: readonly string[]): Promise<void>;
  /** Unlinks the whole directory of a disk. */
  releaseDisk(diskId: string): Promise<void>;
  /** Bytes that each layer takes where the pool keeps it, and the golden image below; null for what is not there. */
  allocated(stack: Stack): Promise<Allocated>;
  /** Layer ids found on disk, whether the catalogue knows them or not. */
  listLayers(diskId: string): Promise<string[]>;
  /** Puts a layer that nobody knows out of the way, unharmed. */
  setAside(diskId: string, layerId: string): Promise<void>;
  /** Bytes free where the pool writes. */
  freeBytes(): Promise<number>;
  /** Ends storage daemons that an earlier service left behind. */
  endOrphans(): Promise<void>;
  close(): Promise<void>;
}
