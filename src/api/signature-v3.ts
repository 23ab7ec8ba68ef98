/**
 * The header signature (`ACS3-HMAC-SHA256`), as pure functions.
 *
 * Invariants: signed are the method, the query, the headers that the client lists and the hash of the body; the list
 * must hold `host`, every `x-acs-` header that is there, and `content-type` when there is a body: what it leaves out
 * could be changed on the way.
 */
import { createHmac, hash } from 'node:crypto';
import { EcdError } from '../errors.ts';
import { canonicalQuery, equalSecretly } from './canonical.ts';
import type { ParameterMap } from './parameters.ts';

export const ALGORITHM = 'ACS3-HMAC-SHA256';

/** The parts of an Authorization header. */
export interface Authorization {
  readonly accessKeyId: string;
  /** As sent: `host;x-acs-action;...`. */
  readonly signedHeaders: string;
  readonly names: readonly string[];
  readonly signature: string;
}

/** Header values by lower-case name. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

const SHAPE =
  /^ACS3-HMAC-SHA256\s+Credential=([^,\s]+)\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([^,\s]+)$/;
const NAMES = /^[a-z0-9-]+(;[a-z0-9-]+)*$/;

/** Reads an Authorization header. Throws InvalidSignatureMethod or IncompleteSignature. */
export function parseAuthorization(header: string): Authorization {
  const algorithm = header.split(' ', 1)[0]!;
  if (algorithm !== ALGORITHM && algorithm.startsWith('ACS3-')) throw new EcdError('InvalidSignatureMethod');
  const parts = SHAPE.exec(header.trim());
  if (parts === null) throw incomplete('The Authorization header cannot be read.');
  const [, accessKeyId, signedHeaders, signature] = parts as unknown as [string, string, string, string];
  if (!NAMES.test(signedHeaders)) throw incomplete('SignedHeaders is malformed.');
  return { accessKeyId, signedHeaders, names: signedHeaders.split(';'), signature };
}

/** Throws IncompleteSignature when a header that must be signed is not, or a signed one is not there. */
export function checkSignedHeaders(authorization: Authorization, headers: Headers, hasBody: boolean): void {
  const signed = new Set(authorization.names);
  if (signed.size !== authorization.names.length) throw incomplete('SignedHeaders names a header twice.');
  for (const name of signed)
    if (headers[name] === undefined) throw incomplete(`The signed header ${name} is missing.`);
  if (!signed.has('host')) throw incomplete('The header host must be signed.');
  for (const name in headers)
    if (name.startsWith('x-acs-') && !signed.has(name))
      throw incomplete(`The header ${name} must be signed.`);
  if (hasBody && headers['content-type'] !== undefined && !signed.has('content-type'))
    throw incomplete('The header content-type must be signed.');
}

/**
 * The canonical request.
 * @param host takes the place of the host header (a proxy may have changed it)
 * @param bodyHash SHA-256 of the body in lower-case hex
 */
export function canonicalRequest(
  method: string,
  query: ParameterMap,
  headers: Headers,
  authorization: Pick<Authorization, 'signedHeaders' | 'names'>,
  bodyHash: string,
  host: string,
): string {
  let lines = '';
  for (const name of [...authorization.names].sort()) {
    const value = name === 'host' ? host : headers[name];
    lines += `${name}:${(Array.isArray(value) ? value.join(',') : (value ?? '')).trim()}\n`;
  }
  return `${method}\n/\n${canonicalQuery(query)}\n${lines}\n${authorization.signedHeaders}\n${bodyHash}`;
}

export function stringToSignV3(canonical: string): string {
  return `${ALGORITHM}\n${hash('sha256', canonical, 'hex')}`;
}

/** The signature in lower-case hex. */
export function signV3(secret: string, stringToSign: string): string {
  return createHmac('sha256', secret).update(stringToSign).digest('hex');
}

/** Whether `given` signs the text; any text may be given. */
export function verifyV3(secret: string, stringToSign: string, given: string): boolean {
  return equalSecretly(signV3(secret, stringToSign), given);
}

/** The message of SignatureDoesNotMatch. */
export function mismatchV3(stringToSign: string, canonical: string): string {
  return `Specified signature does not match our calculation. server StringToSign is [${stringToSign}] server CanonicalRequest is [${canonical}]`;
}

function incomplete(reason: string): EcdError {
  return new EcdError('IncompleteSignature', { reason: ` ${reason}` });
}
