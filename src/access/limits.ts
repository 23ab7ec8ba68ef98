/**
 * How fast requests may come: a bucket for each key and one for each operation.
 *
 * Invariants: a bucket holds one second's worth and fills evenly; a refused request takes nothing; memory is bounded:
 * only keys whose signature was right have a bucket, and of very many the oldest are
 * forgotten. A clock that is set back fills none.
 */
import { EcdError } from '../errors.ts';
import type { Clock } from '../ids.ts';

export interface RateLimits {
  /** Requests a second of one key, all operations together; 0: no limit. */
  readonly userPerSecond: number;
  /** Requests a second of one operation, all keys together; 0: no limit. */
  readonly apiPerSecond: number;
}

interface Bucket {
  tokens: number;
  /** When `tokens` was right, in milliseconds. */
  at: number;
}

/** What sums of fractions may be off. */
const TINY = 1e-6;
const MOST_BUCKETS = 10_000;

export class Throttle {
  readonly #limits: RateLimits;
  readonly #clock: Clock;
  readonly #users = new Map<string, Bucket>();
  readonly #operations = new Map<string, Bucket>();

  constructor(limits: RateLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Buckets kept now. */
  get size(): number {
    return this.#users.size + this.#operations.size;
  }

  /** Takes a request. Throws Throttling.User or Throttling.Api with `retryAfterMs`. */
  take(accessKeyId: string, operation: string): void {
    const { userPerSecond, apiPerSecond } = this.#limits;
    if (userPerSecond === 0 && apiPerSecond === 0) return;
    const now = this.#clock();
    const user = this.#bucket(this.#users, accessKeyId, userPerSecond, now);
    if (user !== null && user.tokens < 1 - TINY) throw slower('Throttling.User', user, userPerSecond);
    const api = this.#bucket(this.#operations, operation, apiPerSecond, now);
    if (api !== null && api.tokens < 1 - TINY) throw slower('Throttling.Api', api, apiPerSecond);
    if (user !== null) user.tokens--;
    if (api !== null) api.tokens--;
  }

  #bucket(buckets: Map<string, Bucket>, name: string, rate: number, now: number): Bucket | null {
    if (rate === 0) return null;
    const kept = buckets.get(name);
    if (kept !== undefined) {
      fill(kept, rate, now);
      return kept;
    }
    if (buckets.size >= MOST_BUCKETS) forget(buckets);
    const made = { tokens: capacity(rate), at: now };
    buckets.set(name, made);
    return made;
  }
}

/** Drops the oldest tenth; whoever is among them starts with a full bucket. */
function forget(buckets: Map<string, Bucket>): void {
  let count = Math.ceil(buckets.size / 10);
  for (const name of buckets.keys()) {
    if (count-- <= 0) return;
    buckets.delete(name);
  }
}

function fill(bucket: Bucket, rate: number, now: number): void {
  bucket.tokens = Math.min(capacity(rate), bucket.tokens + (Math.max(0, now - bucket.at) * rate) / 1000);
  bucket.at = now;
}

function capacity(rate: number): number {
  return Math.max(1, rate);
}

function slower(code: 'Throttling.User' | 'Throttling.Api', bucket: Bucket, rate: number): EcdError {
  return new EcdError(code, {
    retryAfterMs: Math.max(1, Math.ceil(((1 - bucket.tokens) / rate) * 1000 - TINY)),
  });
}
