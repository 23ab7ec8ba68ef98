/**
 * Reads packs' indexes and objects.
 *
 * Invariants: an index is answered only if its hash and the pack's id are right; `null` means that there is no such
 * pack (any more).
 */
import { EcdError } from '../errors.ts';
import {
  decodeFooter,
  decodeIndex,
  ENTRY_BYTES,
  FOOTER_BYTES,
  HEADER_BYTES,
  type PackEntry,
  packKey,
} from './pack-format.ts';
import type { Store } from './store.ts';

/** Enough for the index of a usual pack in one read. */
const TAIL = 64 * 1024;

/** The checked index of a pack of `size` bytes. Throws `Vault.Damaged` or `Vault.FormatUnknown`. */
export async function readPackIndex(store: Store, id: string, size: number): Promise<PackEntry[] | null> {
  const key = packKey(id);
  const start = Math.max(0, size - TAIL);
  const [head, tail] = await Promise.all([
    store.read(key, 0, HEADER_BYTES),
    store.read(key, start, size - start),
  ]);
  if (head === null || tail === null) return null;
  const footerBytes = tail.subarray(Math.max(0, tail.length - FOOTER_BYTES));
  const footer = decodeFooter(id, size, footerBytes);
  const length = footer.count * ENTRY_BYTES;
  const index =
    footer.indexOffset >= start
      ? tail.subarray(footer.indexOffset - start, footer.indexOffset - start + length)
      : await store.read(key, footer.indexOffset, length);
  if (index === null) return null;
  return decodeIndex(id, head, index, footerBytes);
}

/** The stored bytes of an object. Throws `Vault.Damaged` when the pack ends before. */
export async function readStored(
  store: Store,
  id: string,
  at: { readonly offset: number; readonly stored: number },
): Promise<Buffer | null> {
  const data = await store.read(packKey(id), at.offset, at.stored);
  if (data !== null && data.length !== at.stored) {
    throw new EcdError('Vault.Damaged', { what: `pack ${id} is cut off` });
  }
  return data;
}
