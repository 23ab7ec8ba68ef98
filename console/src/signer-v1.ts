/**
 * The older signature: HMAC-SHA1 (SignatureVersion 1.0) over all parameters, which go into the form with the signature.
 *
 * Invariant: as in signer.ts: what is signed is what `send` sends, and the key cannot be read.
 */
import {
  type Credentials,
  encodeParameters,
  percent,
  type Signed,
  type Steps,
  type Unsigned,
  VERSION,
} from './signer.ts';

/** Everything up to the string to sign. Needs no key, but the id of one. */
export function stepsV1(request: Unsigned, accessKeyId: string): Steps {
  const all: Record<string, string> = {
    ...request.parameters,
    Action: request.action,
    Version: VERSION,
    Format: request.format,
    AccessKeyId: accessKeyId,
    SignatureMethod: 'HMAC-SHA1',
    SignatureVersion: '1.0',
    SignatureNonce: request.nonce,
    Timestamp: request.date,
    ...(request.securityToken ? { SecurityToken: request.securityToken } : {}),
  };
  const canonicalRequest = encodeParameters(all);
  return {
    body: canonicalRequest,
    headers: { host: request.host, 'content-type': 'application/x-www-form-urlencoded' },
    signedHeaders: '',
    target: '/',
    canonicalRequest,
    stringToSign: `POST&%2F&${percent(canonicalRequest)}`,
  };
}

/** The last step. */
export async function signV1(done: Steps, { olderKey }: Credentials): Promise<Signed> {
  const mac = await crypto.subtle.sign('HMAC', olderKey, new TextEncoder().encode(done.stringToSign));
  const signature = btoa(String.fromCharCode(...new Uint8Array(mac)));
  return { ...done, body: `${done.body}&Signature=${percent(signature)}`, signature };
}
