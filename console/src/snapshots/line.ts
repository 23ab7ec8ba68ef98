/** Where the snapshots of a disk stand on a line of time, and how tall: pure. */

/** More marks than these cannot be told apart, and would make the page slow. */
export const MOST_MARKS = 300;
const LEAST_HEIGHT = 0.15;

/** What the line needs of a snapshot. */
export interface Held {
  readonly SnapshotId: string;
  readonly SnapshotName: string;
  readonly SnapshotType: 'USER' | 'AUTO';
  readonly Status: string;
  readonly CreationTime: string;
  readonly StoredBytes?: number;
}

export interface Mark {
  readonly id: string;
  readonly automatic: boolean;
  readonly failed: boolean;
  readonly storing: boolean;
  readonly name: string;
  /** 0 (the oldest) to 1 (now). */
  readonly at: number;
  /** 0 to 1, by the logarithm of what it added. */
  readonly height: number;
}

export interface Line {
  readonly first: string;
  readonly last: string;
  readonly marks: readonly Mark[];
  /** How many are not shown. */
  readonly older: number;
}

/** Of snapshots newest first; undefined when there is none. */
export function lineOf(snapshots: readonly Held[]): Line | undefined {
  const shown = snapshots.slice(0, MOST_MARKS);
  const [newest, oldest] = [shown[0], shown.at(-1)];
  if (newest === undefined || oldest === undefined) return undefined;
  const from = Date.parse(oldest.CreationTime);
  const span = Date.parse(newest.CreationTime) - from;
  const most = Math.log1p(Math.max(1, ...shown.map((one) => one.StoredBytes ?? 0)));
  const marks = shown.toReversed().map((one) => ({
    id: one.SnapshotId,
    automatic: one.SnapshotType === 'AUTO',
    failed: one.Status === 'FAILED',
    storing: one.Status === 'PROGRESSING',
    name: one.SnapshotName,
    at: span === 0 ? 0.5 : (Date.parse(one.CreationTime) - from) / span,
    height: LEAST_HEIGHT + (1 - LEAST_HEIGHT) * (Math.log1p(one.StoredBytes ?? 0) / most),
  }));
  return {
    first: oldest.CreationTime,
    last: newest.CreationTime,
    marks,
    older: snapshots.length - shown.length,
  };
}
