/** What the service tells of its operations and its errors without a key. */
import { useQuery } from '@tanstack/react-query';
import { ServiceGone } from './client.ts';
import type { Docs, ListedError } from './described.ts';

const BASE = '/meta/v1/products/ecd/versions/2020-09-30';

async function getJson<T>(path: string): Promise<T> {
  try {
    const answer = await fetch(`${BASE}/${path}`, { credentials: 'omit' });
    return (await answer.json()) as T;
  } catch (error) {
    throw new ServiceGone(error);
  }
}

export function useDocs() {
  return useQuery({ queryKey: ['docs'], queryFn: () => getJson<Docs>('api-docs.json') });
}

export function useErrors() {
  return useQuery({
    queryKey: ['errors'],
    queryFn: async () => (await getJson<{ errors: readonly ListedError[] }>('errors.json')).errors,
  });
}
