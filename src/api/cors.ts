/**
 * Pages of other origins that may call the API: none, unless the settings name them.
 *
 * Invariants: only an origin that is named is answered with its own name, and answers differ by origin (`Vary`); cookies
 * are never allowed, for there are none.
 */
import type { FastifyInstance } from 'fastify';

const HEADERS = [
  'content-type',
  'authorization',
  'x-acs-action',
  'x-acs-version',
  'x-acs-date',
  'x-acs-signature-nonce',
  'x-acs-content-sha256',
  'x-acs-security-token',
  'x-acs-accesskey-id',
  'x-acs-credentials-provider',
].join(', ');
const MAX_AGE_S = '172800';

/** Answers browsers' preflights, and lets pages of `origins` (`https://HOST[:PORT]`, `*`) read answers. */
export function allowOrigins(door: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const any = origins.includes('*');
  const named = new Set(origins);
  door.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    reply.header('vary', 'Origin');
    if (origin !== undefined && (any || named.has(origin)))
      reply
        .header('access-control-allow-origin', any ? '*' : origin)
        .header('access-control-expose-headers', 'x-acs-request-id, x-acs-retry-after');
    done();
  });
  door.options('/', (_request, reply) => {
    if (reply.getHeader('access-control-allow-origin') === undefined) return reply.code(403).send();
    return reply
      .code(204)
      .header('access-control-allow-methods', 'GET, POST, OPTIONS')
      .header('access-control-allow-headers', HEADERS)
      .header('access-control-max-age', MAX_AGE_S)
      .send();
  });
}

/** For pages that a browser shows: they run nothing, are framed nowhere, and are kept by no cache. */
export function pageHeaders(tls: boolean): Readonly<Record<string, string>> {
  return {
    'content-security-policy':
      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    ...(tls ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}
