/**
 * The real npm clients of the public service, pointed at a server under test.
 *
 * Invariant: every one is used as its own documents say; only its address is changed.
 */
import openapiClient, * as openapiClientModels from '@alicloud/openapi-client';
import openapiCore, { $OpenApiUtil } from '@alicloud/openapi-core';
import PopCore from '@alicloud/pop-core';
import rpcClient, * as rpcModels from '@alicloud/rpc-client';
import * as teaUtil from '@alicloud/tea-util';
import { RuntimeOptions as CoreRuntime } from '@darabonba/typescript';
import { noteExchange, noteKey } from './secrets.ts';
import { noteSeen, SDK_NAMES, type SdkName } from './seen.ts';

export interface Key {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Of temporary credentials. */
  readonly securityToken?: string;
}

export type Answer = Record<string, unknown>;
/** Sends an operation with flat parameters (`SnapshotId.1`) and gives the body of the answer. */
export type SdkCall = (action: string, parameters: Record<string, string>) => Promise<Answer>;

const VERSION = '2020-09-30';
const READ_MS = 60_000;

/** The class that a CommonJS package exports by default: Node and vitest disagree about where it sits. */
function classOf<C>(module: { readonly default: C }): C {
  return module.default ?? (module as unknown as C);
}

const MAKERS: Record<SdkName, (host: string, key: Key) => SdkCall> = {
  'pop-core GET': (host, key) => popCore(host, key, 'GET'),
  'pop-core POST': (host, key) => popCore(host, key, 'POST'),
  'rpc-client': (host, key) => rpc(host, key),
  'openapi-client': (host, key) => openapi(host, key, 'query'),
  'openapi-client form': (host, key) => openapi(host, key, 'body'),
  'openapi-client v2': (host, key) => openapi(host, key, 'query', 'v2'),
  'openapi-client v2 form': (host, key) => openapi(host, key, 'body', 'v2'),
  'openapi-core': (host, key) => core(host, key),
};

export { SDK_NAMES, type SdkName };

/** The client of that name, whose answers are noted for the coverage tables. `host` is `HOST:PORT`. */
export function sdk(name: SdkName, host: string, key: Key): SdkCall {
  const call = MAKERS[name](host, key);
  noteKey(key);
  const note = (action: string, code: string) => noteSeen({ action, code, format: 'JSON', client: name });
  return async (action, parameters) => {
    try {
      const answer = await call(action, parameters);
      note(action, 'OK');
      noteExchange(parameters, answer['Ticket']);
      return answer;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (typeof code === 'string') note(action, serverCode(name, code));
      throw error;
    }
  };
}

/** The code that the server sent: rpc-client puts `Error` at its end. */
export function serverCode(name: SdkName, code: string): string {
  return name === 'rpc-client' ? code.replace(/Error$/, '') : code;
}

function popCore(host: string, key: Key, method: 'GET' | 'POST'): SdkCall {
  const client = new PopCore({ ...key, endpoint: `http://${host}`, apiVersion: VERSION });
  return (action, parameters) => client.request<Answer>(action, parameters, { method, timeout: READ_MS });
}

function rpc(host: string, key: Key): SdkCall {
  const config = new rpcModels.Config({ ...key, endpoint: host, protocol: 'http', regionId: 'cn-hangzhou' });
  const client = new (classOf(rpcClient))(config);
  const runtime = new teaUtil.RuntimeOptions({ readTimeout: READ_MS });
  return (action, parameters) =>
    client.doRequest(action, 'HTTP', 'POST', VERSION, 'AK', {}, parameters, runtime);
}

function openapi(host: string, key: Key, place: 'query' | 'body', signatureAlgorithm?: 'v2'): SdkCall {
  const { Config, Params, OpenApiRequest } = openapiClientModels;
  const config = new Config({
    ...key,
    endpoint: host,
    protocol: 'http',
    regionId: 'cn-hangzhou',
    signatureAlgorithm,
  });
  const client = new (classOf(openapiClient))(config);
  const runtime = new teaUtil.RuntimeOptions({ readTimeout: READ_MS });
  return async (action, parameters) => {
    const request = new OpenApiRequest({ [place]: parameters });
    return bodyOf(await client.callApi(new Params(rpcCall(action)), request, runtime));
  };
}

function core(host: string, key: Key): SdkCall {
  const client = new (classOf(openapiCore))(
    new $OpenApiUtil.Config({ ...key, endpoint: host, protocol: 'http', regionId: 'cn-hangzhou' }),
  );
  const runtime = new CoreRuntime({ readTimeout: READ_MS });
  return async (action, parameters) => {
    const request = new $OpenApiUtil.OpenApiRequest({ query: parameters });
    return bodyOf(await client.callApi(new $OpenApiUtil.Params(rpcCall(action)), request, runtime));
  };
}

function rpcCall(action: string): Record<string, string> {
  return {
    action,
    version: VERSION,
    protocol: 'HTTP',
    pathname: '/',
    method: 'POST',
    authType: 'AK',
    style: 'RPC',
    reqBodyType: 'formData',
    bodyType: 'json',
  };
}

function bodyOf(answer: unknown): Answer {
  return (answer as { body: Answer }).body;
}
