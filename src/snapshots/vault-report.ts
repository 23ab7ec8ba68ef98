/**
 * How full the vault is and of what, for those who look at it every few seconds.
 *
 * Invariants: what reads whole tables is kept, for `KEPT_MS` or for fifty times as long as it took to find, so that any
 * number of readers together cost the service a fiftieth of its time at the most; one reading at a time.
 */
import type { Catalogue } from '../catalogue/catalogue.ts';
import {
  type DesktopHolding,
  type HistoryPoint,
  type Holding,
  heldByDesktop,
  heldInAll,
  heldOverTime,
} from '../catalogue/holdings.ts';
import { recordedTotals } from '../catalogue/vault-totals.ts';
import type { Clock } from '../ids.ts';
import type { Vault, VaultStats } from '../vault/index.ts';

const KEPT_MS = 3000;
const SHARE = 50;
const POINTS = 200;

export interface VaultState {
  readonly id: string;
  readonly chunkSize: number;
  readonly stats: VaultStats;
  readonly freeBytes: number;
  readonly held: Holding & { readonly images: Holding };
  readonly history: readonly HistoryPoint[];
}

export class VaultReport {
  readonly #catalogue: Catalogue;
  readonly #vault: Vault;
  readonly #state: () => Promise<VaultState>;
  readonly #byRegion = new Map<string, () => Promise<DesktopHolding[]>>();
  readonly #now: () => number;
  readonly #clock: Clock;

  constructor(catalogue: Catalogue, vault: Vault, clock: Clock, now: () => number = () => performance.now()) {
    this.#catalogue = catalogue;
    this.#vault = vault;
    this.#now = now;
    this.#clock = clock;
    this.#state = kept(now, () => this.#read());
  }

  /** Of the whole vault, whatever region. */
  state(): Promise<VaultState> {
    return this.#state();
  }

  /** The desktops of a region that the settings name, those that added most first. */
  desktops(regionId: string): Promise<DesktopHolding[]> {
    let read = this.#byRegion.get(regionId);
    if (read === undefined) {
      read = kept(this.#now, () => heldByDesktop(this.#catalogue.db, regionId));
      this.#byRegion.set(regionId, read);
    }
    return read();
  }

  async #read(): Promise<VaultState> {
    const held = await heldInAll(this.#catalogue.db);
    return {
      id: this.#vault.id,
      chunkSize: this.#vault.chunkSize,
      stats: await this.#vault.stats(),
      freeBytes: await this.#vault.freeBytes(),
      held,
      history: await this.#history(held),
    };
  }

  /**
   * What was there at each time, as it was noted then, and now; before the first note, what the snapshots of now had added
   * up to.
   */
  async #history(held: Holding): Promise<HistoryPoint[]> {
    const { db } = this.#catalogue;
    const noted = await recordedTotals(db, POINTS / 2);
    const [first, last] = [noted[0], noted.at(-1)];
    const there = await heldOverTime(db, first === undefined ? POINTS : POINTS / 2);
    if (first === undefined || last === undefined) return there;
    const now = { ...held, at: Math.max(this.#clock(), last.at) };
    return [...there.filter((point) => point.at < first.at), ...noted, now];
  }
}

/** A reading that is done anew only when the last one is old. A failed one is not kept. */
export function kept<T>(now: () => number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly answer: Promise<T>; until: number } | undefined;
  return () => {
    if (last !== undefined && now() < last.until) return last.answer;
    const began = now();
    const reading = { answer: read(), until: Number.POSITIVE_INFINITY };
    last = reading;
    reading.answer.then(
      () => {
        reading.until = now() + Math.max(KEPT_MS, SHARE * (now() - began));
      },
      () => {
        if (last === reading) last = undefined;
      },
    );
    return reading.answer;
  };
}
