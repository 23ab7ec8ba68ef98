/**
 * Finds the error code in whatever a user has at hand: an answer in JSON or XML, a line of a log, the address that
 * `Recommend` holds, or the code alone.
 */
export interface FoundError {
  readonly code: string;
  readonly requestId: string | undefined;
}

const CODE = /^[A-Za-z][A-Za-z0-9.]{2,99}$/;
const ID = /^[0-9A-Za-z-]{8,64}$/;
const IN_TEXT = /["']?Code["']?\s*[:=>]\s*["']?([A-Za-z][A-Za-z0-9.]{2,99})/;
const ID_IN_TEXT = /["']?RequestId["']?\s*[:=>]\s*["']?([0-9A-Za-z-]{8,64})/;
const IN_ADDRESS = /[?&]q=([A-Za-z0-9.]+)/;

/** Undefined if there is none. */
export function readError(text: string): FoundError | undefined {
  const trimmed = text.trim();
  if (CODE.test(trimmed)) return { code: trimmed, requestId: undefined };
  const whole = fromJson(trimmed);
  if (whole !== undefined) return whole;
  const code = IN_TEXT.exec(trimmed)?.[1] ?? IN_ADDRESS.exec(trimmed)?.[1];
  if (code === undefined) return undefined;
  const requestId = ID_IN_TEXT.exec(trimmed)?.[1] ?? /[?&]requestId=([0-9A-Za-z-]+)/.exec(trimmed)?.[1];
  return { code, requestId };
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
