/**
 * Reads the changed chunks of a frozen view, names them, and stores those that are not known: the work of an archive.
 *
 * Invariants: results come ascending, each chunk once; when a scan has ended without an error, every name it gave is
 * zero, was known, or was put; at most `BATCHES_AHEAD` batches for each thread are under way, whatever the disk's size,
 * so that memory does not grow with it; zero runs are neither read nor held one by one; when the iteration ends, in
 * whatever way, no thread holds a connection to the view any more.
 */
import { availableParallelism } from 'node:os';
import { unlessAborted } from '../async.ts';
import type { Extent, ReaderSpec } from '../disks/types.ts';
import { EcdError } from '../errors.ts';
import { type Encoded, NAME_BYTES, ZERO_NAME } from '../vault/codec.ts';
import { batchRuns, type ChunkBatch, chunkRuns, readsOf } from './chunk-runs.ts';
import type { EncodedBatch } from './scan-messages.ts';
import { ScanThread } from './scan-thread.ts';

const BATCHES_AHEAD = 3;
/** Batches of zeros only need no thread; this many may wait for their turn. */
const MAX_WINDOW = 64;

export interface ScanPoolOptions {
  /** Worker threads; default: the cores, two at most. */
  readonly threads?: number;
  /** Bytes of a chunk. */
  readonly chunkSize: number;
  /** Chunks read and hashed together by one thread (default 16). */
  readonly batchChunks?: number;
  /** Deadline of each read of the view in milliseconds (default 30,000). */
  readonly timeoutMs?: number;
}

export interface ScanRequest {
  readonly spec: ReaderSpec;
  /** Ascending, not overlapping. */
  readonly extents: AsyncIterable<Extent>;
  /** For each name (32 bytes) whether the vault has it. */
  readonly known: (names: Buffer[]) => Promise<boolean[]>;
  /** Stores objects (like `known`, within its own deadline); their data is used again once it answers. */
  readonly put: (objects: Encoded[]) => Promise<void>;
  readonly signal?: AbortSignal;
  /** Bytes of the disk (zeros included) whose chunks were given out so far. */
  readonly onProgress?: (bytesDone: number) => void;
}

export interface ScannedChunk {
  readonly index: number;
  /** `ZERO_NAME` for a chunk of zeros. */
  readonly name: Buffer;
}

interface Scan extends ScanRequest {
  readonly id: number;
  readonly threads: readonly ScanThread[];
  /** Names that a batch under way stores: another batch with the same content need not. */
  readonly storing: Set<string>;
}

interface Slot {
  readonly batch: ChunkBatch;
  readonly names: Promise<Buffer>;
}

export class ScanPool {
  readonly #options: Required<ScanPoolOptions>;
  #threads: ScanThread[] = [];
  #nextId = 0;
  #closed = false;

  constructor(options: ScanPoolOptions) {
    this.#options = {
      threads: options.threads ?? Math.min(2, availableParallelism()),
      chunkSize: options.chunkSize,
      batchChunks: options.batchChunks ?? 16,
      timeoutMs: options.timeoutMs ?? 30_000,
    };
  }

  /**
   * Scans a view. Several scans may run at once. Throws Nbd.Failed, Worker.Died, Cancelled, and what `extents`, `known`
   * and `put` throw; chunks put before a failure stay put.
   */
  async *scan(request: ScanRequest): AsyncGenerator<ScannedChunk> {
    const scan: Scan = {
      ...request,
      id: this.#nextId++,
      threads: this.#living(),
      storing: new Set(),
    };
    const window: Slot[] = [];
    try {
      await unlessAborted(this.#open(scan), scan.signal);
      yield* this.#results(scan, window);
    } finally {
      // A dead thread holds nothing.
      await Promise.allSettled(scan.threads.map((thread) => thread.call({ kind: 'close', scan: scan.id })));
      await Promise.allSettled(window.map((slot) => slot.names));
    }
  }

  /** Ends the threads; scans under way fail with Worker.Died. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.end()));
    this.#threads = [];
  }

  /** The pool's threads, with new ones for those that died. */
  #living(): ScanThread[] {
    if (this.#closed) throw new EcdError('Worker.Died', { reason: 'the scan pool was closed' });
    const { threads, chunkSize, batchChunks } = this.#options;
    const living = this.#threads.filter((thread) => !thread.dead);
    while (living.length < threads) living.push(new ScanThread({ chunkSize, batchChunks }));
    this.#threads = living;
    return living;
  }

  async #open({ id, spec, threads }: Scan): Promise<void> {
    const { timeoutMs } = this.#options;
    const opened = await Promise.allSettled(
      threads.map((thread) => thread.call({ kind: 'open', scan: id, spec, timeoutMs })),
    );
    for (const result of opened) if (result.status === 'rejected') throw result.reason;
  }

  async *#results(scan: Scan, window: Slot[]): AsyncGenerator<ScannedChunk> {
    const { chunkSize, batchChunks } = this.#options;
    const runs = chunkRuns(scan.extents, scan.spec.sizeBytes, chunkSize);
    const batches = batchRuns(runs, batchChunks);
    const maxReading = scan.threads.length * BATCHES_AHEAD;
    let reading = 0;
    let more = true;
    let bytesDone = 0;
    try {
      for (;;) {
        while (more && reading < maxReading && window.length < MAX_WINDOW) {
          const next = await unlessAborted(batches.next(), scan.signal);
          if (next.done) {
            more = false;
            break;
          }
          const names = next.value.reads === 0 ? Promise.resolve(ZERO_NAME) : this.#work(scan, next.value);
          if (next.value.reads > 0) reading++;
          names.catch(() => {});
          window.push({ batch: next.value, names });
        }
        const slot = window[0];
        if (slot === undefined) return;
        const names = await unlessAborted(slot.names, scan.signal);
        window.shift();
        if (slot.batch.reads > 0) reading--;
        let at = 0;
        for (const { first, count, zero } of slot.batch.runs) {
          for (let index = first; index < first + count; index++) {
            const name = zero ? ZERO_NAME : names.subarray(at, (at += NAME_BYTES));
            yield { index, name };
          }
          bytesDone += Math.min(count * chunkSize, scan.spec.sizeBytes - first * chunkSize);
          scan.onProgress?.(bytesDone);
        }
      }
    } finally {
      // Not waited for: a generator in the middle of a slow step answers only when that has ended.
      batches.return(undefined).catch(() => {});
    }
  }

  /** Reads, names and stores one batch; answers its names one behind the other. */
  async #work(scan: Scan, batch: ChunkBatch): Promise<Buffer> {
    const thread = scan.threads.reduce((least, other) => (other.load < least.load ? other : least));
    const id = this.#nextId++;
    thread.load++;
    try {
      const { names: bytes } = await thread.call({
        kind: 'hash',
        scan: scan.id,
        batch: id,
        indexes: readsOf(batch),
      });
      const names = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const mine: string[] = [];
      try {
        const wanted = await this.#unknown(scan, names, mine);
        const output = wanted.length === 0 ? null : (thread.spare.pop() ?? null);
        const encoded = await thread.call({ kind: 'encode', batch: id, wanted, output });
        if (wanted.length > 0) {
          await scan.put(objectsOf(encoded, names, wanted));
          thread.spare.push(encoded.output);
        }
      } finally {
        for (const key of mine) scan.storing.delete(key);
      }
      return names;
    } finally {
      thread.load--;
    }
  }

  /** Positions in the batch of the chunks that must be stored; their keys are marked as being stored, in `mine`. */
  async #unknown(scan: Scan, names: Buffer, mine: string[]): Promise<number[]> {
    const candidates: { position: number; name: Buffer }[] = [];
    for (let position = 0; position * NAME_BYTES < names.length; position++) {
      const name = names.subarray(position * NAME_BYTES, (position + 1) * NAME_BYTES);
      const key = name.toString('latin1');
      if (name.equals(ZERO_NAME) || scan.storing.has(key)) continue;
      scan.storing.add(key);
      mine.push(key);
      candidates.push({ position, name });
    }
    if (candidates.length === 0) return [];
    const known = await scan.known(candidates.map(({ name }) => name));
    return candidates.filter((_, i) => known[i] !== true).map(({ position }) => position);
  }
}

function objectsOf({ parts, output }: EncodedBatch, names: Buffer, wanted: readonly number[]): Encoded[] {
  let at = 0;
  return parts.map(({ codec, rawLength, length }, i) => {
    const position = wanted[i]!;
    const name = names.subarray(position * NAME_BYTES, (position + 1) * NAME_BYTES);
    const data = Buffer.from(output, at, length);
    at += length;
    return { type: 'c', name, codec, rawLength, data };
  });
}
