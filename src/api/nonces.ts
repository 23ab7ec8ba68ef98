/**
 * The nonces that this process has seen inside the window of valid timestamps.
 *
 * Invariants: a nonce is taken once until it expires, whatever the timestamp it comes with; `take` is synchronous, so
 * of many equal requests at once exactly one wins; a full window refuses, it never forgets early. Only 64 bits of a
 * hash of key and nonce are kept (8 to 32 bytes a nonce), so a stranger's nonce is taken for a used one with a chance
 * of one in 2^64 times the number kept. Nonces are grouped by the time of their expiry and dropped by group.
 */
import { hash } from 'node:crypto';
import { EcdError } from '../errors.ts';
import type { Clock } from '../ids.ts';

const GROUP_MS = 5 * 60_000;
const FIRST_SLOTS = 1024;

export class NonceWindow {
  readonly #groups = new Map<number, HashSet64>();
  readonly #clock: Clock;
  readonly #limit: number;
  #size = 0;

  /** @param limit nonces kept at most; 4,000,000 take about 100 MB and last for 4,400 requests a second */
  constructor(clock: Clock, limit = 4_000_000) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Nonces kept now. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes the nonce of a key until `expiresMs`.
   * Throws SignatureNonceUsed when it was taken; when the window is full Throttling.User, with the time until some expire.
   */
  take(accessKeyId: string, nonce: string, expiresMs: number): void {
    this.#dropExpired();
    const digest = hash('sha1', `${accessKeyId}\n${nonce}`, 'buffer');
    const high = digest.readUInt32LE(0);
    const low = digest.readUInt32LE(4) || 1;
    for (const group of this.#groups.values())
      if (group.has(high, low)) throw new EcdError('SignatureNonceUsed');
    if (this.#size >= this.#limit) throw new EcdError('Throttling.User', { retryAfterMs: this.#untilRoom() });
    const key = Math.floor(expiresMs / GROUP_MS);
    let group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, (group = new HashSet64()));
    group.add(high, low);
    this.#size++;
  }

  /** Milliseconds until the oldest group is dropped, which is when its end is past. */
  #untilRoom(): number {
    return (Math.min(...this.#groups.keys()) + 1) * GROUP_MS + 1 - this.#clock();
  }

  #dropExpired(): void {
    const now = this.#clock();
    for (const [key, group] of this.#groups) {
      if ((key + 1) * GROUP_MS >= now) continue;
      this.#groups.delete(key);
      this.#size -= group.size;
    }
  }
}

/** A set of 64-bit hashes, with open addressing; `low` is never 0. */
class HashSet64 {
  #table = new Uint32Array(FIRST_SLOTS * 2);
  #slots = FIRST_SLOTS;
  size = 0;

  has(high: number, low: number): boolean {
    return this.#table[this.#find(high, low) + 1] !== 0;
  }

  add(high: number, low: number): void {
    if (this.size * 2 >= this.#slots) this.#grow();
    const at = this.#find(high, low);
    this.#table[at] = high;
    this.#table[at + 1] = low;
    this.size++;
  }

  /** Where the hash is, or the free place where it would be. */
  #find(high: number, low: number): number {
    const table = this.#table;
    let slot = low & (this.#slots - 1);
    while (table[slot * 2 + 1] !== 0 && (table[slot * 2 + 1] !== low || table[slot * 2] !== high))
      slot = (slot + 1) & (this.#slots - 1);
    return slot * 2;
  }

  #grow(): void {
    const old = this.#table;
    this.#slots *= 2;
    this.#table = new Uint32Array(this.#slots * 2);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      const at = this.#find(old[i]!, old[i + 1]!);
      this.#table[at] = old[i]!;
      this.#table[at + 1] = old[i + 1]!;
    }
  }
}
