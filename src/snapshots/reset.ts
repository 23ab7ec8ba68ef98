/**
 * ResetSnapshot: the disk becomes again what it was at the freeze. RebuildDesktops: what an image is.
 *
 * Invariants: while the lease (the disk's intent) is there nothing else touches the disk; the rest stands in
 * switch-stack.ts. A rebuild drops no snapshot.
 */
import { sleep } from '../async.ts';
import { chain, type DiskRow, diskById, stackOf } from '../catalogue/stacks.ts';
import type { Stack } from '../disks/types.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { parseRoot } from '../vault/index.ts';
import type { SnapshotContext } from './context.ts';
import { type ResetWay, resetWay } from './decide.ts';
import { rebuildDisk } from './rebuild.ts';
import { requireDiskSpace } from './space.ts';
import { type DiskState, type Intent, intentOf, loadState } from './state.ts';
import { isSound, switchTo } from './switch-stack.ts';

/** How often a promised reset is tried, and the pause before the second try, which doubles then. */
const TRIES = 5;
const FIRST_PAUSE_MS = 1000;

/**
 * Does a reset whose lease is taken; also one that an earlier service began. The lease ends with it, done or failed. Once
 * its caller was told that it goes on (`promised`), what may pass is tried again.
 */
export async function performReset(
  ctx: SnapshotContext,
  diskId: string,
  promised: () => boolean,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const disk = await diskById(ctx.catalogue.db, diskId);
    const intent = disk === undefined ? null : intentOf(disk);
    if (disk === undefined || intent?.kind !== 'reset') return;
    await faults.hit('reset.intended');
    try {
      return await tryReset(ctx, disk, intent, promised());
    } catch (error) {
      const details = { disk: diskId, lease: intent, tries, error: describeError(error) };
      if (ctx.signal.aborted) throw error;
      if (!promised() || tries === TRIES || !mayPass(error)) {
        ctx.log.error(details, 'a reset failed; the disk is as it was');
        await endLease(ctx, diskId, disk.intent!);
        throw error;
      }
      ctx.log.warn(details, 'a reset failed; it is tried again');
    }
    await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), ctx.signal);
  }
}

/** What has to do with a process, a connection or a device, and not with what was asked for. */
function mayPass(error: unknown): boolean {
  return (
    EcdError.is(error, 'OperationDenied.DiskInUse', 'OperationDenied.InsufficientSpace') ||
    (EcdError.is(error) && error.internal && !EcdError.is(error, 'Vault.Damaged', 'Cancelled'))
  );
}

async function tryReset(
  ctx: SnapshotContext,
  disk: DiskRow,
  intent: Extract<Intent, { kind: 'reset' }>,
  promised: boolean,
): Promise<void> {
  let pause: { resume(): void } | undefined;
  try {
    await stopFirst(ctx, disk.id, disk.desktop_id);
    pause = await ctx.gate.pause(disk.id);
    await ctx.diskLock.run(disk.id, async () => {
      const state = await loadState(ctx.catalogue.db, disk.id);
      if (state === undefined) throw new EcdError('InvalidDesktopId.NotFound');
      await requireUnused(ctx, state, stackOf(state.disk, chain(state.layers, state.disk.active_layer)));
      if ('imageId' in intent) await rebuildDisk(ctx, state, intent.imageId);
      else await resetDisk(ctx, state, intent.snapshotId, promised);
    });
  } finally {
    pause?.resume();
    ctx.kick(disk.id);
  }
}

/** A desktop that was started meanwhile is Starting, and waits for this reset: it is not to be stopped again. */
async function stopFirst(ctx: SnapshotContext, diskId: string, desktopId: string): Promise<void> {
  const desktop = await ctx.catalogue.db
    .selectFrom('desktops')
    .select('status')
    .where('id', '=', desktopId)
    .executeTakeFirst();
  if (desktop?.status !== 'Running' && desktop?.status !== 'Stopping') return;
  ctx.log.info({ disk: diskId, desktop: desktopId }, 'a reset waits for the desktop to stop');
  await ctx.desktops.stopAndWait(desktopId, ctx.signal);
}

async function endLease(ctx: SnapshotContext, diskId: string, intent: string): Promise<void> {
  await ctx.catalogue.db
    .updateTable('disks')
    .set({ intent: null })
    .where('id', '=', diskId)
    .where('intent', '=', intent)
    .execute();
}

async function resetDisk(
  ctx: SnapshotContext,
  state: DiskState,
  snapshotId: string,
  promised: boolean,
): Promise<void> {
  const snapshot = await ctx.catalogue.db
    .selectFrom('snapshots')
    .select(['root', 'layer_id'])
    .where('id', '=', snapshotId)
    .executeTakeFirst();
  // Deleted while the reset waited for the desktop to stop: there is nothing to go back to.
  if (snapshot?.root == null) throw new EcdError('InvalidSnapshotId.NotFound');
  const target = parseRoot(snapshot.root);
  const way = resetWay(state, { layer: snapshot.layer_id, root: snapshot.root });
  const onto = way.kind === 'onto' ? way.layer : way.over;
  const below = onto === null ? emptyStack(state, way) : stackOf(state.disk, chain(state.layers, onto));
  const sound = await isSound(ctx, below);
  ctx.log.info(
    { disk: state.disk.id, snapshot: snapshotId, way: sound ? way.kind : 'from the vault' },
    'reset',
  );
  if (sound && way.kind === 'onto') return switchTo(ctx, state, below, null);
  // What was promised may use the reserve: it is there so that nothing stops half-way.
  if (!promised) await requireDiskSpace(ctx);
  const source = sound && way.kind === 'difference' && way.root !== null ? parseRoot(way.root) : null;
  const clean: Stack = sound ? below : { ...below, imageId: null, layers: [] };
  await switchTo(ctx, state, clean, { source, target, root: snapshot.root });
}

/** No QEMU of ours and no other process has the disk. A file that is damaged is in nobody's use. */
async function requireUnused(ctx: SnapshotContext, state: DiskState, stack: Stack): Promise<void> {
  const free = await ctx.pool.lockFree(stack).catch((error: unknown) => {
    if (EcdError.is(error, 'Disk.Damaged')) return true;
    throw error;
  });
  const ours = ctx.desktops.live(state.disk.desktop_id, state.disk.type) !== null;
  if (!free || ours) throw new EcdError('OperationDenied.DiskInUse', { path: state.disk.id });
}

/** The golden image alone, or nothing. */
function emptyStack(state: DiskState, way: ResetWay): Stack {
  const imageId = way.kind === 'difference' ? way.imageId : null;
  return { diskId: state.disk.id, sizeBytes: state.disk.size_bytes, imageId, layers: [] };
}
