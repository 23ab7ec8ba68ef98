/**
 * Roots and the arithmetic of trees: pure.
 *
 * Invariants: a tree's height follows from its size, the chunk size and the fan-out alone; equal content of equal size
 * has an equal root.
 */
import { EcdError } from '../errors.ts';
import { NAME_BYTES, type Name } from './codec.ts';

/** A tree: the name of its top page and the size of the disk in bytes. */
export interface Root {
  readonly name: Name;
  readonly size: number;
}

/** The text that stands for a root in a catalogue: `<64 hex digits>:<bytes>`. */
export function rootKey(root: Root): string {
  return `${root.name.toString('hex')}:${root.size}`;
}

/** Reads what `rootKey` wrote. Throws `Vault.Damaged` for anything else. */
export function parseRoot(text: string): Root {
  const match = /^([0-9a-f]{64}):(0|[1-9]\d{0,15})$/.exec(text);
  const size = Number(match?.[2]);
  if (!match || !Number.isSafeInteger(size)) {
    throw new EcdError('Vault.Damaged', { what: `'${text.slice(0, 100)}' is no root` });
  }
  return { name: Buffer.from(match[1]!, 'hex'), size };
}

/** Chunks of a disk of `size` bytes; the last one may be partly beyond the end. */
export function leafCount(size: number, chunkSize: number): number {
  return Math.ceil(size / chunkSize);
}

/** Levels of pages above the leaves: at least 1. */
export function heightOf(leaves: number, fanout: number): number {
  let height = 1;
  for (let reach = fanout; reach < leaves; reach *= fanout) height++;
  return height;
}

/** Bytes of a page. */
export function pageBytes(fanout: number): number {
  return fanout * NAME_BYTES;
}
