/**
 * Finds the error code in whatever a user has at hand: an answer in JSON or XML, a line of a log, what an SDK throws, the
 * address that `Recommend` holds, the code alone, or a RequestId alone.
 */
export interface FoundError {
  /** Undefined: there is only a RequestId. */
  readonly code: string | undefined;
  readonly requestId: string | undefined;
}

const CODE = /^[A-Za-z][A-Za-z0-9.]{2,99}$/;
const ID = /^[0-9A-Za-z-]{8,64}$/;
const IN_TEXT = /["']?Code["']?\s*[:=>]\s*["']?([A-Za-z][A-Za-z0-9.]{2,99})/;
/** `InvalidDesktopId.NotFound: code: 404, ... request id: ...`, as the official SDKs write it. */
const IN_SDK = /([A-Z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*): code: \d{3}\b/;
const ID_IN_TEXT = /(?:["']?RequestId["']?\s*[:=>]|\brequest id:)\s*["']?([0-9A-Za-z-]{8,64})/i;
const UUID = /^[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}$/i;
const IN_ADDRESS = /[?&]q=([A-Za-z0-9.]+)/;

/** Undefined if there is none. */
export function readError(text: string): FoundError | undefined {
  const trimmed = text.trim();
  if (CODE.test(trimmed)) return { code: trimmed, requestId: undefined };
  if (UUID.test(trimmed)) return { code: undefined, requestId: trimmed };
  const whole = fromJson(trimmed);
  if (whole !== undefined) return whole;
  const thrown = IN_SDK.exec(trimmed)?.[1];
  // A class of errors is no code.
  const ofSdk = thrown !== undefined && /(Exception|Error)$/.test(thrown) ? undefined : thrown;
  const code = IN_TEXT.exec(trimmed)?.[1] ?? ofSdk ?? IN_ADDRESS.exec(trimmed)?.[1];
  const requestId = ID_IN_TEXT.exec(trimmed)?.[1] ?? /[?&]requestId=([0-9A-Za-z-]+)/.exec(trimmed)?.[1];
  return code === undefined && requestId === undefined ? undefined : { code, requestId };
}

/** A whole answer: what its message quotes is no code of it. */
function fromJson(text: string): FoundError | undefined {
  try {
    const { Code: code, RequestId: requestId } = JSON.parse(text) as Record<string, unknown>;
    if (typeof code !== 'string' || !CODE.test(code)) return undefined;
    return { code, requestId: typeof requestId === 'string' && ID.test(requestId) ? requestId : undefined };
  } catch {
    return undefined;
  }
}
