/**
 * The parameter signature (`SignatureVersion=1.0`), as pure functions.
 *
 * Invariants: signed are all parameters of query and form together but `Signature`, empty ones too, and the method;
 * the key is the secret with `&` behind it.
 */
import { createHmac } from 'node:crypto';
import { canonicalQuery, equalSecretly } from './canonical.ts';
import type { ParameterMap } from './parameters.ts';

export type V1Method = 'HMAC-SHA1' | 'HMAC-SHA256';

const HASHES: Readonly<Record<V1Method, string>> = { 'HMAC-SHA1': 'sha1', 'HMAC-SHA256': 'sha256' };
// The canonical query holds only unreserved characters, %, = and &.
const TWICE: Readonly<Record<string, string>> = { '%': '%25', '=': '%3D', '&': '%26' };

export function isV1Method(text: string): text is V1Method {
  return Object.hasOwn(HASHES, text);
}

/** `GET&%2F&...`: what is signed. `method` is the HTTP verb in upper case. */
export function stringToSignV1(method: string, parameters: ParameterMap): string {
  const canonical = canonicalQuery(parameters, 'Signature');
  return `${method}&%2F&${canonical.replace(/[%=&]/g, (c) => TWICE[c]!)}`;
}

/** The signature in base64. */
export function signV1(secret: string, stringToSign: string, method: V1Method = 'HMAC-SHA1'): string {
  return createHmac(HASHES[method], `${secret}&`).update(stringToSign).digest('base64');
}

/** Whether `given` signs the text; any text may be given. */
export function verifyV1(secret: string, stringToSign: string, method: V1Method, given: string): boolean {
  return equalSecretly(signV1(secret, stringToSign, method), given);
}

/** The message of SignatureDoesNotMatch. SDKs compare what stands behind the first colon with their own string. */
export function mismatchV1(stringToSign: string): string {
  return `Specified signature is not matched with our calculation. server string to sign is:${stringToSign}`;
}
