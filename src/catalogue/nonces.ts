/**
 * Nonces of signed requests that write, recorded with the write itself.
 *
 * Invariant: of all requests with one key and one nonce inside its window, at most one commits a write: the second
 * finds the row and is refused with SignatureNonceUsed, over restarts and with several servers.
 */
import { EcdError } from '../errors.ts';
import type { Catalogue, Queries, Trx } from './catalogue.ts';
import { rows } from './conditions.ts';

/** The nonce of one request, on its way into a transaction. */
export class Claim {
  readonly #accessKeyId: string;
  readonly #nonce: string;
  readonly #expiresAt: number;
  #recorded = false;

  constructor(accessKeyId: string, nonce: string, expiresAt: number) {
    this.#accessKeyId = accessKeyId;
    this.#nonce = nonce;
    this.#expiresAt = expiresAt;
  }

  /** Records it in `trx`. The writes of one request may call it again, also after a transaction was rolled back. */
  async record(trx: Trx): Promise<void> {
    if (this.#accessKeyId === '') return;
    const inserted = await this.insert(trx);
    if (!inserted && !this.#recorded) throw new EcdError('SignatureNonceUsed');
    this.#recorded = true;
  }

  /** False when it was there already. */
  async insert(queries: Queries): Promise<boolean> {
    const result = await queries
      .insertInto('nonces')
      .values({ access_key_id: this.#accessKeyId, nonce: this.#nonce, expires_at: this.#expiresAt })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }

  async isThere(queries: Queries): Promise<boolean> {
    const text = 'SELECT 1 AS there FROM nonces WHERE access_key_id = ? AND nonce = ?';
    return (await rows(queries, text, [this.#accessKeyId, this.#nonce])).length > 0;
  }

  /** For work that no request asked for (policies, tests). */
  static none(): Claim {
    return new Claim('', '', 0);
  }
}

/** Makes sure that the nonce of a request is on record after it was served, whether it wrote, did nothing or was refused. */
export async function spendNonce(catalogue: Catalogue, claim: Claim): Promise<void> {
  // As a rule the write has recorded it. What is read here is durable.
  if (await claim.isThere(catalogue.db)) return;
  await catalogue.transaction((trx) => claim.insert(trx));
}

/** Forgets nonces whose window has passed. */
export async function forgetNonces(catalogue: Catalogue, now: number): Promise<void> {
  await catalogue.db.deleteFrom('nonces').where('expires_at', '<', now).execute();
}
