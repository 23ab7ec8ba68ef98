/** The operations that the pages use, as far as they use them, and how often their answers are asked for anew. */
import { type QueryKey, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from './client.ts';
import { useSession } from './session.tsx';
import type { Credentials, Parameters } from './signer.ts';

export interface Desktop {
  readonly DesktopId: string;
  readonly DesktopName: string;
  readonly DesktopStatus: string;
  readonly Cpu: number;
  readonly Memory: number;
  readonly ImageId: string;
  readonly CreationTime: string;
  /** On a bridge of the host, while the guest tells it. */
  readonly NetworkInterfaceIp?: string;
  readonly SnapshotPolicyName?: string;
  readonly Tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly Disks: readonly {
    readonly DiskId: string;
    readonly DiskType: DiskType;
    readonly DiskSize: number;
  }[];
}

export type DiskType = 'SYSTEM' | 'DATA';

export interface Snapshot {
  readonly SnapshotId: string;
  readonly SnapshotName: string;
  readonly Description: string;
  readonly SnapshotType: 'USER' | 'AUTO';
  readonly Status: 'PROGRESSING' | 'ACCOMPLISHED' | 'FAILED';
  readonly Progress: string;
  /** Seconds; -1 while it is not known. */
  readonly RemainTime: number;
  readonly CreationTime: string;
  readonly SourceDiskType: DiskType;
  readonly Creator: string;
  readonly Consistency?: 'filesystem' | 'crash' | 'stopped';
  readonly StoredBytes?: number;
  readonly ChangedBytes?: number;
  readonly DeletionTime?: string;
}

/** Under this key everything is stored that a session has read; signing out removes it. */
const API = 'api';
const PAGE = '100';

/** Asks an operation of the region chosen. `again` says after how many milliseconds it is asked anew. */
export function useCall<T>(
  action: string,
  parameters: Parameters,
  read: (credentials: Credentials, all: Parameters) => Promise<T>,
  again: (data: T | undefined) => number,
) {
  const { credentials, regionId } = useSession();
  const all = { RegionId: regionId, ...parameters };
  const queryKey: QueryKey = [API, action, all];
  return useQuery({
    queryKey,
    queryFn: () => read(credentials!, all),
    enabled: credentials !== null && regionId !== '',
    placeholderData: (before) => before,
    refetchInterval: (query) => again(query.state.data as T | undefined),
  });
}

/** Does an operation that writes; afterwards everything shown is asked for anew. */
export function useWrite(onDone: (answer: unknown) => void) {
  const { credentials, regionId } = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ action, parameters }: { action: string; parameters: Parameters }) =>
      call<unknown>(credentials!, action, { RegionId: regionId, ...parameters }),
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries({ queryKey: [API] }),
  });
}

/** `X.1`, `X.2` ... */
export function listed(name: string, values: readonly string[]): Parameters {
  return Object.fromEntries(values.map((value, at) => [`${name}.${at + 1}`, value]));
}

/** All snapshots, newest first, over as many pages as there are. */
export async function allSnapshots(credentials: Credentials, parameters: Parameters): Promise<Snapshot[]> {
  const found: Snapshot[] = [];
  let token: string | undefined;
  do {
    const more: Record<string, string> = token === undefined ? {} : { NextToken: token };
    const page = await call<{ Snapshots: Snapshot[]; NextToken?: string }>(credentials, 'DescribeSnapshots', {
      ...parameters,
      MaxResults: PAGE,
      ...more,
    });
    found.push(...page.Snapshots);
    token = page.NextToken;
  } while (token !== undefined);
  return found;
}
