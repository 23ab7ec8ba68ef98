/** The reserve: what is kept free, so that the guests of desktops that run can go on writing. */
import { EcdError } from '../errors.ts';
import type { SnapshotContext } from './context.ts';

/** For a snapshot: on the disks and in the vault. Throws OperationDenied.InsufficientSpace. */
export async function requireSpace(ctx: SnapshotContext): Promise<void> {
  await requireDiskSpace(ctx);
  // A vault that is away is no reason to refuse: the frozen layer waits for it.
  refuseBelowReserve(ctx, await ctx.vault.freeBytes().catch(() => Number.POSITIVE_INFINITY), 'the vault');
}

/** For a layer that is to be filled. Throws OperationDenied.InsufficientSpace. */
export async function requireDiskSpace(ctx: SnapshotContext): Promise<void> {
  refuseBelowReserve(ctx, await ctx.pool.freeBytes(), 'the data directory');
}

function refuseBelowReserve(ctx: SnapshotContext, free: number, path: string): void {
  const reserve = ctx.settings.snapshots.reserveBytes;
  if (free < reserve) throw new EcdError('OperationDenied.InsufficientSpace', { path, free, reserve });
}
