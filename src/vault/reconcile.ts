/**
 * Makes an index agree with the packs that are really there.
 *
 * Invariants: the index's list is read before the store's, so that a pack missing in the second is gone for good (packs
 * never come back); a lost pack's names fall back to copies in other packs; a pack whose index cannot be read is left
 * alone, logged, and found by verify: it never stops an open.
 */
import { describeError, EcdError } from '../errors.ts';
import type { IndexDb } from './index-db.ts';
import { packId } from './pack-format.ts';
import { readPackIndex } from './pack-reader.ts';
import type { Store } from './store.ts';

export type Log = (message: string, details?: Record<string, unknown>) => void;

const AT_ONCE = 8;

/** Answers how many packs were added and dropped, and the ids of those that cannot be used. */
export async function reconcile(
  store: Store,
  index: IndexDb,
  log: Log,
): Promise<{ added: number; dropped: number; unusable: string[] }> {
  const known = new Map(index.packs().map((pack) => [pack.hex, pack]));
  const present = new Map<string, number>();
  for (const { key, size } of await store.list('packs/')) {
    const id = packId(key);
    if (id !== null) present.set(id, size);
  }
  // Another size is another content: such a pack is read again, or found unusable.
  const gone = [...known.values()].filter((pack) => present.get(pack.hex) !== pack.size);
  index.dropPacks(gone.map((pack) => pack.id));
  for (const pack of gone) {
    known.delete(pack.hex);
    if (present.has(pack.hex)) log('vault: a pack has another size than it had', { pack: pack.hex });
  }
  const missing = [...present].filter(([id]) => !known.has(id));
  const unusable: string[] = [];
  let added = 0;
  await inParallel(missing, async ([id, size]) => {
    const entries = await usable(store, id, size, log);
    if (entries === null) unusable.push(id);
    else {
      index.addPack(id, size, entries);
      added++;
    }
  });
  if (gone.length > 0) {
    const copies = index.packs().filter((pack) => pack.shadowed > 0);
    await inParallel(copies, async (pack) => {
      const entries = await usable(store, pack.hex, pack.size, log);
      if (entries !== null) index.readdPack(pack.id, entries);
    });
  }
  if (added + gone.length > 0) log('vault: index brought up to date', { added, dropped: gone.length });
  return { added, dropped: gone.length, unusable };
}

async function usable(store: Store, id: string, size: number, log: Log) {
  try {
    return await readPackIndex(store, id, size);
  } catch (error) {
    if (!EcdError.is(error, 'Vault.Damaged', 'Vault.FormatUnknown')) throw error;
    log('vault: a pack cannot be used', { pack: id, reason: describeError(error) });
    return null;
  }
}

async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await act(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
