/**
 * The WHERE of a listing, and running its text.
 *
 * Invariants: values never stand in the text; a text depends only on which filters are used (and on the length of
 * lists), so that the prepared statement is found again; a failing query is Catalogue.Unavailable.
 */
import { CompiledQuery } from 'kysely';
import { EcdError } from '../errors.ts';
import type { Queries } from './catalogue.ts';

/** Longer than any name; SQLite refuses patterns over 50,000 bytes. */
const LONGEST_PATTERN = 4096;

export type Value = string | number | null;

/** Conditions that all must hold. Columns and texts are the program's own, values the user's. */
export class Conditions {
  readonly #texts: string[] = [];
  readonly values: Value[] = [];

  /** `text` with one `?` for each value. */
  add(text: string, ...values: Value[]): this {
    this.#texts.push(text);
    this.values.push(...values);
    return this;
  }

  equals(column: string, value: Value | undefined): this {
    return value === undefined ? this : this.add(`${column} = ?`, value);
  }

  /** One of a list; an empty list matches nothing. */
  among(column: string, list: readonly Value[] | undefined): this {
    if (list === undefined) return this;
    return list.length === 0 ? this.add('1 = 0') : this.add(`${column} IN (${marks(list.length)})`, ...list);
  }

  /** The whole text, letter by letter, or with `*` for any part. */
  like(column: string, pattern: string | undefined): this {
    if (pattern === undefined || !pattern.includes('*')) return this.equals(column, pattern);
    const glob = pattern.replace(/\*+/g, '*').replace(/[?[]/g, '[$&]');
    return glob.length > LONGEST_PATTERN ? this.add('1 = 0') : this.add(`${column} GLOB ?`, glob);
  }

  /** What comes after a key in the order newest first. */
  olderThan(createdAt: string, id: string, key: readonly [number, string] | null): this {
    return key === null ? this : this.add(`(${createdAt}, ${id}) < (?, ?)`, key[0], key[1]);
  }

  /** `WHERE ...`, or nothing. */
  get text(): string {
    return this.#texts.length === 0 ? '' : `WHERE ${this.#texts.join(' AND ')}`;
  }
}

/** `?, ?, ?` */
export function marks(count: number): string {
  return new Array(count).fill('?').join(', ');
}

/** Runs a text with `?` for each value and gives its rows. */
export async function rows<Row>(queries: Queries, text: string, values: readonly Value[]): Promise<Row[]> {
  try {
    return (await queries.executeQuery<Row>(CompiledQuery.raw(text, values as Value[]))).rows;
  } catch (error) {
    throw new EcdError('Catalogue.Unavailable', { reason: 'a query failed' }, error);
  }
}
