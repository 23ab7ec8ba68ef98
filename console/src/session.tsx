/**
 * Who is signed in.
 *
 * Invariants: the credentials live in this page's memory alone: a reload or signing out forgets them. When they end or the
 * service knows them no more, all that they have shown is forgotten, and the next page says why it asks for a key.
 */
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { ApiError } from './client.ts';
import { useDocs } from './metadata.ts';
import type { Credentials } from './signer.ts';

interface Session {
  readonly credentials: Credentials | null;
  readonly regionId: string;
  readonly regions: readonly string[];
  setRegionId(regionId: string): void;
  /** The last session ended by itself. */
  readonly ended: boolean;
  signIn(credentials: Credentials): void;
  signOut(): void;
}

/** Codes of a session that cannot go on. */
const ENDED = new Set([
  'InvalidSecurityToken.Expired',
  'InvalidAccessKeyId.NotFound',
  'InvalidAccessKeyId.Inactive',
]);
/** Longer than this a timer of a browser does not wait; the service tells then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const Context = createContext<Session | null>(null);

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const docs = useDocs();
  const [credentials, setCredentials] = useState<Credentials | null>(null);
  const [chosen, setRegionId] = useState<string>();
  const [ended, setEnded] = useState(false);
  useEffect(() => {
    if (credentials === null) return;
    const end = () => {
      setCredentials(null);
      setEnded(true);
      queries.removeQueries({ queryKey: ['api'] });
    };
    const look = (error: unknown) => {
      if (error instanceof ApiError && ENDED.has(error.code)) end();
    };
    const left = (credentials.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) - Date.now();
    const timer = left < LONGEST_TIMER_MS ? setTimeout(end, left) : undefined;
    const unsubscribe = [
      queries.getQueryCache().subscribe((event) => {
        if (event.type === 'updated' && event.action.type === 'error') look(event.action.error);
      }),
      queries.getMutationCache().subscribe((event) => {
        if (event.type === 'updated' && event.action.type === 'error') look(event.action.error);
      }),
    ];
    return () => {
      clearTimeout(timer);
      for (const one of unsubscribe) one();
    };
  }, [credentials, queries]);
  const value = useMemo(() => {
    const regions = docs.data?.endpoints.map((one) => one.regionId) ?? [];
    return {
      credentials,
      regions,
      regionId: chosen ?? regions[0] ?? '',
      setRegionId,
      ended,
      signIn(made: Credentials) {
        setEnded(false);
        setCredentials(made);
      },
      signOut() {
        setCredentials(null);
        queries.removeQueries({ queryKey: ['api'] });
      },
    };
  }, [credentials, docs.data, chosen, ended, queries]);
  return <Context value={value}>{children}</Context>;
}

export function useSession(): Session {
  return useContext(Context)!;
}
