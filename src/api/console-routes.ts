/**
 * The web console below `/console/`, and the error page that `Recommend` leads to.
 *
 * Invariants: the console is files alone: no key is asked for, nothing of the service's content is in them, no cookie is
 * set; its pages run no script but their own files and reach no other server; addresses of its pages give its start page,
 * unknown files are 404. `/console/errors` is plain text for whoever does not ask for HTML.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ConsoleFile, ConsoleFiles } from './console-files.ts';
import { pageHeaders } from './cors.ts';
import { errorPage } from './error-page.ts';

const TEXT = 'text/plain; charset=utf-8';
const NOT_BUILT = `The web console has not been built.

Build it in the folder of OpenECD, then load this page again:

    node scripts/setup.mjs
`;
/** antd writes its style sheets at run time; scripts come from files of this server only. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export interface ConsoleOptions {
  /** Where the build is; without it there is no console, only the error page as text. */
  readonly folder: string | undefined;
  readonly tls: boolean;
}

/** Adds the routes. */
export function serveConsole(door: FastifyInstance, { folder, tls }: ConsoleOptions): void {
  const console = folder === undefined ? undefined : new ConsoleFiles(folder);
  door.get('/console/errors', async (request, reply) => {
    reply.header('vary', 'Accept');
    const html = /\btext\/html\b/.test(request.headers.accept ?? '');
    const build = html ? await console?.build() : undefined;
    if (build !== undefined) return answer(request, reply, build.start, tls);
    const text = errorPage(new URL(request.url, 'http://localhost').searchParams);
    return reply.type(TEXT).headers(pageHeaders(tls)).send(text);
  });
  if (console === undefined) return;
  door.get('/console', (_request, reply) => reply.headers(pageHeaders(tls)).redirect('/console/', 308));
  door.get<{ Params: { '*': string } }>('/console/*', async (request, reply) => {
    const build = await console.build();
    if (build === undefined) return reply.code(404).type(TEXT).headers(pageHeaders(tls)).send(NOT_BUILT);
    const name = request.params['*'];
    const file = build.files.get(name);
    if (file !== undefined) return answer(request, reply, file, tls);
    // The pages' own addresses have no dot in their last part; a file that is missing must not look like a page.
    return name.startsWith('assets/') || /\.[a-z0-9]+$/.test(name)
      ? reply.callNotFound()
      : answer(request, reply, build.start, tls);
  });
}

function answer(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile, tls: boolean): FastifyReply {
  const packed = file.gzipped !== undefined && /\bgzip\b/.test(String(request.headers['accept-encoding']));
  const etag = packed ? `${file.etag.slice(0, -1)}-gz"` : file.etag;
  reply.headers({
    ...pageHeaders(tls),
    'content-security-policy': POLICY,
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    // Browsers complain of it on pages that came without TLS.
    ...(tls ? { 'cross-origin-opener-policy': 'same-origin' } : {}),
    'cross-origin-resource-policy': 'same-origin',
    vary: 'Accept, Accept-Encoding',
    etag,
  });
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(etag)) return reply.code(304).send();
  if (packed) reply.header('content-encoding', 'gzip');
  return reply.type(file.type).send(packed ? file.gzipped : file.body);
}
