/** Signed requests for the tests of the door. */
import { createHash, randomUUID } from 'node:crypto';
import { signV1, stringToSignV1, type V1Method } from '../signature-v1.ts';
import { canonicalRequest, signV3, stringToSignV3 } from '../signature-v3.ts';
import { TEST_KEY } from './toy-door.ts';

export type Fields = Record<string, string>;

export function timestamp(ms: number = Date.now()): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** All parameters of a signed request, `Signature` with them. An undefined field is left out. */
export function signedV1(
  fields: Record<string, string | undefined>,
  method = 'GET',
  secret = TEST_KEY.secret,
): Map<string, string> {
  const all = {
    Version: '2020-09-30',
    Format: 'JSON',
    AccessKeyId: TEST_KEY.accessKeyId,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: randomUUID(),
    Timestamp: timestamp(),
    RegionId: 'cn-hangzhou',
    ...fields,
  };
  const parameters = new Map(Object.entries(all).filter((e): e is [string, string] => e[1] !== undefined));
  const by = (parameters.get('SignatureMethod') ?? 'HMAC-SHA1') as V1Method;
  const usable = by === 'HMAC-SHA1' || by === 'HMAC-SHA256' ? by : 'HMAC-SHA1';
  if (!('Signature' in fields))
    parameters.set('Signature', signV1(secret, stringToSignV1(method, parameters), usable));
  return parameters;
}

export function encodeForm(parameters: ReadonlyMap<string, string>): string {
  return new URLSearchParams([...parameters]).toString();
}

/** Headers of an ACS3 request; `change` adds or replaces headers before signing (undefined: left out). */
export function signedV3(
  action: string,
  query: ReadonlyMap<string, string>,
  host: string,
  {
    method = 'POST',
    body = '',
    change = {} as Record<string, string | undefined>,
    secret = TEST_KEY.secret,
  } = {},
): Fields {
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const all: Record<string, string | undefined> = {
    host,
    'x-acs-action': action,
    'x-acs-version': '2020-09-30',
    'x-acs-date': timestamp(),
    'x-acs-signature-nonce': randomUUID(),
    'x-acs-content-sha256': bodyHash,
    ...(body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    ...change,
  };
  const headers = Object.fromEntries(
    Object.entries(all).filter((e): e is [string, string] => e[1] !== undefined),
  );
  const names = Object.keys(headers).sort();
  const signedHeaders = names.join(';');
  const canonical = canonicalRequest(method, query, headers, { signedHeaders, names }, bodyHash, host);
  const signature = signV3(secret, stringToSignV3(canonical));
  const Authorization = `ACS3-HMAC-SHA256 Credential=${TEST_KEY.accessKeyId},SignedHeaders=${signedHeaders},Signature=${signature}`;
  return { ...headers, Authorization };
}
