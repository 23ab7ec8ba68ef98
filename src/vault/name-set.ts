/**
 * A compact set of names: an open-addressing table of fingerprints in one typed array.
 *
 * Invariants: `has` never says no for a name that was added. With 4 words (128 bits) it is exact for all practical
 * purposes and may steer a walk; with 1 word it may say yes for a stranger once in about 2^32, which only ever keeps
 * garbage for one collection more: the seed differs in each set.
 */
import { randomInt } from 'node:crypto';

export class NameSet {
  #table: Uint32Array;
  #mask: number;
  #size = 0;
  /** Where a full table of one-word fingerprints goes on. */
  #next: NameSet | null = null;
  readonly #words: 1 | 4;
  readonly #seed = randomInt(2 ** 32);

  /** `expected` names fit without growing. */
  constructor(words: 1 | 4, expected = 1024) {
    this.#words = words;
    let slots = 1024;
    while (slots * 0.7 < expected) slots *= 2;
    this.#table = new Uint32Array(slots * words);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size + (this.#next?.size ?? 0);
  }

  has(name: Buffer): boolean {
    return this.#table[this.#find(name)] !== 0 || (this.#next?.has(name) ?? false);
  }

  /** Adds a name; false when it (or, with 1 word, one of its fingerprint) was there. */
  add(name: Buffer): boolean {
    const at = this.#find(name);
    if (this.#table[at] !== 0) return false;
    if (this.#next !== null) return this.#next.add(name);
    for (let w = 0; w < this.#words; w++) this.#table[at + w] = word(name, w, this.#seed);
    if (++this.#size > (this.#mask + 1) * 0.7) this.#grow();
    return true;
  }

  /** Where the name stands, or the free place for it. */
  #find(name: Buffer): number {
    const first = word(name, 0, this.#seed);
    // The place comes from the fingerprint itself when it has 128 bits, so that the table can grow without the names.
    const start = this.#words === 4 ? first : name.readUInt32LE(16) ^ this.#seed;
    for (let slot = start & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * this.#words;
      if (this.#table[at] === 0) return at;
      if (this.#table[at] !== first) continue;
      let same = true;
      for (let w = 1; w < this.#words; w++) same &&= this.#table[at + w] === word(name, w, this.#seed);
      if (same) return at;
    }
  }

  #grow(): void {
    if (this.#words === 1) {
      this.#next = new NameSet(1, this.#size);
      return;
    }
    const old = this.#table;
    this.#table = new Uint32Array(old.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let from = 0; from < old.length; from += 4) {
      if (old[from] === 0) continue;
      let slot = old[from]! & this.#mask;
      while (this.#table[slot * 4] !== 0) slot = (slot + 1) & this.#mask;
      this.#table.set(old.subarray(from, from + 4), slot * 4);
    }
  }
}

/** Word `w` of a name's fingerprint; the first is never 0, which marks a free place. */
function word(name: Buffer, w: number, seed: number): number {
  const value = (name.readUInt32LE(w * 4) ^ seed) >>> 0;
  return w === 0 && value === 0 ? 1 : value;
}
