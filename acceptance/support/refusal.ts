/**
 * How each client tells that the server has refused: all that its users can read in the error.
 *
 * Invariant: what a client is known to give is demanded: a class, a text or a field that is missing fails the test.
 */
import { expect } from 'vitest';
import { type SdkName, serverCode } from './sdk.ts';

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
  /** pop-core tells it of the connection only; it takes a body with a Code for a failure whatever the status. */
  readonly status: number;
}

/** What the call was refused with; fails when it was not. */
export async function refusalOf(name: SdkName | 'aliyungo', call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    (answer) => {
      throw new Error(`${name} took this for a success: ${JSON.stringify(answer)}`);
    },
    (e: unknown) => e as ClientError,
  );
  expect(error).toBeInstanceOf(Error);
  expect(error.code, `${name}: ${error.stack}`).toBeTypeOf('string');
  const read = readBy(name, error);
  expect(read.requestId).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
  expect(read.message).not.toBe('');
  return read;
}

interface ClientError extends Error {
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly entry?: { readonly response: { readonly statusCode: number } };
  readonly url?: string;
  readonly statusCode?: number;
  readonly requestId?: string;
  readonly accessDeniedDetail?: Readonly<Record<string, unknown>>;
}

function readBy(name: SdkName | 'aliyungo', error: ClientError): Refusal {
  if (name === 'aliyungo') return ofAliyungo(error);
  return name.startsWith('pop-core') ? ofPopCore(error) : ofTea(name, error);
}

/** All fields of the answer, and a text that begins with the RequestId and the status. */
function ofAliyungo({ code, message: text, data, statusCode }: ClientError): Refusal {
  const [message, requestId] = [String(data['Message']), String(data['RequestId'])];
  const told = `RequestId: ${requestId} Status Code: ${statusCode} Code: ${code} Message: ${message}`;
  expect(text).toBe(`Aliyun API Error: ${told}`);
  expect(data['Code']).toBe(code);
  expect(data['HostId']).toMatch(/^[\w.:-]+$/);
  return { code, message, requestId, status: statusCode! };
}

function ofPopCore(error: ClientError): Refusal {
  const { code, data, entry, url } = error;
  const message = String(data['Message']);
  expect(error.name).toBe(`${code}Error`);
  expect(error.message).toBe(`${message}, URL: ${url}`);
  expect(data['Code']).toBe(code);
  return { code, message, requestId: String(data['RequestId']), status: entry!.response.statusCode };
}

/** The clients of the Tea kind put status, message and RequestId into one text. */
function ofTea(name: SdkName, error: ClientError): Refusal {
  const word = name === 'rpc-client' ? 'requestid' : 'request id';
  const told = new RegExp(`^(?:.*: )?code: (\\d{3}), (.*) ${word}: (\\S+)$`, 's').exec(error.message);
  expect(told, error.message).not.toBeNull();
  const [, status, message, requestId] = told!;
  const code = serverCode(name, error.code);
  const { data } = error;
  expect(data['Code']).toBe(code);
  expect(data['Message']).toBe(message);
  expect(data['RequestId']).toBe(requestId);
  if (name === 'rpc-client') expect(error.code).toBe(`${code}Error`);
  else if (name === 'openapi-core') ofCore(error, code, Number(status), requestId!);
  else expect(data['statusCode']).toBe(Number(status));
  return { code, message: message!, requestId: requestId!, status: Number(status) };
}

/** The newest client has classes for what its users do next: correct it, wait, or try again. */
function ofCore(error: ClientError, code: string, status: number, requestId: string): void {
  const kind = code.includes('Throttling') ? 'ThrottlingError' : status < 500 ? 'ClientError' : 'ServerError';
  expect(error.name).toBe(kind);
  expect(error).toMatchObject({ statusCode: status, requestId });
  if (code === 'NoPermission')
    expect(error.accessDeniedDetail).toMatchObject({ AuthAction: expect.stringMatching(/^ecd:/) });
}
