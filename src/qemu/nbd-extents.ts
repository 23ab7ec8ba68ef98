/**
 * What the topmost layers of a stack changed, asked of one export of the whole stack.
 *
 * QEMU answers two maps of the same range: `qemu:allocation-depth` says which layer an extent comes from (1 is the
 * topmost, 0 none), `base:allocation` whether it reads as zeros. The first alone knows a zero cluster from a never
 * written one, the second alone data from zeros.
 *
 * Invariants: extents are ascending, do not overlap, and neighbours differ; each step of at most STEP bytes makes
 * progress, else the walk fails.
 */
import { EcdError } from '../errors.ts';
import { ALLOCATION_DEPTH, BASE_ALLOCATION, type NbdClient, STATE_ZERO, type StatusExtent } from './nbd.ts';

/** QEMU maps a range in one go while its other clients wait; 1 GiB takes it well under a millisecond when sparse. */
const STEP = 1024 * 1024 * 1024;

/** A part of the disk in bytes; `zero`: it reads as zeros. */
export interface MergedExtent {
  readonly offset: number;
  readonly length: number;
  readonly zero: boolean;
}

export interface MergedExtentsOptions {
  /** How many layers from the top; `all`: everything that does not read as zeros, whichever layer it is from. */
  readonly depth: number | 'all';
  readonly signal?: AbortSignal;
}

/** The meta contexts that a client must be connected with to be asked for `depth`. */
export function contextsFor(depth: number | 'all'): string[] {
  return depth === 'all' ? [BASE_ALLOCATION] : [BASE_ALLOCATION, ALLOCATION_DEPTH];
}

/**
 * The extents changed by the topmost `depth` layers, as the merged view reads them. The client is connected with at
 * least `contextsFor(depth)`. Throws Nbd.Failed, or Cancelled by the signal.
 */
export async function* mergedExtents(
  client: NbdClient,
  options: MergedExtentsOptions,
): AsyncGenerator<MergedExtent> {
  const { depth, signal } = options;
  let open: MergedExtent | null = null;
  for (let offset = 0; offset < client.size; ) {
    if (signal?.aborted) throw new EcdError('Cancelled', { reason: 'reading the changed extents' });
    const status = await client.blockStatus(offset, Math.min(STEP, client.size - offset));
    const zeros = status.get(BASE_ALLOCATION);
    const depths = depth === 'all' ? zeros : status.get(ALLOCATION_DEPTH);
    if (zeros === undefined || depths === undefined) {
      throw new EcdError('Nbd.Failed', { operation: 'block status', reason: 'no allocation map asked for' });
    }
    for (const [length, flags, layer] of overlay(zeros, depths)) {
      const zero = (flags & STATE_ZERO) !== 0;
      const wanted = depth === 'all' ? !zero : layer >= 1 && layer <= depth;
      if (wanted && open !== null && open.zero === zero && open.offset + open.length === offset) {
        open = { offset: open.offset, length: open.length + length, zero };
      } else if (wanted) {
        if (open !== null) yield open;
        open = { offset, length, zero };
      }
      offset += length;
    }
  }
  if (open !== null) yield open;
}

/** Two maps of one range as one, up to where the shorter ends: `[length, flags of a, flags of b]`. */
function* overlay(
  a: readonly StatusExtent[],
  b: readonly StatusExtent[],
): Generator<[number, number, number]> {
  let leftA = a[0]?.length ?? 0;
  let leftB = b[0]?.length ?? 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const length = Math.min(leftA, leftB);
    yield [length, a[i]!.flags, b[j]!.flags];
    leftA -= length;
    leftB -= length;
    if (leftA === 0) leftA = a[++i]?.length ?? 0;
    if (leftB === 0) leftB = b[++j]?.length ?? 0;
  }
}
