/**
 * Snapshots: take, remove, reset, images, and the work in the background that follows from them.
 *
 * Invariants: those of the parts below; this file only joins them. Everything here may be called while everything else
 * runs.
 */
import { KeyedMutex, SharedMutex, sleep, unlessAborted } from '../async.ts';
import type { Claim } from '../catalogue/nonces.ts';
import { disksOf } from '../catalogue/stacks.ts';
import { describeError, EcdError } from '../errors.ts';
import type { SnapshotContext } from './context.ts';
import { resolveFreeze } from './freeze-outcome.ts';
import { Images } from './images.ts';
import type { TakeRequest } from './intend.ts';
import { type RebuildRequest, requestRebuild } from './rebuild.ts';
import { recover } from './recover.ts';
import { type Automatic, dropRecords, removeSnapshots } from './remove.ts';
import { type ResetRequest, requestReset } from './request-reset.ts';
import { performReset } from './reset.ts';
import { allRoots } from './roots.ts';
import { SettleGate } from './settle-gate.ts';
import { intentOf, loadState } from './state.ts';
import { take } from './take.ts';
import { DiskWorkers } from './worker.ts';

/** How long ResetSnapshot waits for a quick reset before it answers; a longer one goes on in the background. */
const ANSWER_RESET_MS = 2000;

export type SnapshotsOptions = Omit<SnapshotContext, 'diskLock' | 'recordLock' | 'gate' | 'signal' | 'kick'>;

export class Snapshots {
  readonly #ctx: SnapshotContext;
  readonly #workers: DiskWorkers;
  readonly #stop = new AbortController();
  readonly images: Images;
  readonly #resets = new Map<string, Promise<void>>();
  #collecting: Promise<unknown> = Promise.resolve();

  constructor(options: SnapshotsOptions) {
    this.#ctx = {
      ...options,
      diskLock: new KeyedMutex(),
      recordLock: new SharedMutex(),
      gate: new SettleGate((diskId) => this.#workers.kick(diskId)),
      signal: this.#stop.signal,
      kick: (diskId) => this.#workers.kick(diskId),
    };
    this.#workers = new DiskWorkers(this.#ctx);
    this.images = new Images(this.#ctx);
  }

  /** CreateSnapshot: answers with the id when the point in time is durable. */
  take(request: TakeRequest, claim: Claim): Promise<string> {
    return take(this.#ctx, request, claim);
  }

  /**
   * DeleteSnapshot: unknown ids are ignored; one that is being stored is cancelled. With `automatic` only those that
   * policies made go, whatever is asked for.
   */
  async remove(regionId: string, ids: readonly string[], claim: Claim, automatic?: Automatic): Promise<void> {
    const { diskIds } = await removeSnapshots(this.#ctx, regionId, ids, claim, automatic);
    await dropRecords(this.#ctx);
    await this.#unwanted(diskIds);
  }

  /** DeleteImages: see Images. A desktop's content that is still being stored for one is not needed any more. */
  async removeImages(
    ids: readonly string[],
    claim: Claim,
    cascade: 'bundles' | 'nothing' = 'nothing',
  ): Promise<void> {
    await this.#unwanted(await this.images.remove(ids, claim, cascade));
  }

  /** ResetSnapshot: answers when it is done, or after two seconds while it goes on. */
  async reset(request: ResetRequest, claim: Claim): Promise<void> {
    const diskId = await requestReset(this.#ctx, request, claim);
    await this.#answerReset(diskId);
  }

  /** RebuildDesktops, one desktop: as `reset`, to an image. */
  async rebuild(request: RebuildRequest, claim: Claim): Promise<void> {
    const diskId = await requestRebuild(this.#ctx, request, claim);
    await this.#answerReset(diskId);
  }

  /** After the desktops were found again and before any is started. */
  async recover(): Promise<void> {
    await this.#ctx.pool.endOrphans();
    await this.images.recover();
    for (const diskId of await recover(this.#ctx)) this.#beginReset(diskId).catch(() => {});
    const disks = await this.#ctx.catalogue.db.selectFrom('disks').select('id').execute();
    for (const { id } of disks) this.#workers.kick(id);
  }

  /** Ends whatever holds a desktop's disks, so that QEMU can open them. */
  async beforeStart(desktopId: string, signal: AbortSignal): Promise<void> {
    for (const disk of await disksOf(this.#ctx.catalogue.db, desktopId)) {
      // A settle that begins after this finds the desktop Starting and leaves it alone.
      (await this.#ctx.gate.pause(disk.id)).resume();
      if (intentOf(disk)?.kind === 'reset' && !this.#resets.has(disk.id))
        this.#beginReset(disk.id).catch(() => {});
      await unlessAborted(
        Promise.resolve(this.#resets.get(disk.id)).catch(() => {}),
        signal,
      );
      await this.#ctx.diskLock.run(disk.id, async () => {
        const row = await this.#ctx.catalogue.db
          .selectFrom('disks')
          .selectAll()
          .where('id', '=', disk.id)
          .executeTakeFirst();
        const lease = row === undefined ? null : intentOf(row);
        if (lease?.kind === 'freeze') await resolveFreeze(this.#ctx, row!);
        // Its reset failed and could not say so: a start now would be undone by it later.
        if (lease?.kind === 'reset')
          throw new EcdError('OperationConflict', { reason: 'The disk is being reset.' });
        if (signal.aborted) throw new EcdError('Cancelled', { reason: 'the start was called off' });
      });
    }
  }

  /** There may be work for a desktop's disks: it was created, runs, stopped, or was deleted. */
  async desktopChanged(desktopId: string): Promise<void> {
    for (const disk of await disksOf(this.#ctx.catalogue.db, desktopId)) this.#workers.kick(disk.id);
  }

  /** Removes what nothing refers to from the vault. One collection at a time. */
  collect(): Promise<unknown> {
    const { catalogue, vault } = this.#ctx;
    this.#collecting = this.#collecting
      .catch(() => {})
      .then(() => vault.collect({ roots: () => allRoots(catalogue, vault), signal: this.#stop.signal }));
    return this.#collecting;
  }

  /** Waits until nothing is left to do in the background. For tests and orderly ends. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#resets.values());
    await this.#workers.idle();
  }

  /** Stops the background work; what was under way goes on at the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#workers.close();
    await Promise.allSettled(this.#resets.values());
    await this.#collecting.catch(() => {});
  }

  /** Snapshots of these disks are gone: nobody may wait for what is being stored. */
  async #unwanted(diskIds: readonly string[]): Promise<void> {
    for (const diskId of diskIds) {
      const state = await loadState(this.#ctx.catalogue.db, diskId);
      this.#workers.cancelArchive(diskId, (layer) => state?.wanted.has(layer) === true);
      this.#workers.kick(diskId);
    }
  }

  /** Whoever asked is answered when it is done, or after a while with the promise that it goes on. */
  async #answerReset(diskId: string): Promise<void> {
    let promised = false;
    const reset = this.#beginReset(diskId, () => promised);
    const late = sleep(ANSWER_RESET_MS, this.#stop.signal).then(() => {
      promised = true;
    });
    await Promise.race([reset, late]);
  }

  /** `promised`: whether somebody was told that it goes on. */
  #beginReset(diskId: string, promised = () => true): Promise<void> {
    const reset = performReset(this.#ctx, diskId, promised).finally(() => this.#resets.delete(diskId));
    this.#resets.set(diskId, reset);
    reset.catch((error: unknown) => {
      this.#ctx.log.debug({ disk: diskId, error: describeError(error) }, 'a reset ended with an error');
    });
    return reset;
  }
}
