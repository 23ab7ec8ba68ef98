/**
 * Signs requests with ACS3-HMAC-SHA256 by Web Crypto, and keeps every step of it to be shown.
 *
 * Invariants: the secret is kept as a key that cannot be read out again; what is signed is what `send` sends.
 */
export const VERSION = '2020-09-30';
const ALGORITHM = 'ACS3-HMAC-SHA256';
const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const;
const bytes = (text: string) => new TextEncoder().encode(text);

/** Named so, because not every place that runs this file has the name CryptoKey. */
export type SigningKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

export interface Credentials {
  readonly accessKeyId: string;
  readonly key: SigningKey;
  /** The same secret for the older signature. */
  readonly olderKey: SigningKey;
  /** Of temporary credentials. */
  readonly securityToken?: string | undefined;
  /** When they end, if that is known. */
  readonly expiresAt?: Date | undefined;
}

export type Parameters = Readonly<Record<string, string>>;

/** A request but for its signature. `host` is what the client will send as Host. */
export interface Unsigned {
  readonly host: string;
  readonly action: string;
  readonly parameters: Parameters;
  readonly format: 'JSON' | 'XML';
  readonly securityToken?: string | undefined;
  readonly nonce: string;
  /** yyyy-MM-ddTHH:mm:ssZ */
  readonly date: string;
}

/** What a request is signed by, step by step. */
export interface Steps {
  readonly body: string;
  /** With `host`, which a browser sets itself. */
  readonly headers: Parameters;
  readonly signedHeaders: string;
  readonly target: string;
  readonly canonicalRequest: string;
  readonly stringToSign: string;
}

export interface Signed extends Steps {
  readonly signature: string;
  /** The header, where the signature stands in one. */
  readonly authorization?: string;
}

/** The secret as a key that signs and cannot be read. */
export function importSecret(secret: string): Promise<SigningKey> {
  return crypto.subtle.importKey('raw', bytes(secret), HMAC, false, ['sign']);
}

/** Keys of both signatures, which cannot be read. */
export async function credentialsOf(
  accessKeyId: string,
  secret: string,
  more: Pick<Credentials, 'securityToken' | 'expiresAt'> = {},
): Promise<Credentials> {
  const sha1 = { name: 'HMAC', hash: 'SHA-1' };
  const olderKey = await crypto.subtle.importKey('raw', bytes(`${secret}&`), sha1, false, ['sign']);
  return { accessKeyId, key: await importSecret(secret), olderKey, ...more };
}

/** A nonce and the time of now. */
export function fresh(): { nonce: string; date: string } {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return { nonce: hex(random), date: new Date().toISOString().replace(/\.\d+Z$/, 'Z') };
}

/** Everything up to the string to sign. Needs no key. */
export async function steps(request: Unsigned): Promise<Steps> {
  const body = encodeParameters(request.parameters);
  const bodyHash = await sha256(body);
  const query = encodeParameters({ Format: request.format });
  const headers: Record<string, string> = {
    host: request.host,
    'content-type': 'application/x-www-form-urlencoded',
    'x-acs-action': request.action,
    'x-acs-version': VERSION,
    'x-acs-date': request.date,
    'x-acs-signature-nonce': request.nonce,
    'x-acs-content-sha256': bodyHash,
  };
  if (request.securityToken) headers['x-acs-security-token'] = request.securityToken;
  const names = Object.keys(headers).sort();
  const signedHeaders = names.join(';');
  const lines = names.map((name) => `${name}:${headers[name]!.trim()}\n`).join('');
  const canonicalRequest = ['POST', '/', query, lines, signedHeaders, bodyHash].join('\n');
  const stringToSign = `${ALGORITHM}\n${await sha256(canonicalRequest)}`;
  return { body, headers, signedHeaders, target: `/?${query}`, canonicalRequest, stringToSign };
}

/** The last step. */
export async function sign(
  done: Steps,
  credentials: Pick<Credentials, 'accessKeyId' | 'key'>,
): Promise<Signed> {
  const signature = hex(
    new Uint8Array(await crypto.subtle.sign(HMAC, credentials.key, bytes(done.stringToSign))),
  );
  const authorization = `${ALGORITHM} Credential=${credentials.accessKeyId},SignedHeaders=${done.signedHeaders},Signature=${signature}`;
  return { ...done, signature, authorization };
}

/** `enc(k)=enc(v)` ordered by the names' UTF-8 bytes. */
export function encodeParameters(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => ({ order: bytes(name), text: `${percent(name)}=${percent(value)}` }))
    .sort((a, b) => compare(a.order, b.order))
    .map(({ text }) => text)
    .join('&');
}

/** UTF-8 with all but letters, digits and `-_.~` as `%XX`. */
export function percent(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

async function sha256(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes(text))));
}

function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
