/**
 * `POST /console/sign-in-link`: the console's page gives the token of a sign-in link and gets temporary credentials, the
 * one answer of this server that holds a secret.
 *
 * Invariants: it goes to this computer or over TLS only, is kept by no cache, and is given to pages of this server alone;
 * a token is looked at only when all of that is right, so that nothing else spends it; guesses are slowed down for each
 * address; each try is told to the audit log, never with the token.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { EcdError } from '../errors.ts';
import { ClientGone, readBody } from './body.ts';
import { pageHeaders } from './cors.ts';
import { isOwnPage, ownHosts } from './own-page.ts';
import type { DoorPorts } from './ports.ts';
import { JSON_TYPE, renderJson } from './render-json.ts';
import type { RequestServer } from './serve-request.ts';
import { type Source, Sources } from './source.ts';

/** Its name in the audit log. */
const OPERATION = 'ConsoleSignIn';
const MOST_BYTES = 1024;

/** Adds the route, if links are offered. */
export function serveSignInLinks(door: FastifyInstance, server: RequestServer, ports: DoorPorts): void {
  const { signInLinks: links, settings } = ports;
  if (links === undefined) return;
  const sources = new Sources(settings.trustedProxies ?? []);
  const hosts = ownHosts(ports);
  const headers = pageHeaders(settings.tls !== undefined);

  const open = async (message: IncomingMessage, source: Source) => {
    if (!source.secure && (settings.requireTls === true || !isLoopback(source.address)))
      throw new EcdError('InvalidProtocol.NeedSsl');
    const site = message.headers['sec-fetch-site'] ?? 'same-origin';
    if (site !== 'same-origin' || !isOwnPage(message, source, hosts))
      throw new EcdError('OperationDenied.ForeignOrigin');
    links.throttle(source.address);
    const token = tokenOf(await readBody(message, MOST_BYTES));
    const made = await links.spend(token);
    if (made === null) throw new EcdError('OperationDenied.SignInLinkInvalid');
    return made;
  };

  door.post('/console/sign-in-link', async (request, reply): Promise<FastifyReply> => {
    const started = performance.now();
    const requestId = ports.newRequestId();
    const source = sources.of(request.raw);
    const tell = (accessKeyId: string, userName: string, status: number, code: string) =>
      ports.audit?.({
        ...{ requestId, operation: OPERATION, kind: 'write', accessKeyId, userName, resources: [] },
        ...{ source: source.address, status, code, seconds: (performance.now() - started) / 1000 },
      });
    reply.headers(headers).header('x-acs-request-id', requestId);
    try {
      const made = await open(request.raw, source);
      tell(made.AccessKeyId, made.UserName, 200, 'OK');
      return reply.header('content-type', JSON_TYPE).send(renderJson(requestId, made));
    } catch (thrown) {
      if (thrown instanceof ClientGone) {
        reply.hijack();
        reply.raw.destroy();
        return reply;
      }
      const rendered = server.refuse(thrown, requestId, OPERATION, 'JSON', request.raw);
      tell('', '', rendered.status, rendered.code);
      // What was not read of the body must not be taken for a request.
      if (!request.raw.complete) reply.header('connection', 'close');
      return reply.code(rendered.status).header('content-type', rendered.contentType).send(rendered.body);
    }
  });
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** Throws InvalidParameter: as a code that says nothing of links. */
function tokenOf(body: Buffer): string {
  try {
    const { Token: token } = JSON.parse(body.toString()) as { Token?: unknown };
    if (typeof token === 'string') return token;
  } catch {
    // As below.
  }
  throw new EcdError('InvalidParameter', { parameter: 'Token', reason: ' Send {"Token": "..."}.' });
}
