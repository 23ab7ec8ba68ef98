/**
 * Temporary credentials: an access key that works only with its SecurityToken, and only for a while.
 *
 * Invariants: the token itself is stored nowhere, only its hash; it holds its own checksum, so that a damaged one is told
 * from a wrong one; the key keeps its user and can be narrowed by a policy, never widened. Keys that have ended are kept
 * for a day, so that their users learn why they are refused.
 */
import { type Clock, systemClock } from '../ids.ts';
import type { Catalogue, Queries } from './catalogue.ts';
import { type NewKey, randomAlphanumeric } from './keys.ts';
import type { SecretBox } from './secrets.ts';
import { makeToken, tokenHash } from './tokens.ts';

/** Shortest and longest time that temporary credentials may last, in seconds. */
export const TEMPORARY_SECONDS = { shortest: 1, longest: 43_200 };

const KEPT_MS = 24 * 60 * 60 * 1000;

export interface TemporaryKey extends NewKey {
  readonly SecurityToken: string;
  /** `2026-11-24T02:34:45Z` */
  readonly Expiration: string;
}

export interface TemporaryOptions {
  readonly userName: string;
  readonly seconds: number;
  /** A policy document that narrows the user's rights. */
  readonly policy?: string | undefined;
  readonly clock?: Clock;
}

/** Makes credentials of a user: `STS.` and 24 letters and digits, a secret of 44, a token in Base64. */
export async function createTemporaryKey(
  queries: Queries,
  box: SecretBox,
  options: TemporaryOptions,
): Promise<TemporaryKey> {
  const now = (options.clock ?? systemClock)();
  // Whole seconds, so that what is printed is what holds.
  const expiresAt = Math.floor(now / 1000 + options.seconds) * 1000;
  const id = `STS.${randomAlphanumeric(24)}`;
  const secret = randomAlphanumeric(44);
  const token = makeToken();
  await queries
    .insertInto('access_keys')
    .values({
      id,
      secret: box.seal(id, secret),
      user_name: options.userName,
      status: 'Active',
      created_at: now,
      token_hash: tokenHash(token),
      expires_at: expiresAt,
      session_policy: options.policy ?? null,
    })
    .execute();
  return {
    AccessKeyId: id,
    AccessKeySecret: secret,
    SecurityToken: token,
    Expiration: new Date(expiresAt).toISOString().replace('.000', ''),
  };
}

/** Forgets credentials that ended a day ago. */
export async function forgetTemporaryKeys(catalogue: Catalogue, now: number): Promise<void> {
  await catalogue.db
    .deleteFrom('access_keys')
    .where('expires_at', '<', now - KEPT_MS)
    .execute();
}
