/**
 * Refusals and failures as the client sees them.
 *
 * Invariants: every body has RequestId, HostId, Code, Message, Recommend; HostId and Recommend lead to this server and
 * nowhere else; our own machinery's failures are shown as InternalError or ServiceUnavailable, never as they are.
 */
import { CATALOGUE, type CatalogueEntry, type EcdError } from '../errors.ts';
import { JSON_TYPE, renderJson } from './render-json.ts';
import { element, XML_HEAD, XML_TYPE } from './render-xml.ts';

export type Format = 'JSON' | 'XML';

export interface RenderedError {
  readonly status: number;
  readonly code: string;
  readonly contentType: string;
  readonly body: string;
  readonly retryAfterMs: number | undefined;
}

/** @param publicUrl this server's own address, without a slash at its end */
export function renderError(
  error: EcdError,
  requestId: string,
  format: Format,
  publicUrl: string,
): RenderedError {
  const code = error.publicCode;
  const recommend = `${publicUrl}/console/errors?q=${encodeURIComponent(code.toWellFormed())}&product=ecd&requestId=${requestId}`;
  const denied = accessDeniedDetail(error);
  const answer = {
    HostId: hostOf(publicUrl),
    Code: code,
    Message: error.message,
    ...(denied === undefined ? {} : { AccessDeniedDetail: denied }),
  };
  const wait = error.details['retryAfterMs'];
  const retryAfterMs = typeof wait === 'number' ? wait : undefined;
  const { status } = CATALOGUE[error.code] as CatalogueEntry;
  if (format === 'JSON') {
    const body = renderJson(requestId, { ...answer, Recommend: recommend });
    return { status, code, contentType: JSON_TYPE, body, retryAfterMs };
  }
  const inner = Object.entries(answer).map(([name, value]) => element(name, value));
  const body = `${XML_HEAD}<Error>${element('RequestId', requestId)}${inner.join('')}<Recommend><![CDATA[${recommend}]]></Recommend></Error>`;
  return { status, code, contentType: XML_TYPE, body, retryAfterMs };
}

/** Who was refused, what, and by which kind of policy; of a refusal by policies only. */
function accessDeniedDetail({ code, details }: EcdError): Readonly<Record<string, unknown>> | undefined {
  if (code !== 'NoPermission' || details['principalType'] === undefined) return undefined;
  return {
    AuthAction: details['action'],
    AuthPrincipalType: details['principalType'],
    AuthPrincipalOwnerId: details['ownerId'],
    AuthPrincipalDisplayName: details['displayName'],
    NoPermissionType: details['noPermissionType'],
    PolicyType: details['policyType'],
  };
}

/** `host[:port]` of an address. */
export function hostOf(url: string): string {
  return url.replace(/^[a-z]+:\/\//, '').replace(/\/.*$/, '');
}
