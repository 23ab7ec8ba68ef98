/**
 * The addresses of the metadata: `/meta/v1/products/ecd/versions/VERSION/api-docs.json`, `.../apis/NAME/api.json`, and
 * `.../errors.json`, which the public service does not have.
 *
 * Invariants: no key is asked for, nothing is stored or logged; an answer may be kept by caches and is known by its ETag.
 */
import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Operation } from '../operations/operation.ts';
import { VERSION } from './authenticate.ts';
import { listErrors } from './error-list.ts';
import { apiOf, documentOf, PRODUCT } from './metadata.ts';
import { JSON_TYPE } from './render-json.ts';

const BASE = `/meta/v1/products/${PRODUCT}/versions/${VERSION}`;
const CACHE = 'public, max-age=300';

export interface MetadataPorts {
  readonly operations: ReadonlyMap<string, Operation>;
  readonly regions: readonly string[];
  /** This server's address as the client sees it, as `host[:port]`. */
  publicHost(message: IncomingMessage): string;
}

/** Adds the routes; names that are no operation are answered as other unknown addresses. */
export function serveMetadata(door: FastifyInstance, ports: MetadataPorts): void {
  // Made when it is first asked for: most services never are.
  let whole: string | undefined;
  const apis = new Map<string, string>();
  door.get(`${BASE}/api-docs.json`, (request, reply) => {
    whole ??= JSON.stringify(documentOf(ports.operations, VERSION));
    const endpoint = ports.publicHost(request.raw);
    const endpoints = ports.regions.map((regionId) => ({ regionId, endpoint }));
    return answer(request, reply, `${whole.slice(0, -1)},"endpoints":${JSON.stringify(endpoints)}}`);
  });
  let errors: string | undefined;
  door.get(`${BASE}/errors.json`, (request, reply) => {
    errors ??= JSON.stringify({ version: VERSION, errors: listErrors(ports.operations) });
    return answer(request, reply, errors);
  });
  door.get<{ Params: { name: string } }>(`${BASE}/apis/:name/api.json`, (request, reply) => {
    const operation = ports.operations.get(request.params.name);
    if (operation === undefined) return reply.callNotFound();
    const body = apis.get(operation.name) ?? JSON.stringify(apiOf(operation));
    apis.set(operation.name, body);
    return answer(request, reply, body);
  });
}

function answer(request: FastifyRequest, reply: FastifyReply, body: string): FastifyReply {
  const etag = `"${hash('sha256', body, 'base64url')}"`;
  reply.headers({ etag, 'cache-control': CACHE, 'x-content-type-options': 'nosniff' });
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(etag) || known?.includes('*')) return reply.code(304).send();
  return reply.header('content-type', JSON_TYPE).send(body);
}
