/**
 * Where a vault's files lie, whatever that is: a directory, later a bucket.
 *
 * Invariants (a contract suite runs over every implementation): an object appears whole, durable and under its name by
 * `publish`, or not at all; it never changes afterwards; a record appears or is replaced whole; what a method answered
 * is durable; a missing object is `null`, every other failure is `Vault.Unavailable` with its cause.
 */

/** An object and its size in bytes. Keys are `packs/...` or `snapshots/...`. */
export interface StoreEntry {
  readonly key: string;
  readonly size: number;
}

/** One object being written. After a failure only `abort` is of use. */
export interface StoreWriter {
  /** Appends; the bytes may be used again when it answers. */
  write(data: Buffer): Promise<void>;
  /** Reads back what was written; the object need not be published. */
  readBack(offset: number, length: number): Promise<Buffer>;
  /** Everything written is durable, though under no name yet. */
  seal(): Promise<void>;
  /** The object is there under its name, durably. After `seal`. */
  publish(): Promise<void>;
  /** Nothing stays. Never throws; without effect after `publish`. */
  abort(): Promise<void>;
}

export interface Store {
  /** For messages and locks: a path or an address. */
  readonly location: string;
  /** Makes what a new vault needs; harmless where it is there. */
  make(): Promise<void>;
  /** Objects and records under a prefix that ends with `/`, unfinished ones not. */
  list(prefix: string): Promise<StoreEntry[]>;
  /** Starts an object. `key` is new: names are random. */
  create(key: string): Promise<StoreWriter>;
  /** Bytes of an object; fewer than asked for at its end, `null` when there is none. */
  read(key: string, offset: number, length: number): Promise<Buffer | null>;
  /** Removes an object or record; a missing one is no error. */
  delete(key: string): Promise<void>;
  /** Writes or replaces a small record in one step. */
  putRecord(key: string, data: Buffer): Promise<void>;
  getRecord(key: string): Promise<Buffer | null>;
  /** Removes what unfinished writes of an ended process left; answers how many. Only for the holder of the lock. */
  sweep(): Promise<number>;
  /** Bytes that can still be written. */
  freeBytes(): Promise<number>;
  /** Becomes the one writer. Throws `Vault.Locked` when another living process is. Answers what gives it back. */
  lock(): Promise<() => Promise<void>>;
}
