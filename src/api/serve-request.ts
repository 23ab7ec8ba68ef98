/**
 * One request from its first byte to its answer.
 *
 * Invariants: the order is form, version and action, key, timestamp, signature, nonce, rate, rights, parameters, business;
 * whatever is thrown becomes an answer with a RequestId; the nonce of a write is on durable record before any answer
 * that follows a right signature.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeError, EcdError, publicError } from '../errors.ts';
import type { Operation } from '../operations/operation.ts';
import { admit, type Trace } from './admit.ts';
import { actionOf, authenticate, type Caller, claimedKeyOf, type Incoming, isAcs3 } from './authenticate.ts';
import { ClientGone, readBody } from './body.ts';
import { DoorContext } from './context.ts';
import { parameterDecoder, type WireSchema } from './decode.ts';
import { NonceWindow } from './nonces.ts';
import { decodeParameters, formOf, mergeParameters, queryOf } from './parameters.ts';
import type { DoorPorts } from './ports.ts';
import { type Format, hostOf, renderError } from './render-error.ts';
import { JSON_TYPE, renderJson } from './render-json.ts';
import { renderXml, XML_TYPE } from './render-xml.ts';
import { type Source, Sources } from './source.ts';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly requestId: string;
  /** True when the rest of the connection is not worth reading. */
  readonly close: boolean;
  /** When it is worth asking again. */
  readonly retryAfterMs?: number | undefined;
}

const HOST = /^[A-Za-z0-9.\-_[\]:]{1,260}$/;
/** Refusals before anything was looked up: as many as a client can send. */
const CHEAP = ['Throttling.User', 'Throttling.Api', 'NoPermission'] as const;
const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();

/** Serves requests on `/`. Throws only ClientGone. */
export class RequestServer {
  readonly #ports: DoorPorts;
  readonly #decoders: ReadonlyMap<
    string,
    (parameters: ReadonlyMap<string, string>) => Record<string, unknown>
  >;
  readonly #window: NonceWindow;
  readonly #limits: { readonly body: number; readonly parameters: number; readonly windowMs: number };
  readonly #hosts: readonly string[];
  readonly #sources: Sources;

  constructor(ports: DoorPorts) {
    const { settings } = ports;
    this.#ports = ports;
    this.#decoders = new Map(
      [...ports.operations].map(([name, o]) => [
        name,
        parameterDecoder(o.parameters as unknown as WireSchema),
      ]),
    );
    this.#window = new NonceWindow(ports.clock);
    this.#limits = {
      body: settings.maxBodyBytes ?? 1024 * 1024,
      parameters: settings.maxParameters ?? 4000,
      windowMs: settings.timestampWindowMs ?? 15 * 60_000,
    };
    this.#sources = new Sources(settings.trustedProxies ?? []);
    this.#hosts = [
      ...(settings.publicUrl ? [hostOf(settings.publicUrl)] : []),
      ...(settings.trustedHosts ?? []),
    ];
  }

  async serve(message: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const started = performance.now();
    const requestId = this.#ports.newRequestId();
    const source = this.#sources.of(message);
    const trace: Trace = { caller: undefined, resources: [] };
    let incoming: Incoming | undefined;
    try {
      incoming = await this.#read(message);
      const format = formatOf(incoming);
      if (this.#ports.settings.requireTls === true && !source.secure)
        throw new EcdError('InvalidProtocol.NeedSsl');
      const { operation, result } = await this.#run(incoming, requestId, message, response, source, trace);
      const body =
        format === 'JSON' ? renderJson(requestId, result) : renderXml(operation.name, requestId, result);
      this.#answered(requestId, operation, incoming, source, trace, 'OK', 200, started);
      const contentType = format === 'JSON' ? JSON_TYPE : XML_TYPE;
      return { status: 200, contentType, body, requestId, close: false };
    } catch (thrown) {
      if (thrown instanceof ClientGone) throw thrown;
      const known = incoming === undefined ? '' : actionOf(incoming.headers, incoming.parameters);
      const operation = this.#ports.operations.get(known);
      const rendered = this.refuse(
        thrown,
        requestId,
        operation?.name ?? '',
        errorFormat(message, incoming),
        message,
      );
      this.#answered(requestId, operation, incoming, source, trace, rendered.code, rendered.status, started);
      return { ...rendered, requestId, close: EcdError.is(thrown, 'RequestTooLarge') };
    }
  }

  /** Tells metrics and the audit log. */
  #answered(
    requestId: string,
    operation: Operation | undefined,
    incoming: Incoming | undefined,
    source: Source,
    { caller, resources }: Trace,
    code: string,
    status: number,
    started: number,
  ): void {
    const seconds = (performance.now() - started) / 1000;
    this.#ports.onAnswer?.(operation?.name ?? '', code, status, seconds);
    if (this.#ports.audit === undefined) return;
    const claimed = () => (incoming === undefined ? '' : claimedKeyOf(incoming.headers, incoming.parameters));
    this.#ports.audit({
      requestId,
      operation: operation?.name ?? '',
      kind: operation?.kind ?? '',
      accessKeyId: caller?.accessKeyId ?? claimed(),
      userName: caller?.userName ?? '',
      resources,
      source: source.address,
      status,
      code,
      seconds,
    });
  }

  /** Renders what was thrown, and logs what the client must not see. */
  refuse(thrown: unknown, requestId: string, action: string, format: Format, message?: IncomingMessage) {
    const error = publicError(thrown);
    const rendered = renderError(error, requestId, format, this.publicUrl(message));
    if (rendered.status >= 500)
      this.#ports.log.error(
        { requestId, action, code: rendered.code, reason: describeError(thrown) },
        'request failed',
      );
    else this.#ports.log.debug({ requestId, action, code: rendered.code }, 'request refused');
    return rendered;
  }

  async #read(message: IncomingMessage): Promise<Incoming> {
    const { headers } = message;
    const method = message.method ?? '';
    if (method !== 'GET' && method !== 'POST') throw new EcdError('UnsupportedHTTPMethod');
    const pending = readBody(message, this.#limits.body);
    const body = Buffer.isBuffer(pending) ? pending : await pending;
    const limit = this.#limits.parameters;
    const query = new Map<string, string>();
    decodeParameters(queryOf(message.url ?? ''), query, limit);
    if (body.length === 0) return { method, headers, query, parameters: query, body };
    const parameters = new Map<string, string>();
    decodeParameters(formOf(body, headers['content-type'], headers['content-encoding']), parameters, limit);
    mergeParameters(parameters, query, limit);
    return { method, headers, query, parameters, body };
  }

  async #run(
    incoming: Incoming,
    requestId: string,
    message: IncomingMessage,
    response: ServerResponse,
    source: Source,
    trace: Trace,
  ) {
    const { clock, nonces, operations, keys } = this.#ports;
    const { operation, caller } = await authenticate(incoming, {
      operations,
      keys,
      clock,
      window: this.#window,
      timestampWindowMs: this.#limits.windowMs,
      hosts: this.#hosts,
    });
    trace.caller = caller;
    const claim = nonces.claim(caller.accessKeyId, caller.nonce, caller.expiresMs);
    const fields = {
      requestId,
      accessKeyId: caller.accessKeyId,
      userName: caller.userName,
      claim,
      publicHost: hostOf(this.publicUrl(message)),
      alsoMade: (made: readonly string[]) => {
        trace.resources = [...trace.resources, ...made];
      },
    };
    const context = new DoorContext(fields, response, this.#ports.stopping);
    const carryOut = () => this.#carryOut(operation, caller, incoming, context, source, trace);
    if (operation.kind === 'read') return { operation, result: await carryOut() };
    let cheap = false;
    try {
      return { operation, result: await carryOut() };
    } catch (thrown) {
      cheap = EcdError.is(thrown, ...CHEAP);
      throw thrown;
    } finally {
      // Of what was refused, too: whoever overheard it would otherwise carry it out after a restart, against an answer
      // on which its sender may have acted.
      if (nonces.isRecorded?.(claim) !== true) await nonces.spend(claim, cheap);
    }
  }

  async #carryOut(
    operation: Operation,
    caller: Caller,
    incoming: Incoming,
    context: DoorContext,
    source: Source,
    trace: Trace,
  ): Promise<object> {
    const decode = this.#decoders.get(operation.name)!;
    const sent = incoming.parameters;
    const parameters = await admit(this.#ports, operation, decode, caller, sent, source, trace);
    const result = await operation.run(this.#ports.services, parameters, context);
    context.alsoMade(operation.creates?.(result) ?? []);
    return result;
  }

  /** This server's own address: the setting, else what the client called it, else where it was reached. */
  publicUrl(message: IncomingMessage | undefined): string {
    const { settings } = this.#ports;
    if (settings.publicUrl) return settings.publicUrl.replace(/\/+$/, '');
    const host = message?.headers.host ?? '';
    const { localAddress = '127.0.0.1', localPort = 0 } = message?.socket ?? {};
    const reached = localAddress.includes(':')
      ? `[${localAddress}]:${localPort}`
      : `${localAddress}:${localPort}`;
    return `${settings.tls === undefined ? 'http' : 'https'}://${HOST.test(host) ? host : reached}`;
  }
}

/** The format asked for. Throws InvalidParameter.Format. */
function formatOf(incoming: Incoming): Format {
  const asked = (incoming.parameters.get('Format') ?? '').toUpperCase();
  if (asked === 'JSON' || asked === 'XML') return asked;
  if (asked !== '') throw new EcdError('InvalidParameter.Format');
  return isAcs3(incoming.headers, incoming.parameters) ? 'JSON' : 'XML';
}

/** The format of a refusal: what was asked for as far as it could be read; JSON when nothing could. */
function errorFormat(message: IncomingMessage, incoming: Incoming | undefined): Format {
  if (incoming === undefined) return 'JSON';
  const asked = (incoming.parameters.get('Format') ?? '').toUpperCase();
  if (asked === 'JSON' || asked === 'XML') return asked;
  return isAcs3(message.headers, incoming.parameters ?? NO_PARAMETERS) ? 'JSON' : 'XML';
}
