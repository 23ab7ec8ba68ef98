/** What DescribeVault answers, as far as the page uses it. */

export interface Sums {
  readonly SnapshotCount: number;
  readonly LogicalBytes: number;
  readonly ChangedBytes: number;
  readonly StoredBytes: number;
}

export interface Point extends Sums {
  readonly Time: string;
}

export interface Holder extends Sums {
  readonly DesktopId: string;
  readonly DesktopName: string;
  readonly DesktopStatus: string;
  readonly LastSnapshotTime: string;
}

export interface Job {
  readonly SnapshotId: string;
  readonly SnapshotName: string;
  readonly SnapshotType: 'USER' | 'AUTO';
  readonly DesktopId: string;
  readonly DesktopName: string;
  readonly SourceDiskType: 'SYSTEM' | 'DATA';
  readonly Progress: string;
  /** -1: not known. */
  readonly RemainTime: number;
  readonly TotalBytes?: number;
  readonly DoneBytes: number;
}

/** `StoredBytes` are of all of the vault's files here. */
export interface VaultSums extends Sums {
  readonly UniqueBytes: number;
  readonly FreeBytes: number;
  readonly ChunkCount: number;
  readonly PackCount: number;
  readonly ImageCount: number;
  readonly ImageBytes: number;
}

export interface VaultFound {
  readonly VaultId: string;
  readonly ChunkSize: number;
  readonly Vault: VaultSums;
  readonly History: readonly Point[];
  readonly DesktopCount: number;
  readonly Desktops: readonly Holder[];
  readonly Jobs: readonly Job[];
  readonly NextToken?: string;
}
