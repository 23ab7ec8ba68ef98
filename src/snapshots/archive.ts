/**
 * Storing a frozen layer in the vault: its changed chunks, and the tree of the whole disk as it was at the freeze.
 *
 * Invariants: only what the layer (and unarchived ones below it) changed is read; the parent is the root of the layer's
 * backing; packs are synced before the index knows them, and both before a row says ACCOMPLISHED; the session lives until
 * that row is committed, so that no collection can come between.
 */
import { chain, stackOf } from '../catalogue/stacks.ts';
import type { FrozenView, Stack } from '../disks/types.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { parseRoot, type Root, rootKey, type VaultSession } from '../vault/index.ts';
import type { SnapshotContext } from './context.ts';
import type { Step } from './decide.ts';
import { snapshotRecord } from './records.ts';
import { dropRecords } from './remove.ts';
import type { DiskState } from './state.ts';

const REPORT_EVERY_MS = 500;

export type ArchiveStep = Extract<Step, { kind: 'archive' }>;

/** Whether nobody wrote since the parent: then no program is started and nothing read to archive it. */
export function isUntouched(ctx: SnapshotContext, state: DiskState, step: ArchiveStep): Promise<boolean> {
  return ctx.pool.isUntouched(stackOf(state.disk, chain(state.layers, step.layer)), step.depth);
}

/**
 * Archives one layer, which is `untouched` or may not be. Throws Cancelled by the signal; the layer then waits as before.
 */
export async function archive(
  ctx: SnapshotContext,
  state: DiskState,
  step: ArchiveStep,
  untouched: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { disk } = state;
  const stack = stackOf(disk, chain(state.layers, step.layer));
  const parent = step.parentRoot === null ? null : parseRoot(step.parentRoot);
  const session = await ctx.vault.session();
  try {
    const root = untouched
      ? await session.buildTree(parent, disk.size_bytes, [])
      : await storeStack(ctx, state, stack, session, {
          layers: step.depth,
          parent,
          sizeBytes: disk.size_bytes,
          signal,
          report: (done, total) => report(ctx, step.layer, done, total),
        });
    const { newBytes } = await session.flush();
    await faults.hit('archive.flushed');
    const dropped = await ctx.recordLock.share(() => accomplish(ctx, step.layer, root, newBytes));
    if (dropped) await dropRecords(ctx);
    await faults.hit('archive.committed');
  } finally {
    await session.close();
  }
}

async function storeStack(
  ctx: SnapshotContext,
  { disk }: DiskState,
  stack: Stack,
  session: VaultSession,
  options: StoreOptions,
): Promise<Root> {
  await ctx.pool.check(stack);
  const view = await ctx.pool.openView(stack);
  try {
    await faults.hit('archive.opened', { qsd: view.pid, qemu: ctx.desktops.qemuPid(disk.desktop_id) });
    const root = await storeView(ctx, view, session, options);
    await faults.hit('archive.stored', { qsd: view.pid });
    return root;
  } finally {
    await view.close();
  }
}

export interface StoreOptions {
  readonly layers: number | 'all';
  readonly parent: Root | null;
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
  readonly report: (doneBytes: number, totalBytes: number) => Promise<void>;
}

/** Reads the changed chunks of a view into the session and gives the root of the whole. */
export async function storeView(
  ctx: Pick<SnapshotContext, 'scan'>,
  view: FrozenView,
  session: VaultSession,
  options: StoreOptions,
): Promise<Root> {
  const { signal } = options;
  let total = 0;
  for await (const extent of view.changedExtents(options.layers, signal)) total += extent.length;
  let done = 0;
  const reporter = new Reporter((bytes) => options.report(bytes, total));
  await options.report(0, total);
  const changes = ctx.scan.scan({
    spec: view.spec,
    extents: view.changedExtents(options.layers, signal),
    known: (names) => session.known(names),
    put: (objects) => session.put(objects),
    signal,
    onProgress: (bytes) => {
      done = Math.min(bytes, total);
      reporter.tell(done);
    },
  });
  const root = await session.buildTree(options.parent, options.sizeBytes, changes);
  await reporter.end();
  return root;
}

/** Passes progress on at most every half second, one report at a time. */
class Reporter {
  readonly #report: (done: number) => Promise<void>;
  #last = 0;
  #busy: Promise<void> | undefined;

  constructor(report: (done: number) => Promise<void>) {
    this.#report = report;
  }

  tell(done: number): void {
    const now = performance.now();
    if (this.#busy !== undefined || now - this.#last < REPORT_EVERY_MS) return;
    this.#last = now;
    // Progress that cannot be written is no reason to stop the archive.
    this.#busy = this.#report(done)
      .catch(() => {})
      .finally(() => {
        this.#busy = undefined;
      });
  }

  async end(): Promise<void> {
    await this.#busy;
  }
}

async function report(ctx: SnapshotContext, layerId: string, done: number, total: number): Promise<void> {
  await ctx.catalogue.db
    .updateTable('snapshots')
    .set({ done_bytes: done, total_bytes: total })
    .where('layer_id', '=', layerId)
    .where('status', '=', 'PROGRESSING')
    .execute();
}

/**
 * The layer and the snapshots that wait for it have a root. A record in the vault says the same without the catalogue.
 * True when a record has to go again, because its snapshot was deleted meanwhile.
 */
async function accomplish(
  ctx: SnapshotContext,
  layerId: string,
  root: Root,
  newBytes: number,
): Promise<boolean> {
  const key = rootKey(root);
  const now = ctx.clock();
  const waiting = await ctx.catalogue.db
    .selectFrom('snapshots')
    .selectAll()
    .where('layer_id', '=', layerId)
    .where('status', '=', 'PROGRESSING')
    .execute();
  for (const row of waiting) await ctx.vault.putRecord(row.id, snapshotRecord(row, key, now));
  await faults.hit('archive.recorded');
  return ctx.catalogue.transaction(async (trx) => {
    let dropped = false;
    await trx.updateTable('layers').set({ root: key }).where('id', '=', layerId).execute();
    await trx
      .updateTable('snapshots')
      .set((eb) => ({
        status: 'ACCOMPLISHED' as const,
        root: key,
        archived_at: now,
        stored_bytes: newBytes,
        total_bytes: eb.fn.coalesce('total_bytes', eb.lit(0)),
        done_bytes: eb.fn.coalesce('total_bytes', eb.lit(0)),
      }))
      .where('layer_id', '=', layerId)
      .where('status', '=', 'PROGRESSING')
      .execute();
    // One that was deleted while it was stored leaves its record to be removed.
    for (const row of waiting) {
      const still = await trx
        .selectFrom('snapshots')
        .select('id')
        .where('id', '=', row.id)
        .executeTakeFirst();
      if (still !== undefined) continue;
      dropped = true;
      await trx
        .insertInto('dropped_records')
        .values({ record_id: row.id })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    return dropped;
  });
}

/** True for failures of the disk's own files, which no later try can mend. */
export function isLost(error: unknown): boolean {
  return EcdError.is(error, 'Disk.Damaged');
}
