/**
 * Pages of a listing, and the tokens that lead from one to the next.
 *
 * Invariants: a token names the key of the last item that was given, not a position: what is made or deleted meanwhile
 * moves nothing, so each item that stays is given exactly once; a token belongs to one operation with one set of
 * filters, and a token that this module did not make for them is InvalidNextToken. It grants nothing: no secret in it.
 */
import { hash } from 'node:crypto';
import { EcdError } from '../errors.ts';

/** Where an item stands in a listing: its time (or number) and its id. */
export type Key = readonly [order: number, id: string];

export interface PageRequest {
  /** Only what comes after this key; null at the beginning. */
  readonly after: Key | null;
  readonly limit: number;
}

/** What MaxResults means everywhere. */
export const MAX_RESULTS = 100;

/** The page's length. 0 and nothing mean the default. Throws InvalidMaxResults. */
export function pageLimit(maxResults: number | undefined): number {
  if (maxResults === undefined || maxResults === 0) return MAX_RESULTS;
  if (!Number.isInteger(maxResults) || maxResults < 0 || maxResults > MAX_RESULTS) {
    throw new EcdError('InvalidMaxResults', { maximum: MAX_RESULTS });
  }
  return maxResults;
}

/** One text for an operation and its filters; the order of the filters does not count. */
export function scopeOf(operation: string, filters: Readonly<Record<string, unknown>>): string {
  const used = Object.entries(filters).filter(([, value]) => value !== undefined);
  return JSON.stringify([operation, used.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

export function encodeToken(scope: string, [order, id]: Key): string {
  const body = `${order} ${id}`;
  return seal(scope, body) + Buffer.from(body).toString('base64url');
}

/** Throws InvalidNextToken. */
export function decodeToken(scope: string, token: string): Key {
  const body = Buffer.from(token.slice(SEAL_LENGTH), 'base64url').toString();
  const space = body.indexOf(' ');
  const key: Key = [Number(body.slice(0, space)), body.slice(space + 1)];
  if (space < 1 || !Number.isSafeInteger(key[0]) || encodeToken(scope, key) !== token) {
    throw new EcdError('InvalidNextToken');
  }
  return key;
}

/** The page that a request asks for. Throws InvalidMaxResults, InvalidNextToken. */
export function pageRequest(
  scope: () => string,
  maxResults: number | undefined,
  token: string | undefined,
): PageRequest {
  const limit = pageLimit(maxResults);
  return { after: token === undefined || token === '' ? null : decodeToken(scope(), token), limit };
}

export interface Page<T> {
  readonly items: T[];
  readonly nextToken: string | null;
}

/** Of up to `limit + 1` items that were fetched, those of the page, and the token if there are more. */
export function pageOf<T>(
  fetched: T[],
  limit: number,
  scope: () => string,
  keyOf: (item: T) => Key,
): Page<T> {
  if (fetched.length <= limit) return { items: fetched, nextToken: null };
  const items = fetched.slice(0, limit);
  return { items, nextToken: encodeToken(scope(), keyOf(items[limit - 1]!)) };
}

const SEAL_LENGTH = 22;

function seal(scope: string, body: string): string {
  return hash('sha256', `${scope}\0${body}`, 'base64url').slice(0, SEAL_LENGTH);
}
