/** Pages that a client asks for by number instead of NextToken, which wins where both are sent. */
import { MAX_RESULTS, type PageRequest } from '../catalogue/listing.ts';
import { refused } from './checks.ts';

const MAX_PAGE_NUMBER = 1_000_000;

export interface NumberedPage {
  /** What to read: from the page's key on, or after so many. */
  readonly page: PageRequest;
  readonly offset: number;
  /** What the answer says of it. */
  readonly shown: { readonly PageNumber?: number; readonly PageSize?: number };
}

/** The page to read, by number if that is asked for. Throws InvalidParameter. */
export function numberedPage(
  page: PageRequest,
  number: number | undefined,
  size: number | undefined,
): NumberedPage {
  if (page.after !== null || (number === undefined && size === undefined))
    return { page, offset: 0, shown: {} };
  const shown = { PageNumber: number ?? 1, PageSize: size ?? MAX_RESULTS };
  if (shown.PageNumber < 1 || shown.PageNumber > MAX_PAGE_NUMBER) {
    throw refused('PageNumber', `Use 1 to ${MAX_PAGE_NUMBER}.`);
  }
  if (shown.PageSize < 1 || shown.PageSize > MAX_RESULTS) {
    throw refused('PageSize', `Use 1 to ${MAX_RESULTS}.`);
  }
  const offset = (shown.PageNumber - 1) * shown.PageSize;
  return { page: { after: null, limit: shown.PageSize }, offset, shown };
}
