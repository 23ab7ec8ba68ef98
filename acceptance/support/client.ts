/**
 * A client for the acceptance tests: signs by its own signer, in either way, and reads JSON and XML.
 *
 * Invariants: every answer is noted for the coverage table; a request has a deadline; every body is checked to have the
 * form that the documents promise, whatever the test looks at.
 */
import { request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Key } from './sdk.ts';
import { noteExchange, noteKey } from './secrets.ts';
import { noteSeen } from './seen.ts';
import { type SignedRequest, type SignOptions, signByHeaders, signByParameters } from './signer.ts';

export interface Response {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  readonly format: 'JSON' | 'XML';
  readonly requestId: string;
  /** `OK` or the error code. */
  readonly code: string;
  /** The error's message, or ''. */
  readonly message: string;
  /** The JSON body; {} for XML. */
  readonly body: Record<string, unknown>;
}

export interface CallOptions extends SignOptions {
  /** Default: headers (ACS3-HMAC-SHA256). */
  readonly signature?: 'headers' | 'parameters';
}

const DEADLINE_MS = 90_000;
const UUID = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/;

export class Client {
  readonly #url: URL;
  readonly #host: string;
  readonly #key: Key;

  /** @param url `http://HOST:PORT`, or https: any certificate is taken, since the tests make their own */
  constructor(url: string, key: Key) {
    this.#url = new URL(url);
    this.#host = this.#url.host;
    this.#key = key;
    noteKey(key);
  }

  /** Calls an operation. RegionId is added when it is not given; a parameter set to undefined is left out. */
  async call(
    action: string,
    parameters: Readonly<Record<string, string | undefined>> = {},
    options: CallOptions = {},
  ): Promise<Response> {
    const all = Object.entries({ RegionId: 'cn-hangzhou', ...parameters });
    const sent = Object.fromEntries(all.filter((p): p is [string, string] => p[1] !== undefined));
    const byParameters = options.signature === 'parameters';
    const signed = byParameters
      ? signByParameters(this.#key, action, sent, options)
      : signByHeaders(this.#key, this.#host, action, sent, options);
    const answer = await this.send(signed);
    noteExchange(sent, answer.body['Ticket'] ?? /<Ticket>([^<]+)</.exec(answer.text)?.[1]);
    const client = byParameters ? 'own V1' : 'own V3';
    noteSeen({ action, code: answer.code, format: answer.format, client });
    return answer;
  }

  /** Calls an operation that must succeed; gives its JSON body. */
  async ok(action: string, parameters: Readonly<Record<string, string | undefined>> = {}) {
    const answer = await this.call(action, parameters);
    if (answer.status !== 200) throw new Error(`${action}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  /** Sends a request as it is and checks the form of the answer. */
  async send(signed: SignedRequest): Promise<Response> {
    const { status, headers, text } = await exchange(this.#url, signed);
    const type = String(headers['content-type']);
    if (type !== 'application/json;charset=utf-8' && type !== 'text/xml;charset=utf-8')
      throw new Error(`unexpected content type ${type}: ${text}`);
    const format = type.startsWith('text/xml') ? 'XML' : 'JSON';
    const body = format === 'JSON' ? (JSON.parse(text) as Record<string, unknown>) : {};
    const field = (name: string) =>
      format === 'JSON'
        ? String(body[name] ?? '')
        : (new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '');
    const requestId = field('RequestId');
    if (!UUID.test(requestId) || headers['x-acs-request-id'] !== requestId)
      throw new Error(`no RequestId, or another one in the header: ${text}`);
    if (format === 'XML' && !text.startsWith("<?xml version='1.0' encoding='UTF-8'?><"))
      throw new Error(`no XML: ${text}`);
    if (status === 200) return { status, headers, text, format, requestId, code: 'OK', message: '', body };
    for (const name of ['HostId', 'Code', 'Message'])
      if (field(name) === '') throw new Error(`an error without ${name}: ${text}`);
    if (/aliyun|alibaba/i.test(`${field('HostId')}${/Recommend.*/s.exec(text)?.[0]}`))
      throw new Error(`leads to the public cloud: ${text}`);
    return { status, headers, text, format, requestId, code: field('Code'), message: field('Message'), body };
  }
}

function exchange(
  { protocol, hostname, port }: URL,
  signed: SignedRequest,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }> {
  const open = protocol === 'https:' ? secureRequest : request;
  return new Promise((resolve, reject) => {
    const sent = open(
      {
        rejectUnauthorized: false,
        hostname,
        port,
        path: signed.target,
        method: signed.method,
        headers: { ...signed.headers, 'content-length': Buffer.byteLength(signed.body) },
        signal: AbortSignal.timeout(DEADLINE_MS),
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text: Buffer.concat(parts).toString(),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(signed.body);
  });
}
