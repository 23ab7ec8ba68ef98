/**
 * SecurityTokens of temporary credentials, as pure functions.
 *
 * Invariant: a token is random bytes and their checksum, so that one that was cut or changed on its way is told from
 * one that belongs to another key; nothing can be read from it.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const RANDOM_BYTES = 92;
const SUM_BYTES = 4;

/** Whether a text has the form of a token. */
export function isToken(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== RANDOM_BYTES + SUM_BYTES || bytes.toString('base64') !== text) return false;
  return checksum(bytes.subarray(0, RANDOM_BYTES)).equals(bytes.subarray(RANDOM_BYTES));
}

/** Whether it is the token that has this hash; the time taken does not depend on where they differ. */
export function isTokenOf(text: string, hash: string): boolean {
  const given = Buffer.from(tokenHash(text));
  const wanted = Buffer.from(hash);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** A new token in Base64. */
export function makeToken(): string {
  const random = randomBytes(RANDOM_BYTES);
  return Buffer.concat([random, checksum(random)]).toString('base64');
}

/** What is stored of a token: its SHA-256 in hex. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function checksum(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, SUM_BYTES);
}
