/**
 * Signs requests in both ways, written from the public documents alone.
 *
 * Invariant: shares no line with the server: what both get wrong in the same way would go unseen.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Key } from './sdk.ts';

export const VERSION = '2020-09-30';

export interface SignedRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface SignOptions {
  readonly method?: 'GET' | 'POST';
  /** Where the operation's parameters travel. */
  readonly place?: 'query' | 'form';
  readonly format?: 'JSON' | 'XML';
  readonly hash?: 'HMAC-SHA1' | 'HMAC-SHA256';
  readonly nonce?: string;
  /** Milliseconds since 1970. */
  readonly now?: number;
}

/** Percent-encodes byte by byte. */
export function percent(text: string): string {
  let out = '';
  for (const byte of new TextEncoder().encode(text)) {
    const c = String.fromCharCode(byte);
    out += /[A-Za-z0-9._~-]/.test(c) ? c : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  }
  return out;
}

/** SignatureVersion 1.0. */
export function signByParameters(
  key: Key,
  action: string,
  parameters: Record<string, string>,
  options: SignOptions = {},
): SignedRequest {
  const { method = 'POST', place = 'query', hash = 'HMAC-SHA1' } = options;
  const all: Record<string, string> = {
    Action: action,
    Version: VERSION,
    AccessKeyId: key.accessKeyId,
    SignatureMethod: hash,
    SignatureVersion: '1.0',
    SignatureNonce: options.nonce ?? newNonce(),
    Timestamp: timestampOf(options),
    ...(options.format === undefined ? {} : { Format: options.format }),
    ...parameters,
  };
  const text = `${method}&${percent('/')}&${percent(joined(all))}`;
  const mac = createHmac(hash === 'HMAC-SHA1' ? 'sha1' : 'sha256', `${key.accessKeySecret}&`).update(text);
  all['Signature'] = mac.digest('base64');
  const form = place === 'form' && method === 'POST';
  return {
    method,
    target: form ? '/' : `/?${joined(all)}`,
    headers: form ? { 'content-type': 'application/x-www-form-urlencoded' } : {},
    body: form ? joined(all) : '',
  };
}

/** ACS3-HMAC-SHA256. `host` is what stands in the Host header. */
export function signByHeaders(
  key: Key,
  host: string,
  action: string,
  parameters: Record<string, string>,
  options: SignOptions = {},
): SignedRequest {
  const { method = 'POST', place = 'query' } = options;
  const form = place === 'form' && method === 'POST';
  const format: Record<string, string> = options.format === undefined ? {} : { Format: options.format };
  const query = joined({ ...format, ...(form ? {} : parameters) });
  const body = form ? joined(parameters) : '';
  const bodyHash = createHash('sha256').update(body).digest('hex');
  const headers: Record<string, string> = {
    host,
    'x-acs-action': action,
    'x-acs-version': VERSION,
    'x-acs-date': timestampOf(options),
    'x-acs-signature-nonce': options.nonce ?? newNonce(),
    'x-acs-content-sha256': bodyHash,
    ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const canonical = [method, '/', query, lines, names.join(';'), bodyHash].join('\n');
  const text = `ACS3-HMAC-SHA256\n${createHash('sha256').update(canonical).digest('hex')}`;
  const signature = createHmac('sha256', key.accessKeySecret).update(text).digest('hex');
  headers['authorization'] =
    `ACS3-HMAC-SHA256 Credential=${key.accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`;
  return { method, target: query === '' ? '/' : `/?${query}`, headers, body };
}

export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

function joined(parameters: Record<string, string>): string {
  const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Object.keys(parameters)
    .sort(compare)
    .map((name) => `${percent(name)}=${percent(parameters[name]!)}`)
    .join('&');
}

function timestampOf(options: SignOptions): string {
  return new Date(options.now ?? Date.now()).toISOString().replace(/\.\d+Z$/, 'Z');
}
