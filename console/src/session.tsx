/**
 * Who is signed in.
 *
 * Invariant: the credentials live in this page's memory alone: a reload or signing out forgets them.
 */
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import { useDocs } from './metadata.ts';
import type { Credentials } from './signer.ts';

interface Session {
  readonly credentials: Credentials | null;
  readonly regionId: string;
  readonly regions: readonly string[];
  setRegionId(regionId: string): void;
  signIn(credentials: Credentials): void;
  signOut(): void;
}

const Context = createContext<Session | null>(null);

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const queries = useQueryClient();
  const docs = useDocs();
  const [credentials, setCredentials] = useState<Credentials | null>(null);
  const [chosen, setRegionId] = useState<string>();
  const value = useMemo(() => {
    const regions = docs.data?.endpoints.map((one) => one.regionId) ?? [];
    return {
      credentials,
      regions,
      regionId: chosen ?? regions[0] ?? '',
      setRegionId,
      signIn: setCredentials,
      signOut() {
        setCredentials(null);
        queries.removeQueries({ queryKey: ['api'] });
      },
    };
  }, [credentials, docs.data, chosen, queries]);
  return <Context value={value}>{children}</Context>;
}

export function useSession(): Session {
  return useContext(Context)!;
}
