/**
 * The door: the HTTP server in front of the operations.
 *
 * Invariants: `/` takes GET and POST, `/healthz` answers 200, `/console/` is the web console, `/screen` opens screens,
 * `/meta/v1/` describes the operations, everything else is a clear 4xx, malformed HTTP too; no input makes a 5xx; every
 * wait for a client has a time limit; nothing is logged per request above debug.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { EcdError } from '../errors.ts';
import { ClientGone } from './body.ts';
import { serveConsole } from './console-routes.ts';
import { allowOrigins } from './cors.ts';
import { serveMetadata } from './metadata-routes.ts';
import type { DoorPorts } from './ports.ts';
import { hostOf } from './render-error.ts';
import { isScreenRequest, serveScreens } from './screens.ts';
import { type Answer, RequestServer } from './serve-request.ts';
import { serveSignInLinks } from './sign-in-route.ts';

const MAX_HEADER_BYTES = 64 * 1024;

/** Builds the server; the caller listens, and may register more routes on it before. */
export function buildDoor(ports: DoorPorts): FastifyInstance {
  const { settings } = ports;
  const server = new RequestServer(ports);
  const node = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: settings.headersTimeoutMs ?? 15_000,
    requestTimeout: settings.requestTimeoutMs ?? 30_000,
    keepAliveTimeout: settings.keepAliveMs ?? 25_000,
    connectionsCheckingInterval: 1000,
    // Every other upgrade that a client offers is passed over, and its request served as it is.
    shouldUpgradeCallback: (message: IncomingMessage) =>
      ports.screens !== undefined && isScreenRequest(message),
  };
  const options = {
    logger: false as const,
    exposeHeadRoutes: false,
    requestTimeout: node.requestTimeout,
    keepAliveTimeout: node.keepAliveTimeout,
    forceCloseConnections: 'idle' as const,
    // The query is decoded strictly by the door itself.
    routerOptions: { querystringParser: () => ({}) },
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) =>
      answerMalformed(server, ports, error, socket),
    frameworkErrors: (_: Error, request: FastifyRequest, reply: FastifyReply) =>
      refuse(server, ports, new EcdError('InvalidAction.NotFound'), request, reply),
  };
  const door = (
    settings.tls === undefined
      ? Fastify({ ...options, http: node })
      : Fastify({ ...options, https: { ...node, ...settings.tls } })
  ) as FastifyInstance;

  allowOrigins(door, settings.corsOrigins ?? []);
  // The door reads bodies itself: with its own limit, and for GET too.
  door.removeAllContentTypeParsers();
  door.addContentTypeParser('*', (_request, _payload, done) => done(null));
  door.route({
    method: ['GET', 'POST'],
    url: '/',
    handler: (request, reply) => serve(server, request, reply),
  });
  door.get('/healthz', () => ({ status: 'ok' }));
  serveConsole(door, { folder: settings.consoleDir, tls: settings.tls !== undefined });
  serveSignInLinks(door, server, ports);
  serveMetadata(door, {
    operations: ports.operations,
    regions: settings.regions ?? [],
    publicHost: (message) => hostOf(server.publicUrl(message)),
  });
  if (ports.screens !== undefined) serveScreens(door, ports, ports.screens);
  door.setNotFoundHandler((request, reply) => {
    const root = request.url === '/' || request.url.startsWith('/?');
    return refuse(
      server,
      ports,
      new EcdError(root ? 'UnsupportedHTTPMethod' : 'InvalidAction.NotFound'),
      request,
      reply,
    );
  });
  door.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const client = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500;
    const shown = client ? new EcdError('InvalidParameter.Encoding', { reason: error.message }) : error;
    return refuse(server, ports, shown, request, reply);
  });
  door.server.on('checkExpectation', (request, response) => door.server.emit('request', request, response));
  door.server.on('connect', (_request, socket) =>
    answerMalformed(server, ports, new Error('CONNECT'), socket),
  );
  return door;
}

async function serve(server: RequestServer, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  try {
    return send(reply, await server.serve(request.raw, reply.raw));
  } catch (error) {
    if (!(error instanceof ClientGone)) throw error;
    reply.hijack();
    reply.raw.destroy();
    return reply;
  }
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.raw.statusCode = answer.status;
  reply
    .code(answer.status)
    .header('content-type', answer.contentType)
    .header('x-acs-request-id', answer.requestId);
  if (answer.retryAfterMs !== undefined) reply.header('x-acs-retry-after', String(answer.retryAfterMs));
  if (answer.close) reply.header('connection', 'close');
  return reply.send(answer.body);
}

function refuse(
  server: RequestServer,
  ports: DoorPorts,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const requestId = ports.newRequestId();
  const rendered = server.refuse(thrown, requestId, '', 'JSON', request.raw);
  ports.onAnswer?.('', rendered.code, rendered.status, 0);
  const { headers } = request.raw;
  // A body that nobody reads is not worth waiting for.
  const close = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return send(reply, { ...rendered, requestId, close });
}

/** Answers bytes that are no HTTP request, or came too slowly. */
function answerMalformed(
  server: RequestServer,
  ports: DoorPorts,
  error: Error & { code?: string },
  socket: Duplex,
): void {
  if (socket.destroyed || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason] = MALFORMED[error.code ?? ''] ?? [
    '400 Bad Request',
    'this is not a valid HTTP request',
  ];
  const requestId = ports.newRequestId();
  const refusal = new EcdError('InvalidParameter.Encoding', { reason });
  const { body, contentType, code } = server.refuse(refusal, requestId, '', 'JSON');
  ports.onAnswer?.('', code, Number.parseInt(status, 10), 0);
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: ${contentType}\r\nx-acs-request-id: ${requestId}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

const MALFORMED: Readonly<Record<string, readonly [string, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request came too slowly'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are too large'],
};
