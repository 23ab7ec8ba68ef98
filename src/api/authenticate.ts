/**
 * Who asks, and for what: reads the common parameters or headers of a request and checks its signature.
 *
 * Invariants: checks come in the order form, version and action, key, timestamp, signature, nonce; nothing is spent or
 * changed before the signature is right; every refusal is an EcdError with a 4xx status.
 */
import { hash } from 'node:crypto';
import { EcdError } from '../errors.ts';
import type { Clock } from '../ids.ts';
import { KNOWN_OPERATIONS } from '../operations/known-operations.ts';
import type { Operation } from '../operations/operation.ts';
import type { NonceWindow } from './nonces.ts';
import type { ParameterMap } from './parameters.ts';
import { isV1Method, mismatchV1, stringToSignV1, verifyV1 } from './signature-v1.ts';
import * as v3 from './signature-v3.ts';

export const VERSION = '2020-09-30';
const MAX_NONCE = 256;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

export interface AccessKey {
  readonly secret: string;
  readonly status: 'Active' | 'Inactive';
  readonly userName: string;
  /** Only of temporary credentials: they work only with their SecurityToken. */
  readonly temporary?: {
    /** Hash of the token. */
    readonly tokenHash: string;
    /** Milliseconds since 1970. */
    readonly expiresAt: number;
    /** A policy that narrows the user's rights. */
    readonly policy: string | null;
  };
}

export interface Keys {
  /** The key of that id, or null. */
  find(accessKeyId: string): Promise<AccessKey | null>;
  /** What is wrong with a token sent with that key; null if it is the key's own. Without it there are no tokens. */
  tokenFault?(key: AccessKey, token: string): 'Malformed' | 'MismatchWithAccessKey' | null;
}

/** A request, read but not trusted. */
export interface Incoming {
  readonly method: string;
  readonly headers: v3.Headers;
  readonly query: ParameterMap;
  /** Query and form together. */
  readonly parameters: ParameterMap;
  readonly body: Buffer;
}

/** A request whose signature is right. */
export interface Caller {
  readonly accessKeyId: string;
  readonly userName: string;
  readonly nonce: string;
  /** When the nonce can be forgotten, in milliseconds since 1970. */
  readonly expiresMs: number;
  /** Only of temporary credentials: their own policy, null if they have none. */
  readonly sessionPolicy?: string | null;
}

export interface AuthenticationPorts {
  readonly operations: ReadonlyMap<string, Operation>;
  readonly keys: Keys;
  readonly window: NonceWindow;
  readonly clock: Clock;
  /** How far a timestamp may be from the clock, in milliseconds, both ways. */
  readonly timestampWindowMs: number;
  /** Hosts that a client may have signed instead of the one received (behind a proxy). */
  readonly hosts: readonly string[];
}

/** What a request claims, whichever signature it uses. */
interface Claims {
  readonly action: string;
  readonly version: string;
  readonly accessKeyId: string;
  readonly nonce: string;
  readonly timestamp: string;
  readonly securityToken: string;
  verify(secret: string): void;
}

/** True when the request speaks ACS3 (headers) and not SignatureVersion 1.0 (parameters). */
export function isAcs3(headers: v3.Headers, parameters?: ParameterMap): boolean {
  if (text(headers, 'authorization').startsWith('ACS3-')) return true;
  if (headers['x-acs-action'] === undefined) return false;
  // Old SDKs send x-acs-action beside signed parameters.
  return !(parameters?.has('Action') || parameters?.has('AccessKeyId') || parameters?.has('Signature'));
}

/** The operation that a request names, as far as it can be read: for logs and metrics. */
export function actionOf(headers: v3.Headers, parameters: ParameterMap): string {
  return isAcs3(headers, parameters) ? text(headers, 'x-acs-action') : (parameters.get('Action') ?? '');
}

/** The key that a request claims, whether it is right or not: for the audit log. */
export function claimedKeyOf(headers: v3.Headers, parameters: ParameterMap): string {
  if (!isAcs3(headers, parameters)) return parameters.get('AccessKeyId') ?? '';
  return /Credential=([^,\s]+)/.exec(text(headers, 'authorization'))?.[1] ?? '';
}

/** The public service's own operations are told apart from what exists nowhere. */
function notThere(action: string): EcdError {
  if (KNOWN_OPERATIONS.has(action)) return new EcdError('UnsupportedOperation', { action });
  return new EcdError('InvalidAction.NotFound');
}

/** Checks all but rights and the operation's own parameters. Throws EcdError (4xx). */
export async function authenticate(
  request: Incoming,
  ports: AuthenticationPorts,
): Promise<{ operation: Operation; caller: Caller }> {
  const claims = isAcs3(request.headers, request.parameters)
    ? claimsOfAcs3(request, ports.hosts)
    : claimsOfParameters(request);
  if (claims.version !== VERSION) throw new EcdError('InvalidVersion');
  const operation = ports.operations.get(claims.action);
  if (operation === undefined) throw notThere(claims.action);

  const key = await ports.keys.find(claims.accessKeyId);
  if (key === null) throw new EcdError('InvalidAccessKeyId.NotFound');
  if (key.status !== 'Active') throw new EcdError('InvalidAccessKeyId.Inactive');
  checkToken(ports, key, claims.securityToken);

  const expiresMs = checkTimestamp(claims.timestamp, ports.clock(), ports.timestampWindowMs);
  claims.verify(key.secret);
  ports.window.take(claims.accessKeyId, claims.nonce, expiresMs);
  const { accessKeyId, nonce } = claims;
  const caller = { accessKeyId, userName: key.userName, nonce, expiresMs };
  return {
    operation,
    caller: key.temporary === undefined ? caller : { ...caller, sessionPolicy: key.temporary.policy },
  };
}

function checkToken({ keys, clock }: AuthenticationPorts, key: AccessKey, token: string): void {
  if (token === '') {
    if (key.temporary !== undefined) throw new EcdError('MissingParameter', { parameter: 'SecurityToken' });
    return;
  }
  const fault = keys.tokenFault === undefined ? 'Malformed' : keys.tokenFault(key, token);
  if (fault !== null) throw new EcdError(`InvalidSecurityToken.${fault}`);
  if (key.temporary !== undefined && key.temporary.expiresAt <= clock())
    throw new EcdError('InvalidSecurityToken.Expired');
}

/** Reads a timestamp; gives the time at which it stops being valid. */
export function checkTimestamp(timestamp: string, now: number, windowMs: number): number {
  const time = TIMESTAMP.test(timestamp) ? Date.parse(timestamp) : Number.NaN;
  // Date.parse takes 30 February for 1 March, and hour 24 for the next day.
  if (Number.isNaN(time) || new Date(time).getUTCDate() !== Number(timestamp.slice(8, 10)))
    throw new EcdError('InvalidTimeStamp.Format');
  if (Math.abs(now - time) > windowMs) throw new EcdError('InvalidTimeStamp.Expired');
  return time + windowMs;
}

function claimsOfParameters(request: Incoming): Claims {
  const { parameters } = request;
  const action = required(parameters, 'Action');
  const version = required(parameters, 'Version');
  const accessKeyId = required(parameters, 'AccessKeyId');
  const signature = required(parameters, 'Signature');
  const method = required(parameters, 'SignatureMethod');
  const signatureVersion = required(parameters, 'SignatureVersion');
  const nonce = required(parameters, 'SignatureNonce');
  const timestamp = required(parameters, 'Timestamp');
  if (!isV1Method(method)) throw new EcdError('InvalidSignatureMethod');
  if (signatureVersion !== '1.0') throw new EcdError('InvalidSignatureVersion');
  if ((parameters.get('SignatureType') ?? '') !== '')
    throw new EcdError('InvalidParameter', { parameter: 'SignatureType' });
  checkNonce(nonce);
  const securityToken = parameters.get('SecurityToken') ?? '';
  return {
    action,
    version,
    accessKeyId,
    nonce,
    timestamp,
    securityToken,
    verify(secret) {
      const signed = stringToSignV1(request.method, parameters);
      if (!verifyV1(secret, signed, method, signature))
        throw new EcdError('SignatureDoesNotMatch', { detail: mismatchV1(signed) });
    },
  };
}

function claimsOfAcs3(request: Incoming, hosts: readonly string[]): Claims {
  const { headers, method, query, body } = request;
  const action = requiredHeader(headers, 'x-acs-action', 'Action');
  const version = requiredHeader(headers, 'x-acs-version', 'Version');
  const header = text(headers, 'authorization');
  if (header === '') throw new EcdError('MissingAccessKeyId');
  const authorization = v3.parseAuthorization(header);
  const timestamp = requiredHeader(headers, 'x-acs-date', 'Timestamp');
  const nonce = requiredHeader(headers, 'x-acs-signature-nonce', 'SignatureNonce');
  const sentHash = requiredHeader(headers, 'x-acs-content-sha256', 'ContentSha256');
  v3.checkSignedHeaders(authorization, headers, body.length > 0);
  checkNonce(nonce);
  const keyHeader = text(headers, 'x-acs-accesskey-id');
  if (keyHeader !== '' && keyHeader !== authorization.accessKeyId)
    throw new EcdError('InvalidSecurityToken.MismatchWithAccessKey');
  return {
    action,
    version,
    accessKeyId: authorization.accessKeyId,
    nonce,
    timestamp,
    securityToken: text(headers, 'x-acs-security-token'),
    verify(secret) {
      const bodyHash = body.length === 0 ? EMPTY_HASH : hash('sha256', body, 'hex');
      const received = text(headers, 'host');
      let first: string | undefined;
      for (const host of [received, ...hosts.filter((h) => h !== received)]) {
        const canonical = v3.canonicalRequest(method, query, headers, authorization, bodyHash, host);
        first ??= canonical;
        const valid = v3.verifyV3(secret, v3.stringToSignV3(canonical), authorization.signature);
        if (valid && sentHash === bodyHash) return;
      }
      const detail = v3.mismatchV3(v3.stringToSignV3(first!), first!);
      throw new EcdError('SignatureDoesNotMatch', { detail });
    },
  };
}

const EMPTY_HASH = hash('sha256', '', 'hex');

function required(parameters: ParameterMap, parameter: string): string {
  const value = parameters.get(parameter) ?? '';
  if (value === '') throw missing(parameter);
  return value;
}

function requiredHeader(headers: v3.Headers, name: string, parameter: string): string {
  const value = text(headers, name);
  if (value === '') throw missing(parameter);
  return value;
}

function missing(parameter: string): EcdError {
  if (parameter === 'AccessKeyId') return new EcdError('MissingAccessKeyId');
  if (parameter === 'Signature') return new EcdError('MissingSignature');
  return new EcdError('MissingParameter', { parameter });
}

function checkNonce(nonce: string): void {
  if (nonce.length > MAX_NONCE) throw new EcdError('InvalidParameter', { parameter: 'SignatureNonce' });
}

function text(headers: v3.Headers, name: string): string {
  const value = headers[name];
  return value === undefined ? '' : Array.isArray(value) ? value.join(',') : value;
}
