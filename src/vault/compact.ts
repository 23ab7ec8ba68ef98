/**
 * Removes dead packs, and moves what lives out of packs that are more than half dead or small.
 *
 * Invariants: an object is checked before it is moved, and one that is damaged stays where it is as evidence; the new
 * pack is durable and in the index before the old one goes; stored bytes are copied as they are.
 */

import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { decode, hex } from './codec.ts';
import type { VaultContext } from './context.ts';
import type { PackRow } from './index-db.ts';
import { decodeEntries, PACK_SMALL_BYTES, packKey } from './pack-format.ts';
import { readPackIndex, readStored } from './pack-reader.ts';
import { PackWriter } from './pack-writer.ts';

/** So many small packs are merged; fewer are left alone. */
const SMALL_PACKS = 4;

export interface CompactReport {
  readonly deletedPacks: number;
  readonly rewrittenPacks: number;
  readonly writtenPacks: number;
  readonly freedBytes: number;
  readonly damaged: readonly string[];
}

const living = (pack: PackRow): number => pack.liveChunks + pack.livePages;

/** Which packs to move out of: pure. */
export function packsToRewrite(packs: readonly PackRow[]): PackRow[] {
  const candidates = packs.filter((pack) => living(pack) > 0);
  const small = candidates.filter((pack) => pack.size < PACK_SMALL_BYTES);
  const merge = small.length >= SMALL_PACKS ? new Set(small) : new Set();
  return candidates.filter((pack) => pack.liveStored * 2 < pack.stored || merge.has(pack));
}

export async function compactPacks(context: VaultContext, signal: AbortSignal): Promise<CompactReport> {
  const run = new Compaction(context, signal);
  const packs = context.index.packs();
  await run.remove(packs.filter((pack) => living(pack) === 0));
  return run.rewrite(packsToRewrite(packs));
}

class Compaction {
  readonly #context: VaultContext;
  readonly #signal: AbortSignal;
  #deletedPacks = 0;
  #rewrittenPacks = 0;
  #writtenPacks = 0;
  #freedBytes = 0;
  readonly #damaged: string[] = [];
  #out: PackWriter | null = null;
  /** Packs that objects of the pack being written came from. */
  #sources = new Map<number, PackRow>();

  constructor(context: VaultContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  async remove(packs: readonly PackRow[]): Promise<void> {
    this.#context.index.dropPacks(packs.map((pack) => pack.id));
    for (const pack of packs) {
      await this.#context.store.delete(packKey(pack.hex));
      this.#deletedPacks++;
      this.#freedBytes += pack.size;
    }
  }

  async rewrite(packs: readonly PackRow[]): Promise<CompactReport> {
    try {
      for (const pack of packs) await this.#moveOut(pack);
      await this.#finish();
    } finally {
      await this.#out?.abort();
    }
    return {
      deletedPacks: this.#deletedPacks,
      rewrittenPacks: this.#rewrittenPacks,
      writtenPacks: this.#writtenPacks,
      freedBytes: this.#freedBytes,
      damaged: this.#damaged,
    };
  }

  async #moveOut(pack: PackRow): Promise<void> {
    const { store, index, log } = this.#context;
    const entries = await readPackIndex(store, pack.hex, pack.size).catch((error: unknown) => {
      if (!EcdError.is(error, 'Vault.Damaged')) throw error;
      log('vault: a pack stays as it is', { pack: pack.hex, reason: describeError(error) });
      return null;
    });
    this.#sources.set(pack.id, pack);
    for (const entry of entries ?? []) {
      this.#signal.throwIfAborted();
      const row = index.locate(entry.name);
      if (row?.pack !== pack.id) continue;
      try {
        const data = await readStored(store, pack.hex, entry);
        if (data === null) return;
        const object = { ...entry, rawLength: entry.raw, data };
        decode(object);
        this.#out ??= await PackWriter.start(store);
        await this.#out.add(object);
      } catch (error) {
        if (!EcdError.is(error, 'Vault.Damaged')) throw error;
        this.#damaged.push(hex(entry.name));
        log('vault: an object stays where it is', { pack: pack.hex, reason: describeError(error) });
      }
      if (this.#out?.full) {
        await this.#finish();
        this.#sources.set(pack.id, pack);
      }
    }
  }

  async #finish(): Promise<void> {
    const { index, store } = this.#context;
    const out = this.#out;
    const sources = this.#sources;
    this.#sources = new Map();
    if (out === null) return;
    this.#out = null;
    try {
      const size = await out.publish();
      index.addPack(out.id, size, decodeEntries(out.index), (row) => sources.has(row.pack));
    } catch (error) {
      await out.abort();
      await store.delete(packKey(out.id)).catch(() => {});
      throw error;
    }
    this.#writtenPacks++;
    this.#freedBytes -= out.size;
    await faults.hit('vault.collect.rewritten');
    const emptied = index.packs().filter((pack) => sources.has(pack.id) && living(pack) === 0);
    this.#rewrittenPacks += emptied.length;
    await this.remove(emptied);
  }
}
