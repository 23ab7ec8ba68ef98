/**
 * A small client of the API: signs with ACS3-HMAC-SHA256 and sends.
 *
 * Invariants: it shares no code with the door, so that it is a second opinion on the signature; a request has a
 * deadline; the secret goes into the signature and nowhere else.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { EcdError } from '../errors.ts';

export interface ClientKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string | undefined;
}

export interface CallOptions {
  /** Default 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const VERSION = '2020-09-30';
/** What still fits into a request line everywhere; more goes into the body. */
const MAX_QUERY = 4096;

/**
 * Calls one operation. `params` are wire names (`SnapshotId.1`) and texts. Answers the JSON object of the response.
 * Throws Call.Refused with `code`, `message`, `requestId`, `recommend` in its details, or Call.Unreachable.
 */
export async function call(
  endpoint: string,
  key: ClientKey,
  action: string,
  params: Readonly<Record<string, string>>,
  options: CallOptions = {},
): Promise<Record<string, unknown>> {
  const url = endpointUrl(endpoint);
  const { target, init } = signedRequest(
    url,
    key,
    action,
    params,
    new Date(),
    randomBytes(16).toString('hex'),
  );
  const deadline = AbortSignal.timeout(options.timeoutMs ?? 60_000);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  let status: number;
  let body: string;
  try {
    const response = await fetch(target, { ...init, signal, redirect: 'error' });
    status = response.status;
    body = await response.text();
  } catch (error) {
    if (options.signal?.aborted) throw new EcdError('Cancelled', { reason: 'interrupted' }, error);
    throw new EcdError('Call.Unreachable', { endpoint: url.origin, reason: networkReason(error) }, error);
  }
  return readAnswer(url, status, body);
}

/** The parts of a signed request, for `fetch`. */
export function signedRequest(
  url: URL,
  key: ClientKey,
  action: string,
  params: Readonly<Record<string, string>>,
  now: Date,
  nonce: string,
): { target: string; init: { method: string; headers: Record<string, string>; body?: string } } {
  const text = canonicalParameters(params);
  const inBody = text.length > MAX_QUERY;
  const body = inBody ? text : '';
  const query = inBody ? '' : text;
  const headers: Record<string, string> = {
    host: url.host,
    'x-acs-action': action,
    'x-acs-version': VERSION,
    'x-acs-date': now.toISOString().replace(/\.\d+Z$/, 'Z'),
    'x-acs-signature-nonce': nonce,
    'x-acs-content-sha256': sha256(body),
    ...(inBody ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    ...(key.securityToken === undefined
      ? {}
      : { 'x-acs-security-token': key.securityToken, 'x-acs-accesskey-id': key.accessKeyId }),
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]!.trim()}\n`).join('');
  const canonical = ['POST', '/', query, lines, names.join(';'), sha256(body)].join('\n');
  const signature = createHmac('sha256', key.accessKeySecret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex');
  const { host: _, ...sent } = headers;
  sent['accept'] = 'application/json';
  sent['authorization'] =
    `ACS3-HMAC-SHA256 Credential=${key.accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`;
  const target = `${url.origin}/${query === '' ? '' : `?${query}`}`;
  return { target, init: { method: 'POST', headers: sent, ...(inBody ? { body } : {}) } };
}

/** Reads `http://host:port`, `host:port` or `host` (https then, http on this machine); a path is refused. */
export function endpointUrl(endpoint: string): URL {
  const scheme = /^(localhost|127\.|\[::1\])/.test(endpoint) ? 'http' : 'https';
  const withScheme = /^https?:\/\//i.test(endpoint) ? endpoint : `${scheme}://${endpoint}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : null;
  if (url === null || url.pathname !== '/' || url.search !== '' || url.username !== '')
    throw new EcdError('Call.Unreachable', { endpoint, reason: 'this is no address like http://HOST:PORT' });
  return url;
}

function canonicalParameters(params: Readonly<Record<string, string>>): string {
  return Object.entries(params)
    .map(([name, value]) => `${percent(name)}=${percent(value)}`)
    .sort((a, b) => Buffer.compare(Buffer.from(nameOf(a)), Buffer.from(nameOf(b))))
    .join('&');
}

function nameOf(pair: string): string {
  return decodeURIComponent(pair.slice(0, pair.indexOf('=')));
}

function percent(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function readAnswer(url: URL, status: number, body: string): Record<string, unknown> {
  let answer: Record<string, unknown> | null = null;
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) answer = parsed as Record<string, unknown>;
  } catch {}
  if (answer === null)
    throw new EcdError('Call.Unreachable', {
      endpoint: url.origin,
      reason: `it answers ${status} with something else than JSON`,
    });
  if (status >= 200 && status < 300) return answer;
  const text = (name: string, otherwise: string) => String(answer[name] ?? otherwise);
  throw new EcdError('Call.Refused', {
    status,
    code: text('Code', `HTTP ${status}`),
    message: text('Message', 'no message'),
    requestId: text('RequestId', 'unknown'),
    recommend: text('Recommend', ''),
  });
}

/** `fetch failed` says nothing; its cause does. */
function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer within the deadline';
  const cause = error.cause as (Error & { code?: string; errors?: Error[] }) | undefined;
  const first = cause?.errors?.[0] ?? cause;
  return first?.message || cause?.code || error.message;
}
