/**
 * Which automatic snapshots of a desktop go, and why: pure, and the only place that decides it.
 *
 * Invariants: only a snapshot of type AUTO that a policy made is ever to go; every snapshot that was given gets one
 * decision with its reason. A day of retention is 24 hours from the instant that the snapshot holds, whatever clocks do
 * meanwhile; its end is inclusive. Over the limit those that FAILED go first (nothing can be restored from them), then
 * the oldest.
 */

export const DAY_MS = 24 * 60 * 60 * 1000;
export const MIN_RETENTION_DAYS = 1;
export const MAX_RETENTION_DAYS = 180;

/** What the decision depends on. Times are milliseconds since 1970. */
export interface AutoSnapshot {
  readonly id: string;
  readonly type: 'AUTO' | 'USER';
  /** Null when no policy made it. */
  readonly policyId: string | null;
  readonly status: 'PROGRESSING' | 'ACCOMPLISHED' | 'FAILED';
  readonly createdAt: number;
  /** Null: it has no end. */
  readonly expiresAt: number | null;
}

export interface Decision<S extends AutoSnapshot = AutoSnapshot> {
  readonly snapshot: S;
  readonly action: 'keep' | 'delete';
  readonly cause: 'not-by-policy' | 'retained' | 'expired' | 'over-limit';
  /** One sentence for the log. */
  readonly reason: string;
}

/** When a snapshot goes that was made at an instant. */
export function retentionEnd(createdAt: number, retentionDays: number): number {
  return createdAt + retentionDays * DAY_MS;
}

/** What becomes of the snapshots of one desktop at `now`, oldest first. `limit`: how many automatic ones it may have. */
export function decide<S extends AutoSnapshot>(
  snapshots: readonly S[],
  now: number,
  limit: number,
): Decision<S>[] {
  const inOrder = [...snapshots].sort(byAge);
  const living = inOrder.filter((snapshot) => isAutomatic(snapshot) && !hasEnded(snapshot, now));
  const leastWorthFirst = [...living].sort(
    (a, b) => Number(isFailed(b)) - Number(isFailed(a)) || byAge(a, b),
  );
  const surplus = new Set(leastWorthFirst.slice(0, Math.max(0, living.length - limit)));
  return inOrder.map((snapshot): Decision<S> => {
    if (!isAutomatic(snapshot)) {
      return { snapshot, action: 'keep', cause: 'not-by-policy', reason: 'No policy made it.' };
    }
    if (hasEnded(snapshot, now)) {
      const reason = `Its retention ended at ${text(snapshot.expiresAt!)}.`;
      return { snapshot, action: 'delete', cause: 'expired', reason };
    }
    if (surplus.has(snapshot)) {
      const which = isFailed(snapshot) ? 'this one had FAILED' : 'this one was the oldest';
      const reason = `The desktop had ${living.length} automatic snapshots and may have ${limit}; ${which}.`;
      return { snapshot, action: 'delete', cause: 'over-limit', reason };
    }
    const until = snapshot.expiresAt === null ? 'without an end' : `until ${text(snapshot.expiresAt)}`;
    return { snapshot, action: 'keep', cause: 'retained', reason: `It is kept ${until}.` };
  });
}

function isAutomatic(snapshot: AutoSnapshot): boolean {
  return snapshot.type === 'AUTO' && snapshot.policyId !== null;
}

function hasEnded({ expiresAt }: AutoSnapshot, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

function isFailed({ status }: AutoSnapshot): boolean {
  return status === 'FAILED';
}

function byAge(a: AutoSnapshot, b: AutoSnapshot): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}

function text(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
