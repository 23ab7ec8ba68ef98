/**
 * Links that sign in to the console: who opens one gets temporary credentials of its user, once.
 *
 * Invariants: the token in a link is random and only its hash is on record; of all that spend it, at once or with several
 * servers, one succeeds: the row goes in the transaction that makes the credentials; after `LINK_MS` it is worth nothing;
 * a link goes with its user. Those that are too old are forgotten when another one is made or opened.
 */
import type { Catalogue, Trx } from './catalogue.ts';
import type { SecretBox } from './secrets.ts';
import { createTemporaryKey, type TemporaryKey } from './temporary-keys.ts';
import { makeToken, tokenHash } from './tokens.ts';

/** How long a link can be opened: 10 minutes. */
export const LINK_MS = 10 * 60_000;

export interface NewLink {
  readonly userName: string;
  /** How long the credentials last that it gives, in seconds. */
  readonly sessionSeconds: number;
}

export interface SignedIn extends TemporaryKey {
  readonly UserName: string;
}

/** Makes a link of a user that exists; gives its token. */
export async function issueLink(trx: Trx, link: NewLink, now: number): Promise<string> {
  await forgetOld(trx, now);
  const token = makeToken();
  await trx
    .insertInto('sign_in_links')
    .values({
      hash: tokenHash(token),
      user_name: link.userName,
      session_seconds: link.sessionSeconds,
      expires_at: now + LINK_MS,
    })
    .execute();
  return token;
}

/** Spends a link. Null when it is unknown, too old or spent. */
export function spendLink(
  catalogue: Catalogue,
  box: SecretBox,
  token: string,
  now: number,
): Promise<SignedIn | null> {
  return catalogue.transaction(async (trx) => {
    await forgetOld(trx, now);
    const row = await trx
      .deleteFrom('sign_in_links')
      .where('hash', '=', tokenHash(token))
      .returning(['user_name', 'session_seconds'])
      .executeTakeFirst();
    if (row === undefined) return null;
    const options = { userName: row.user_name, seconds: row.session_seconds, clock: () => now };
    return { ...(await createTemporaryKey(trx, box, options)), UserName: row.user_name };
  });
}

async function forgetOld(trx: Trx, now: number): Promise<void> {
  await trx.deleteFrom('sign_in_links').where('expires_at', '<=', now).execute();
}
