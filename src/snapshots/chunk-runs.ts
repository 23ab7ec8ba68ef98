/**
 * From changed extents (bytes, any alignment) to the chunks of the disk they touch. Pure.
 *
 * Invariants: chunks come ascending, each once; a chunk is a zero chunk only when zero extents cover all of it, so that
 * a chunk touched in part, by zeros too, is read; what no extent touches is not named. Runs keep a disk of nothing but
 * zeros as cheap as one extent.
 */
import type { Extent } from '../disks/types.ts';
import { EcdError } from '../errors.ts';

/** `count` chunks from number `first` on; `zero`: known to be zeros, not to be read. */
export interface ChunkRun {
  readonly first: number;
  readonly count: number;
  readonly zero: boolean;
}

/** Runs that are worked on together, and how many chunks of them must be read. */
export interface ChunkBatch {
  readonly runs: readonly ChunkRun[];
  readonly reads: number;
}

/** Extents of a batch that needs few reads are still not held without end. */
const MAX_RUNS = 1024;

/** The chunks that ascending, not overlapping extents touch. Throws InternalError for extents that are neither. */
export async function* chunkRuns(
  extents: AsyncIterable<Extent>,
  sizeBytes: number,
  chunkSize: number,
): AsyncGenerator<ChunkRun> {
  const chunks = Math.ceil(sizeBytes / chunkSize);
  /** The chunk that extents so far cover in part. */
  let partial: { index: number; zeroBytes: number } | null = null;
  let behind = 0;
  const endOf = (index: number) => Math.min((index + 1) * chunkSize, sizeBytes);
  const close = ({ index, zeroBytes }: { index: number; zeroBytes: number }): ChunkRun => {
    return { first: index, count: 1, zero: zeroBytes === endOf(index) - index * chunkSize };
  };
  for await (const { offset, length, zero } of extents) {
    const end = offset + length;
    if (offset < behind || length < 1 || end > sizeBytes) {
      throw new EcdError(
        'InternalError',
        {},
        new Error(`extent of ${length} bytes at ${offset} out of order`),
      );
    }
    behind = end;
    for (let at = offset; at < end; ) {
      const index: number = Math.floor(at / chunkSize);
      if (partial !== null && partial.index !== index) {
        yield close(partial);
        partial = null;
      }
      const whole: number = end === sizeBytes ? chunks : Math.floor(end / chunkSize);
      if (at === index * chunkSize && whole > index) {
        yield { first: index, count: whole - index, zero };
        at = Math.min(whole * chunkSize, sizeBytes);
      } else {
        const upTo: number = Math.min(end, endOf(index));
        partial ??= { index, zeroBytes: 0 };
        if (zero) partial.zeroBytes += upTo - at;
        at = upTo;
      }
    }
  }
  if (partial !== null) yield close(partial);
}

/** Cuts runs into batches of at most `maxReads` chunks to read, in order; neighbouring equal runs are joined. */
export async function* batchRuns(
  runs: AsyncIterable<ChunkRun>,
  maxReads: number,
): AsyncGenerator<ChunkBatch> {
  let batch: ChunkRun[] = [];
  let reads = 0;
  for await (let { first, count, zero } of runs) {
    while (count > 0) {
      const take = zero ? count : Math.min(count, maxReads - reads);
      const last = batch.at(-1);
      if (last !== undefined && last.zero === zero && last.first + last.count === first) {
        batch[batch.length - 1] = { first: last.first, count: last.count + take, zero };
      } else {
        batch.push({ first, count: take, zero });
      }
      if (!zero) reads += take;
      first += take;
      count -= take;
      if (reads === maxReads || batch.length === MAX_RUNS) {
        yield { runs: batch, reads };
        batch = [];
        reads = 0;
      }
    }
  }
  if (batch.length > 0) yield { runs: batch, reads };
}

/** Numbers of the chunks of a batch that must be read, ascending. */
export function readsOf(batch: ChunkBatch): number[] {
  const indexes: number[] = [];
  for (const { first, count, zero } of batch.runs) {
    for (let i = 0; !zero && i < count; i++) indexes.push(first + i);
  }
  return indexes;
}
