/**
 * What both signatures share: the canonical percent-encoding, the order of names, and comparing in constant time.
 *
 * Invariants: pure; every byte but A-Z a-z 0-9 - _ . ~ is encoded as %XX in upper case; names are ordered by their
 * UTF-8 bytes.
 */
import { timingSafeEqual } from 'node:crypto';
import type { ParameterMap } from './parameters.ts';

const UNRESERVED = /^[A-Za-z0-9\-_.~]*$/;
const MORE_THAN_URI = /[!'()*]/g;

/** Percent-encodes well-formed Unicode text. */
export function encode(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text).replace(
    MORE_THAN_URI,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `enc(k)=enc(v)` for every parameter but `without`, ordered by name, joined by `&`. */
export function canonicalQuery(parameters: ParameterMap, without?: string): string {
  let text = '';
  for (const name of orderedNames(parameters)) {
    if (name === without) continue;
    text += `${text === '' ? '' : '&'}${encode(name)}=${encode(parameters.get(name)!)}`;
  }
  return text;
}

/** True when both texts are equal; the time taken does not depend on where they differ. */
export function equalSecretly(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}

function orderedNames(parameters: ParameterMap): string[] {
  const names = [...parameters.keys()];
  const ascii = names.every((name) => UNRESERVED.test(name));
  // The order of UTF-16 units is that of bytes as long as all is ASCII.
  return ascii ? names.sort() : names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
