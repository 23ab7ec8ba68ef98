/**
 * Every error code that a client can meet, for the error centre.
 *
 * Invariants: made of the one catalogue and the table of operations; codes of our own machinery are not in it, for no
 * client is shown them. MissingParameter and InvalidParameter stand for families: clients see MissingX and InvalidX.
 */
import { CATALOGUE, type CatalogueEntry, type ErrorCode } from '../errors.ts';
import type { Operation } from '../operations/operation.ts';

export interface ListedError {
  readonly code: string;
  readonly status: number;
  /** Words in angle brackets stand for what the message fills in. */
  readonly message: string;
  readonly advice: string;
  readonly causes: string;
  /** The operations that state it; empty of those that any request can get. */
  readonly operations: readonly string[];
  /** `Missing` or `Invalid`: clients see it with the name of a parameter behind it. */
  readonly family?: 'Missing' | 'Invalid';
}

const FAMILIES: Readonly<Record<string, 'Missing' | 'Invalid'>> = {
  MissingParameter: 'Missing',
  InvalidParameter: 'Invalid',
};

/** Ordered by code. */
export function listErrors(operations: ReadonlyMap<string, Operation>): ListedError[] {
  const shown = (text: string) => text.replace(/\{(\w+)\}/g, '<$1>');
  const givers = (code: string) =>
    [...operations.values()].filter((one) => one.errors.includes(code as ErrorCode)).map((one) => one.name);
  return Object.entries(CATALOGUE as Readonly<Record<string, CatalogueEntry>>)
    .filter(([, entry]) => entry.internal !== true)
    .map(([code, { status, message, advice, causes = '' }]) => ({
      code,
      status,
      message: shown(message),
      advice: shown(advice),
      causes,
      operations: givers(code),
      ...(FAMILIES[code] === undefined ? {} : { family: FAMILIES[code] }),
    }))
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}
