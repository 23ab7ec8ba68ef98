/**
 * What the caller of a request may do, compiled from the policies of the catalogue.
 *
 * Invariants: a change of a user's policies, by whatever process, holds within `CACHE_MS`; the Administrator may do
 * everything without being asked, unless temporary credentials narrow it; temporary credentials may do only what both
 * their user and their own policy allow. A policy that cannot be read allows nothing: the request fails.
 */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { ADMINISTRATOR } from '../catalogue/keys.ts';
import { EcdError } from '../errors.ts';
import type { Clock } from '../ids.ts';
import type { Circumstances } from './conditions.ts';
import { type AccessRequest, decide, decideUnnamed, type Verdict } from './evaluate.ts';
import { type Policy, parsePolicy } from './policy.ts';
import { documentsOf } from './users.ts';

const CACHE_MS = 1000;
const CACHE_KEYS = 10_000;

/** Whose rights. */
export interface Principal {
  readonly accessKeyId: string;
  readonly userName: string;
  /** Temporary credentials: their own policy, null if they have none. */
  readonly sessionPolicy?: string | null;
}

/** What a request is about. `resources` is null while it cannot be told. */
export interface Wish extends Circumstances {
  readonly operation: string;
  readonly regionId: string;
  readonly resources: readonly string[] | null;
  readonly shown?: readonly string[];
}

export class Rights {
  /** True: everything is allowed. */
  readonly full: boolean;
  readonly #principal: Principal;
  readonly #accountId: string;
  readonly #user: readonly Policy[] | 'all';
  readonly #session: readonly Policy[] | 'all';

  constructor(
    principal: Principal,
    accountId: string,
    user: readonly Policy[] | 'all',
    session: readonly Policy[] | 'all',
  ) {
    this.#principal = principal;
    this.#accountId = accountId;
    this.#user = user;
    this.#session = session;
    this.full = user === 'all' && session === 'all';
  }

  /** Throws NoPermission, the same whether what is named exists or not. */
  require(wish: Wish): void {
    if (this.full) return;
    const user = this.#decide(this.#user, wish);
    if (user !== 'Allow') throw this.#denied(wish, user, 'AccountLevelIdentityBasedPolicy');
    const session = this.#decide(this.#session, wish);
    if (session !== 'Allow') throw this.#denied(wish, session, 'SessionPolicy');
  }

  #decide(policies: readonly Policy[] | 'all', wish: Wish): Verdict {
    if (policies === 'all') return 'Allow';
    const request: AccessRequest = {
      ...wish,
      accountId: this.#accountId,
      resources: wish.resources ?? [],
    };
    return wish.resources === null ? decideUnnamed(policies, request) : decide(policies, request);
  }

  #denied(wish: Wish, verdict: Verdict, policyType: string): EcdError {
    const temporary = this.#principal.sessionPolicy !== undefined;
    return new EcdError('NoPermission', {
      action: `ecd:${wish.operation}`,
      principalType: temporary ? 'AssumedRoleUser' : 'SubUser',
      ownerId: this.#accountId,
      displayName: temporary
        ? `${this.#principal.userName}:${this.#principal.accessKeyId}`
        : this.#principal.userName,
      noPermissionType: verdict,
      policyType,
    });
  }
}

/** Gives the rights of callers, remembering each for at most a second. */
export class RightsTable {
  readonly #catalogue: Catalogue;
  readonly #accountId: string;
  readonly #clock: Clock;
  readonly #cache = new Map<string, { readonly rights: Rights; readonly until: number }>();

  constructor(catalogue: Catalogue, accountId: string, clock: Clock) {
    this.#catalogue = catalogue;
    this.#accountId = accountId;
    this.#clock = clock;
  }

  /** At once when they are remembered. Throws AccessPolicy.Malformed, Catalogue.Unavailable. */
  rightsOf(principal: Principal): Rights | Promise<Rights> {
    const now = this.#clock();
    const kept = this.#cache.get(principal.accessKeyId);
    // A clock that was set back must not keep old rights alive.
    if (kept !== undefined && now < kept.until && kept.until - now <= CACHE_MS) return kept.rights;
    return this.#compile(principal, now + CACHE_MS);
  }

  async #compile(principal: Principal, until: number): Promise<Rights> {
    const { accessKeyId, userName, sessionPolicy } = principal;
    const user =
      userName === ADMINISTRATOR
        ? 'all'
        : (await documentsOf(this.#catalogue.db, userName)).map((document) => parsePolicy(document));
    const session = sessionPolicy == null ? 'all' : [parsePolicy(sessionPolicy)];
    const rights = new Rights(principal, this.#accountId, user, session);
    if (this.#cache.size >= CACHE_KEYS) this.#cache.clear();
    this.#cache.set(accessKeyId, { rights, until });
    return rights;
  }
}
