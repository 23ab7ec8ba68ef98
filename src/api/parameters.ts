/**
 * The parameters of a request: query and form body, decoded into one map.
 *
 * Invariants: text is strict UTF-8, `+` is a space in both; a name stands once, or several times with the same value;
 * what is not well formed is refused (400), never repaired. The wire's encoding is not the canonical one: signatures
 * are computed from the decoded map.
 */
import { EcdError } from '../errors.ts';

/** Decoded parameters by their wire name (`SnapshotId.1`). */
export type ParameterMap = ReadonlyMap<string, string>;

const FORM = 'application/x-www-form-urlencoded';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes `a=1&b=2` into `into`.
 * Throws InvalidParameter.Encoding, InvalidParameter.Duplicate, or TooManyParameters when `into` grows over `limit`.
 */
export function decodeParameters(text: string, into: Map<string, string>, limit: number): void {
  let start = 0;
  let segments = 0;
  while (start < text.length) {
    let end = text.indexOf('&', start);
    if (end < 0) end = text.length;
    if (end > start) {
      if (++segments > limit) throw new EcdError('TooManyParameters', { limit });
      const equals = text.indexOf('=', start);
      const split = equals < 0 || equals > end ? end : equals;
      add(
        into,
        decode(text.slice(start, split)),
        split < end ? decode(text.slice(split + 1, end)) : '',
        limit,
      );
    }
    start = end + 1;
  }
}

/** Adds every parameter of `from`; refuses the same name with another value. */
export function mergeParameters(into: Map<string, string>, from: ParameterMap, limit: number): void {
  for (const [name, value] of from) add(into, name, value, limit);
}

/** The raw query of a request target as Node gives it (a string of bytes). */
export function queryOf(target: string): string {
  const mark = target.indexOf('?');
  if (mark < 0) return '';
  const hash = target.indexOf('#', mark);
  const query = hash < 0 ? target.slice(mark + 1) : target.slice(mark + 1, hash);
  return isAscii(query) ? query : fromUtf8(Buffer.from(query, 'latin1'));
}

/** The text of a form body. Throws InvalidParameter.Encoding if the body is of another kind. */
export function formOf(
  body: Buffer,
  contentType: string | undefined,
  contentEncoding: string | undefined,
): string {
  if (body.length === 0) return '';
  if (contentEncoding !== undefined && contentEncoding !== 'identity')
    throw malformed('the body has a content encoding');
  const kind = contentType === undefined ? FORM : contentType.split(';', 1)[0]!.trim().toLowerCase();
  if (kind !== FORM) throw malformed(`the body is not ${FORM}`);
  return fromUtf8(body);
}

function add(into: Map<string, string>, name: string, value: string, limit: number): void {
  if (name === '') throw malformed('a parameter has no name');
  const before = into.get(name);
  if (before === value) return;
  if (before !== undefined)
    throw new EcdError('InvalidParameter.Duplicate', { parameter: name.slice(0, 128) });
  if (into.size >= limit) throw new EcdError('TooManyParameters', { limit });
  into.set(name, value);
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch (cause) {
    throw malformed('a parameter is not percent-encoded UTF-8', cause);
  }
}

function fromUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw malformed('the parameters are not UTF-8', cause);
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}

function malformed(reason: string, cause?: unknown): EcdError {
  return new EcdError('InvalidParameter.Encoding', { reason }, cause);
}
