/**
 * Access keys: making, listing, disabling, deleting, and finding one for each request.
 *
 * Invariants: a secret leaves the catalogue only through `find` and, once, from `createKey`; lists never hold one; a
 * change of a key's status, by whatever process, is seen within `CACHE_MS`; an unknown id is never remembered, so that
 * guesses cost no memory.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Selectable } from 'kysely';
import { EcdError } from '../errors.ts';
import { type Clock, systemClock } from '../ids.ts';
import type { Catalogue, Queries } from './catalogue.ts';
import type { AccessKeyTable } from './schema-access.ts';
import { openSecrets, type SecretBox } from './secrets.ts';
import { isToken, isTokenOf } from './tokens.ts';

/** The user that is built in and may do everything. */
export const ADMINISTRATOR = 'Administrator';
const CACHE_MS = 1000;
const CACHE_KEYS = 10_000;

/** As the public service's tools print it. */
export interface NewKey {
  readonly AccessKeyId: string;
  readonly AccessKeySecret: string;
}

export interface KeyInfo {
  readonly accessKeyId: string;
  readonly userName: string;
  readonly status: AccessKeyTable['status'];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Up to a minute old; null: never. */
  readonly lastUsedAt: number | null;
  /** Only of temporary credentials. */
  readonly expiresAt: number | null;
}

/** A key as the door wants it. */
export interface StoredKey {
  readonly secret: string;
  readonly status: AccessKeyTable['status'];
  readonly userName: string;
  /** Only of temporary credentials. */
  readonly temporary?: {
    /** SHA-256 of the SecurityToken in hex. */
    readonly tokenHash: string;
    /** Milliseconds since 1970. */
    readonly expiresAt: number;
    /** A policy that narrows the user's rights. */
    readonly policy: string | null;
  };
}

/**
 * The box for this catalogue's secrets. The key file is made only while there is no key that an older one could have
 * sealed; otherwise a missing file is Secrets.Unusable.
 */
export async function openKeySecrets(catalogue: Catalogue, keyFile: string): Promise<SecretBox> {
  const create = !existsSync(keyFile) && (await countKeys(catalogue.db)) === 0;
  return openSecrets(keyFile, { create });
}

export async function countKeys(queries: Queries): Promise<number> {
  const row = await queries
    .selectFrom('access_keys')
    .select((of) => of.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Makes a key of a user (the Administrator if not given): `LTAI` and 20 letters and digits, a secret of 30. */
export async function createKey(
  queries: Queries,
  box: SecretBox,
  options: { readonly clock?: Clock; readonly userName?: string } = {},
): Promise<NewKey> {
  const key = { AccessKeyId: `LTAI${randomAlphanumeric(20)}`, AccessKeySecret: randomAlphanumeric(30) };
  await queries
    .insertInto('access_keys')
    .values({
      id: key.AccessKeyId,
      secret: box.seal(key.AccessKeyId, key.AccessKeySecret),
      user_name: options.userName ?? ADMINISTRATOR,
      status: 'Active',
      created_at: (options.clock ?? systemClock)(),
    })
    .execute();
  return key;
}

/** All keys, oldest first. */
export async function listKeys(queries: Queries): Promise<KeyInfo[]> {
  const rows = await queries
    .selectFrom('access_keys')
    .select(['id', 'user_name', 'status', 'created_at', 'last_used_at', 'expires_at'])
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    accessKeyId: row.id,
    userName: row.user_name,
    status: row.status,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
  }));
}

/** Forgets a key; gives whose it was. Throws InvalidAccessKeyId.NotFound. */
export async function deleteKey(queries: Queries, accessKeyId: string): Promise<string> {
  const gone = await queries
    .deleteFrom('access_keys')
    .where('id', '=', accessKeyId)
    .returning('user_name')
    .executeTakeFirst();
  if (gone === undefined) throw new EcdError('InvalidAccessKeyId.NotFound');
  return gone.user_name;
}

/** Enables or disables a key; gives whose it is. Throws InvalidAccessKeyId.NotFound. */
export async function setKeyStatus(
  queries: Queries,
  accessKeyId: string,
  status: AccessKeyTable['status'],
): Promise<string> {
  const changed = await queries
    .updateTable('access_keys')
    .set({ status })
    .where('id', '=', accessKeyId)
    .returning('user_name')
    .executeTakeFirst();
  if (changed === undefined) throw new EcdError('InvalidAccessKeyId.NotFound');
  return changed.user_name;
}

/** Finds keys for the door, remembering each for at most a second. */
export class KeyStore {
  readonly #catalogue: Catalogue;
  readonly #box: SecretBox;
  readonly #clock: Clock;
  readonly #cache = new Map<string, { readonly key: StoredKey; readonly until: number }>();

  constructor(catalogue: Catalogue, box: SecretBox, clock: Clock = systemClock) {
    this.#catalogue = catalogue;
    this.#box = box;
    this.#clock = clock;
  }

  /** What is wrong with a SecurityToken sent with that key; null if it is the key's own. */
  tokenFault(key: StoredKey, token: string): 'Malformed' | 'MismatchWithAccessKey' | null {
    if (!isToken(token)) return 'Malformed';
    const mine = key.temporary !== undefined && isTokenOf(token, key.temporary.tokenHash);
    return mine ? null : 'MismatchWithAccessKey';
  }

  /** The key of that id, or null. Throws Secrets.Unusable when its secret does not open. */
  async find(accessKeyId: string): Promise<StoredKey | null> {
    const now = this.#clock();
    const kept = this.#cache.get(accessKeyId);
    // A clock that was set back must not keep a disabled key alive.
    if (kept !== undefined && now < kept.until && kept.until - now <= CACHE_MS) return kept.key;
    this.#cache.delete(accessKeyId);
    const row = await this.#catalogue.db
      .selectFrom('access_keys')
      .selectAll()
      .where('id', '=', accessKeyId)
      .executeTakeFirst();
    if (row === undefined) return null;
    const key = {
      secret: this.#box.open(row.id, row.secret),
      status: row.status,
      userName: row.user_name,
      ...temporaryOf(row),
    };
    if (this.#cache.size >= CACHE_KEYS) this.#cache.clear();
    this.#cache.set(accessKeyId, { key, until: now + CACHE_MS });
    return key;
  }
}

function temporaryOf(row: Selectable<AccessKeyTable>): Pick<StoredKey, 'temporary'> {
  if (row.token_hash === null || row.expires_at === null) return {};
  return { temporary: { tokenHash: row.token_hash, expiresAt: row.expires_at, policy: row.session_policy } };
}

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function randomAlphanumeric(length: number): string {
  const fair = 256 - (256 % ALPHANUMERIC.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length))
      if (byte < fair && text.length < length) text += ALPHANUMERIC[byte % ALPHANUMERIC.length];
  }
  return text;
}
