/**
 * What one ECD operation is: its name, permission, parameters and response as schemas, and its few lines.
 *
 * Invariants: one file an operation, one table (index.ts); an operation knows no HTTP, no XML and no signature; one
 * with `kind: 'write'` hands `context.claim` to the service that does the write, which records the request's nonce in
 * the same transaction.
 */
import type { Static, TObject, TSchema } from 'typebox';
import type { Claim } from '../catalogue/nonces.ts';
import type { ErrorCode } from '../errors.ts';
import type { Services } from './services.ts';

export interface RequestContext {
  readonly requestId: string;
  /** The caller's key and user; `Creator` of what it makes. */
  readonly accessKeyId: string;
  readonly userName: string;
  /** Records the nonce of this request in the transaction of the write. */
  readonly claim: Claim;
  /** This server's own public address as `host[:port]`, for HostId and RegionEndpoint. */
  readonly publicHost: string;
  /** Tells the audit log of what was made and is not named in the answer: `snapshot/ID`. It stays told if `run` throws. */
  alsoMade(resources: readonly string[]): void;
  /** Aborted when the client goes away or the service stops. */
  readonly signal: AbortSignal;
}

export interface Operation<P extends TObject = TObject, R extends TObject = TObject> {
  readonly name: string;
  readonly kind: 'read' | 'write';
  /** One sentence for the metadata document and the Explorer. */
  readonly summary: string;
  /** Parameters as ECD names them. Lists are `X.1`, `X.2` on the wire, objects in lists `X.1.Key`. */
  readonly parameters: P;
  /** Response without RequestId. */
  readonly response: R;
  /** Error codes of its own (beside those of form and signature). */
  readonly errors: readonly ErrorCode[];
  /**
   * What it acts on, for access policies (see resources.ts); without it `*`, everything. Every one must be allowed. It
   * may look things up, but a thing that is not there must give a name that is no easier to be allowed.
   */
  resources?(parameters: Static<P>, services: Services): readonly string[] | Promise<readonly string[]>;
  /**
   * What its answer shows, or what it reaches by way of these: none of it has to be allowed, but whoever is denied one of
   * them is refused. It is asked only of those whose rights are limited.
   */
  alsoShows?(parameters: Static<P>, services: Services): readonly string[] | Promise<readonly string[]>;
  /** What its answer says it has made, for the audit log, which knows before only that something is to be made. */
  creates?(result: Static<R>): readonly string[];
  run(services: Services, parameters: Static<P>, context: RequestContext): Promise<Static<R>>;
}

/** Gives an operation its types; the schemas decide them. */
export function operation<P extends TObject, R extends TObject>(definition: Operation<P, R>): Operation {
  return definition as unknown as Operation;
}

/**
 * Words a parameter's schema may carry beside JSON Schema's:
 *   `x-error`: the code given when the value is malformed (else Invalid{Parameter})
 *   `x-ignore-case`: an enumeration compared in any case; the handler gets the spelling of the schema
 *   `x-style`: 'repeatList' (default of arrays), 'flat' (object as X.Key), 'json' (object as JSON text)
 */
export interface ParameterWords {
  readonly 'x-error'?: ErrorCode;
  readonly 'x-ignore-case'?: boolean;
  readonly 'x-style'?: 'repeatList' | 'flat' | 'json';
}

export type ParameterSchema = TSchema & ParameterWords;
