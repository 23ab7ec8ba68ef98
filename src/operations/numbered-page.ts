/** Pages that a client asks for by number instead of NextToken. */
import { MAX_RESULTS } from '../catalogue/listing.ts';
import { refused } from './checks.ts';

const MAX_PAGE_NUMBER = 1_000_000;

export interface NumberedPage {
  readonly number: number;
  readonly size: number;
}

/** Null when pages are not asked for by number. Throws InvalidParameter. */
export function numberedPage(number: number | undefined, size: number | undefined): NumberedPage | null {
  if (number === undefined && size === undefined) return null;
  const page = { number: number ?? 1, size: size ?? MAX_RESULTS };
  if (page.number < 1 || page.number > MAX_PAGE_NUMBER) {
    throw refused('PageNumber', `Use 1 to ${MAX_PAGE_NUMBER}.`);
  }
  if (page.size < 1 || page.size > MAX_RESULTS) {
    throw refused('PageSize', `Use 1 to ${MAX_RESULTS}.`);
  }
  return page;
}

/** What the answer says of it. */
export function shown(page: NumberedPage | null): { PageNumber?: number; PageSize?: number } {
  return page === null ? {} : { PageNumber: page.number, PageSize: page.size };
}
