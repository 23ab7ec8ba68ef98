/** Identifiers and the clock, as arguments where a test must hold them still. */
import { randomBytes, randomUUID } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** `length` random lower-case letters and digits (36 values a place, without bias). */
export function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length * 2)) {
      if (byte < 252 && text.length < length) text += ALPHABET[byte % 36];
    }
  }
  return text;
}

/** The shapes of ECD's ids (ecd-api 2.13). */
export const newId = {
  snapshot: () => `s-${randomText(20)}`,
  desktop: () => `ecd-${randomText(17)}`,
  image: () => `m-${randomText(17)}`,
  disk: () => `d-${randomText(17)}`,
  bundle: () => `b-${randomText(17)}`,
  policy: () => `sp-${randomText(17)}`,
  officeSite: (regionId: string) => `${regionId}+os-${randomText(17)}`,
  policyGroup: () => `pg-${randomText(17)}`,
  invocation: () => `t-${randomText(17)}`,
  /** A layer's id is also its file's name and, after a letter, its node's name in QEMU (31 characters at most). */
  layer: () => `l-${randomText(14)}`,
  /** An upper-case UUID. */
  request: () => randomUUID().toUpperCase(),
};

/** Milliseconds since 1970. */
export type Clock = () => number;
export const systemClock: Clock = () => Date.now();
