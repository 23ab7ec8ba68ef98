/**
 * Answers in JSON.
 *
 * Invariant: RequestId stands first; a successful answer has no `Code`, which old SDKs take for a failure.
 */
export const JSON_TYPE = 'application/json;charset=utf-8';

/** The body of a successful answer. */
export function renderJson(requestId: string, response: object): string {
  return withRequestId(requestId, JSON.stringify(response));
}

/** Puts the RequestId in front of an object's JSON. */
function withRequestId(requestId: string, json: string): string {
  return json === '{}' ? `{"RequestId":"${requestId}"}` : `{"RequestId":"${requestId}",${json.slice(1)}`;
}
