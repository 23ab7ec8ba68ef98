/**
 * Calls the API as any client does: signed requests to `/` of the server that served the page.
 *
 * Invariant: every failure is an ApiError (the service refused) or a ServiceGone (nothing answered).
 */
import { type SignatureKind, signatureOf } from './signature.ts';
import { type Credentials, credentialsOf, fresh, type Parameters, type Signed } from './signer.ts';

/** The service refused: Code, Message and RequestId as it sent them. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly requestId: string;
  constructor(status: number, fields: Record<string, unknown>) {
    super(String(fields['Message'] ?? `HTTP ${status}`));
    this.name = 'ApiError';
    this.status = status;
    this.code = String(fields['Code'] ?? '');
    this.requestId = String(fields['RequestId'] ?? '');
  }
}

export class ServiceGone extends Error {
  constructor(cause: unknown) {
    super('The service does not answer.', { cause });
    this.name = 'ServiceGone';
  }
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly requestId: string;
  readonly milliseconds: number;
}

/** Sends a signed request as it is. Throws ServiceGone. */
export async function send(signed: Signed): Promise<Answer> {
  const { host: _, ...named } = signed.headers;
  const { authorization } = signed;
  const headers = authorization === undefined ? named : { ...named, authorization };
  const began = performance.now();
  try {
    const answer = await fetch(signed.target, {
      method: 'POST',
      headers,
      body: signed.body,
      credentials: 'omit',
      cache: 'no-store',
    });
    const text = await answer.text();
    const requestId = answer.headers.get('x-acs-request-id') ?? '';
    return { status: answer.status, text, requestId, milliseconds: performance.now() - began };
  } catch (error) {
    throw new ServiceGone(error);
  }
}

/** Signs a request with a new nonce and the time of now. */
export async function signNow(
  credentials: Credentials,
  action: string,
  parameters: Parameters,
  format: 'JSON' | 'XML' = 'JSON',
  kind: SignatureKind = 'ACS3-HMAC-SHA256',
): Promise<Signed> {
  const request = { host: location.host, action, parameters, format, ...fresh() };
  return (await signatureOf(kind, request, credentials)) as Signed;
}

/** Calls an operation and gives its answer. Throws ApiError or ServiceGone. */
export async function call<T>(credentials: Credentials, action: string, parameters: Parameters): Promise<T> {
  const answer = await send(await signNow(credentials, action, parameters));
  const fields = parse(answer);
  // A service that is ending says so in another form.
  if (answer.status === 503 && fields['Code'] === undefined) throw new ServiceGone(answer.text);
  if (answer.status !== 200) throw new ApiError(answer.status, fields);
  return fields as T;
}

/** Gives the token of a sign-in link for temporary credentials, which end it. Throws ApiError or ServiceGone. */
export async function openLink(token: string): Promise<Credentials> {
  const began = performance.now();
  let answer: Answer;
  try {
    const { status, headers, text } = await fetch('/console/sign-in-link', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ Token: token }),
      credentials: 'omit',
      cache: 'no-store',
    }).then(async (got) => ({ status: got.status, headers: got.headers, text: await got.text() }));
    const requestId = headers.get('x-acs-request-id') ?? '';
    answer = { status, text, requestId, milliseconds: performance.now() - began };
  } catch (error) {
    throw new ServiceGone(error);
  }
  const fields = parse(answer) as Record<string, string>;
  if (answer.status !== 200) throw new ApiError(answer.status, fields);
  return credentialsOf(fields['AccessKeyId']!, fields['AccessKeySecret']!, {
    securityToken: fields['SecurityToken']!,
    expiresAt: new Date(fields['Expiration']!),
  });
}

function parse(answer: Answer): Record<string, unknown> {
  try {
    return JSON.parse(answer.text) as Record<string, unknown>;
  } catch (error) {
    // A proxy that stands in front of a dead service answers in its own words.
    throw new ServiceGone(error);
  }
}
