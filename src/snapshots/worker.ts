/**
 * Does what is to be done with each disk, one step after another, in the background.
 *
 * Invariants: at most one worker for a disk; archive and settle of a disk exclude each other because the one worker does
 * both; at most `archivesAtOnce` archives that read a disk in all; a step that fails is tried again with growing pauses
 * and stops nothing else; what was kicked while a worker ran is looked at again.
 */
import { Limiter, sleep } from '../async.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { type ArchiveStep, archive, isLost, isUntouched } from './archive.ts';
import type { SnapshotContext } from './context.ts';
import { nextStep, type Step } from './decide.ts';
import { resolveFreeze } from './freeze-outcome.ts';
import { discardLayers, prepareLayer, sweep } from './layers.ts';
import { releaseDisk } from './remove.ts';
import { settleDisk } from './settle-step.ts';
import { type DiskState, loadState } from './state.ts';

const LONGEST_PAUSE_MS = 30_000;
/** Archives at once that read nothing. */
const LIGHT_AT_ONCE = 16;
/** How often a layer must be found lost before its snapshots are: a mount that comes back must not cost them. */
const LOST_AFTER = 5;

interface Task {
  again: boolean;
  done: Promise<void>;
  /** Cuts a pause short. */
  wake: AbortController;
  /** The archive under way, by layer. */
  archiving: { readonly layer: string; readonly abort: AbortController } | undefined;
  /** Steps that failed since the last pause; passed over meanwhile. */
  readonly failed: Set<Step['kind']>;
  /** How often in a row an archive found its layer lost. */
  lost: number;
}

export class DiskWorkers {
  readonly #ctx: SnapshotContext;
  readonly #tasks = new Map<string, Task>();
  readonly #waiting: (() => void)[] = [];
  readonly #light = new Limiter(LIGHT_AT_ONCE);
  #archives = 0;

  constructor(ctx: SnapshotContext) {
    this.#ctx = ctx;
  }

  kick(diskId: string): void {
    if (this.#ctx.signal.aborted) return;
    const task = this.#tasks.get(diskId);
    if (task !== undefined) {
      task.again = true;
      task.wake.abort();
      return;
    }
    const fresh: Task = {
      again: true,
      done: Promise.resolve(),
      wake: new AbortController(),
      archiving: undefined,
      failed: new Set(),
      lost: 0,
    };
    this.#tasks.set(diskId, fresh);
    fresh.done = this.#run(diskId, fresh).finally(() => {
      this.#tasks.delete(diskId);
      // Kicked between its last look and here.
      if (fresh.again) this.kick(diskId);
    });
  }

  /** Stops an archive that no snapshot waits for any more. */
  cancelArchive(diskId: string, stillWanted: (layer: string) => boolean): void {
    const archiving = this.#tasks.get(diskId)?.archiving;
    if (archiving !== undefined && !stillWanted(archiving.layer)) archiving.abort.abort();
  }

  /** Waits until no worker has anything to do. */
  async idle(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all([...this.#tasks.values()].map((task) => task.done));
  }

  /** Waits for the workers to stop, once the context's signal is aborted. */
  async close(): Promise<void> {
    for (const task of this.#tasks.values()) {
      task.archiving?.abort.abort();
      task.wake.abort();
    }
    for (const next of this.#waiting.splice(0)) next();
    await Promise.allSettled([...this.#tasks.values()].map((task) => task.done));
  }

  async #run(diskId: string, task: Task): Promise<void> {
    let failures = 0;
    while (!this.#ctx.signal.aborted) {
      task.again = false;
      task.wake = new AbortController();
      try {
        const did = await this.#step(diskId, task);
        if (did && task.failed.size === 0) failures = 0;
        if (!did && task.failed.size > 0) await this.#pause(failures, task);
        else if (!did && !task.again) return;
      } catch (error) {
        if (this.#ctx.signal.aborted) return;
        if (EcdError.is(error, 'Cancelled')) {
          // Paused or called off: whoever did that kicks again.
          if (!task.again) return;
          continue;
        }
        failures++;
        this.#ctx.log.warn(
          { disk: diskId, failures, error: describeError(error) },
          'work on a disk failed; it is tried again',
        );
        // Not even what is to be done could be told: looked at once more at once, it would be no better.
        if (task.failed.size === 0) await this.#pause(failures, task);
      }
    }
  }

  /** All that is left has failed: a pause, cut short by a kick, then everything is tried again. */
  async #pause(failures: number, task: Task): Promise<void> {
    const ms = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** Math.min(failures, 10));
    await sleep(ms, AbortSignal.any([this.#ctx.signal, task.wake.signal])).catch(() => {});
    task.failed.clear();
  }

  /** One step; false when there was none. */
  async #step(diskId: string, task: Task): Promise<boolean> {
    const ctx = this.#ctx;
    const state = await loadState(ctx.catalogue.db, diskId);
    const step = state === undefined ? null : nextStep(state, task.failed);
    if (state === undefined || step === null) return false;
    try {
      await this.#perform(state, step, task);
      return true;
    } catch (error) {
      if (!EcdError.is(error, 'Cancelled')) task.failed.add(step.kind);
      throw error;
    }
  }

  async #perform(state: DiskState, step: Step, task: Task): Promise<void> {
    const ctx = this.#ctx;
    const diskId = state.disk.id;
    switch (step.kind) {
      case 'resolve':
        return ctx.diskLock.run(diskId, () => resolveFreeze(ctx, state.disk));
      case 'release':
        return releaseDisk(ctx, diskId);
      case 'drop':
        return this.#drop(diskId);
      case 'prepare':
        return this.#prepare(diskId);
      case 'archive':
        return this.#archive(state, step, task);
      case 'settle':
        return settleDisk(ctx, diskId);
    }
  }

  async #drop(diskId: string): Promise<void> {
    const ctx = this.#ctx;
    await ctx.diskLock.run(diskId, async () => {
      const dropped = await ctx.catalogue.transaction(async (trx) => {
        const state = await loadState(trx, diskId);
        const step = state === undefined ? null : nextStep(state);
        if (step?.kind !== 'drop') return [];
        const deleted = state!.desktopStatus === 'Deleted';
        if (deleted)
          await trx.updateTable('disks').set({ prepared_layer: null }).where('id', '=', diskId).execute();
        await discardLayers(trx, diskId, step.layers);
        return [...step.layers];
      });
      await faults.hit('drop.committed');
      await sweep(ctx, diskId, dropped);
    });
  }

  async #prepare(diskId: string): Promise<void> {
    const ctx = this.#ctx;
    return ctx.diskLock.run(diskId, async () => {
      const disk = await ctx.catalogue.db
        .selectFrom('disks')
        .selectAll()
        .where('id', '=', diskId)
        .executeTakeFirst();
      if (disk === undefined || disk.prepared_layer !== null) return;
      if (disk.intent !== null) throw new EcdError('Cancelled', { reason: 'the disk is being reset' });
      await prepareLayer(ctx, disk);
    });
  }

  async #archive(state: DiskState, step: ArchiveStep, task: Task): Promise<void> {
    const abort = new AbortController();
    task.archiving = { layer: step.layer, abort };
    try {
      const untouched = await isUntouched(this.#ctx, state, step);
      const work = async () => {
        const stopped = AbortSignal.any([abort.signal, this.#ctx.signal]);
        if (stopped.aborted) throw new EcdError('Cancelled', { reason: 'the archive waited for its turn' });
        // What was wanted when it queued may have been deleted since.
        const now = await loadState(this.#ctx.catalogue.db, state.disk.id);
        const still = now === undefined ? null : nextStep(now, task.failed);
        if (now === undefined || still?.kind !== 'archive') return;
        if (still.layer !== step.layer || still.depth !== step.depth) return;
        await archive(this.#ctx, now, still, untouched, stopped);
      };
      await (untouched ? this.#light.run(work) : this.#turn(work));
      task.lost = 0;
    } catch (error) {
      if (!isLost(error) || ++task.lost < LOST_AFTER) throw error;
      task.lost = 0;
      await this.#giveUp(step.layer, error);
    } finally {
      task.archiving = undefined;
    }
  }

  /** The layer's file is gone or damaged: what waits for it can never be stored. */
  async #giveUp(layerId: string, cause: unknown): Promise<void> {
    this.#ctx.log.error(
      { layer: layerId, error: describeError(cause) },
      'a frozen layer is lost; its snapshots are FAILED',
    );
    const lost = await this.#ctx.catalogue.db
      .updateTable('snapshots')
      .set({ status: 'FAILED', failure: describeError(cause), layer_id: null })
      .where('layer_id', '=', layerId)
      .where('status', '=', 'PROGRESSING')
      .executeTakeFirst();
    // Nobody waits for it and it cannot be read: trying for ever would help nobody.
    if (lost.numUpdatedRows === 0n) throw cause;
  }

  async #turn(work: () => Promise<void>): Promise<void> {
    while (this.#archives >= this.#ctx.settings.snapshots.archivesAtOnce && !this.#ctx.signal.aborted) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#ctx.signal.aborted) throw new EcdError('Cancelled', { reason: 'the service stops' });
    this.#archives++;
    try {
      await work();
    } finally {
      this.#archives--;
      this.#waiting.shift()?.();
    }
  }
}
