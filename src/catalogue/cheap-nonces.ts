/**
 * Nonces of requests whose refusal costs their sender nothing (too fast, no right), recorded many in one commit.
 *
 * Invariants: `spend` returns when the nonce is on durable record, so that such a request cannot be sent again by
 * somebody else, after a restart neither; whatever their number, commits begin at least `pauseMs` after the one before has
 * ended, so that a flood that is refused does not keep the disk from those who are served. One alone does not wait.
 */
import { sleep } from '../async.ts';
import type { Catalogue } from './catalogue.ts';
import type { Claim } from './nonces.ts';

export class CheapNonces {
  readonly #catalogue: Catalogue;
  readonly #pauseMs: number;
  #waiting: Claim[] = [];
  /** The commit that those who wait now will be part of. */
  #next: Promise<void> | undefined;
  /** Over when a commit may begin. */
  #pause: Promise<void> = Promise.resolve();

  constructor(catalogue: Catalogue, pauseMs = 50) {
    this.#catalogue = catalogue;
    this.#pauseMs = pauseMs;
  }

  /** Throws Catalogue.Unavailable when it could not be recorded. */
  spend(claim: Claim): Promise<void> {
    this.#waiting.push(claim);
    this.#next ??= this.#commit();
    return this.#next;
  }

  async #commit(): Promise<void> {
    await this.#pause;
    const claims = this.#waiting;
    this.#waiting = [];
    this.#next = undefined;
    const done = this.#catalogue.transaction(async (trx) => {
      for (const claim of claims) await claim.insert(trx);
    });
    this.#pause = done.then(
      () => sleep(this.#pauseMs),
      () => sleep(this.#pauseMs),
    );
    await done;
  }
}
