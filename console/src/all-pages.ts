/** A listing whole, over as many pages as there are: for lists that a person keeps, of which there are few. */
import { call } from './client.ts';
import type { Credentials, Parameters } from './signer.ts';

const PAGE = '100';
/** Whatever the service says, there is an end. */
const MOST_PAGES = 50;

/** Gives a reader for `useCall`: all items of the list `name` in the answers of `action`. */
export function allOf<T>(action: string, name: string) {
  return async (credentials: Credentials, parameters: Parameters): Promise<readonly T[]> => {
    const found: T[] = [];
    let token: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const more: Record<string, string> = token === undefined ? {} : { NextToken: token };
      const page = await call<Record<string, unknown>>(credentials, action, {
        ...parameters,
        MaxResults: PAGE,
        ...more,
      });
      found.push(...(page[name] as T[]));
      token = page['NextToken'] as string | undefined;
      if (token === undefined) break;
    }
    return found;
  };
}
