/**
 * A desktop's life: create, start, stop, reboot, delete, and what snapshots need of a running one.
 *
 * Invariants: a request's changes of status are one transaction with its nonce, all or none; the work follows in the
 * background, per desktop one after another; a status says what QEMU reported, not what was wished.
 */
import type { Duplex } from 'node:stream';
import type { Claim } from '../catalogue/nonces.ts';
import type { DiskType } from '../catalogue/schema.ts';
import type { LiveDisk } from '../disks/types.ts';
import { EcdError } from '../errors.ts';
import { orAborted } from './agent-link.ts';
import { Context, type DesktopsOptions } from './context.ts';
import { createRows, createTask, type NewDesktops } from './create.ts';
import { rebootTask, removeTask, startTask, stopTask } from './lifecycle.ts';
import type { Machine } from './machine.ts';
import { keepFilter } from './network.ts';
import type { Picture } from './picture.ts';
import type { Quiesced } from './quiesce.ts';
import { type Reconnected, reconnect, resume } from './recover.ts';
import { type DesktopRow, findDesktop, mustChangeStatus, wantDesktops } from './rows.ts';
import { boundLog } from './run-folder.ts';
import { connectScreen, Pictures } from './screen.ts';
import { nextStatus, type Verb } from './states.ts';
import type { Task } from './tasks.ts';

export type { DesktopHooks, DesktopsOptions } from './context.ts';
export type { NewDesktops } from './create.ts';
export { type Picture, shrink, toPng } from './picture.ts';
export type { Quiesced } from './quiesce.ts';

const CHECK_MS = 60_000;

export class Desktops {
  readonly #context: Context;
  readonly #checks: NodeJS.Timeout;
  readonly #pictures = new Pictures();
  #found: Reconnected = { running: [], stopped: [] };

  constructor(options: DesktopsOptions) {
    this.#context = new Context(options);
    this.#checks = setInterval(() => void this.#check(), CHECK_MS);
    this.#checks.unref();
  }

  /** First step of recovery: finds every QEMU again, starts none, opens no disk. */
  async reconnect(): Promise<void> {
    this.#found = await reconnect(this.#context);
  }

  /** Second step: goes on with creations, starts, stops, reboots and deletes that were under way. */
  async resume(): Promise<void> {
    await keepFilter(this.#context);
    await resume(this.#context, this.#found);
    this.#found = { running: [], stopped: [] };
  }

  async recover(): Promise<void> {
    await this.reconnect();
    await this.resume();
  }

  /** Puts new desktops on record and makes them in the background; gives their ids. */
  async create(wanted: NewDesktops, claim: Claim): Promise<string[]> {
    const ids = await createRows(this.#context, wanted, claim);
    for (const id of ids) this.#begin(id, 'create', (signal) => createTask(this.#context, id, signal));
    return ids;
  }

  /** Throws InvalidDesktopId.NotFound, IncorrectDesktopStatus; then nothing has changed. So do the next three. */
  async start(ids: readonly string[], claim: Claim): Promise<void> {
    const changed = await this.#change('start', ids, claim, {
      wanted_running: 1,
      started_at: null,
      stop_reason: '',
    });
    for (const id of changed) this.#begin(id, 'start', (signal) => startTask(this.#context, id, signal));
  }

  /** `force`: the guest is not asked. */
  async stop(
    ids: readonly string[],
    claim: Claim,
    options: { readonly force?: boolean } = {},
  ): Promise<void> {
    const changed = await this.#change('stop', ids, claim, { wanted_running: 0 });
    const force = options.force === true;
    for (const id of changed) this.#begin(id, 'stop', (signal) => stopTask(this.#context, id, force, signal));
  }

  async reboot(ids: readonly string[], claim: Claim): Promise<void> {
    const changed = await this.#change('reboot', ids, claim, { wanted_running: 1 });
    for (const id of changed) this.#begin(id, 'reboot', (signal) => rebootTask(this.#context, id, signal));
  }

  /** In any status; what is under way for it is given up. */
  async remove(ids: readonly string[], claim: Claim): Promise<void> {
    const changed = await this.#change('remove', ids, claim, {
      wanted_running: 0,
      deleted_at: this.#context.options.clock(),
    });
    for (const id of changed) {
      this.#context.tasks.cancel(id);
      this.#begin(id, 'remove', () => removeTask(this.#context, id));
    }
  }

  async rename(id: string, name: string, claim: Claim): Promise<void> {
    await this.#context.catalogue.transaction(async (trx) => {
      await wantDesktops(trx, [id]);
      await claim.record(trx);
      await trx.updateTable('desktops').set({ name }).where('id', '=', id).execute();
    });
  }

  /**
   * Stops a Running desktop and resolves when it is Stopped (at once when it is already). Throws
   * InvalidDesktopId.NotFound, IncorrectDesktopStatus, or Cancelled when the signal aborts; the stop then goes on.
   */
  async stopAndWait(desktopId: string, signal: AbortSignal): Promise<void> {
    const [row] = await wantDesktops(this.#context.catalogue.db, [desktopId]);
    if (row!.status === 'Stopped') return;
    const stop: Task = (own) => stopTask(this.#context, desktopId, false, own);
    if (row!.status !== 'Stopping') {
      await this.#context.catalogue.transaction(async (trx) => {
        const now = (await wantDesktops(trx, [desktopId]))[0]!;
        if (now.status === 'Stopped' || now.status === 'Stopping') return;
        await mustChangeStatus(trx, now, {
          status: nextStatus('stop', now.status) as 'Stopping',
          wanted_running: 0,
        });
      });
    }
    // Behind a stop that is under way already this one finds nothing to do.
    await orAborted(this.#begin(desktopId, 'stop', stop), signal);
    const after = await findDesktop(this.#context.catalogue.db, desktopId);
    if (after?.status === 'Stopped') return;
    throw new EcdError('IncorrectDesktopStatus', { status: after?.status ?? 'Deleted', wanted: 'Stopped' });
  }

  /** The block layer of a running desktop's disk; null when no QEMU runs, or it has no such disk. */
  live(desktopId: string, type: DiskType): LiveDisk | null {
    const machine = this.#machine(desktopId);
    const qmp = machine?.qmp ?? null;
    return qmp !== null && machine!.disks.includes(type) ? { qmp, device: type } : null;
  }

  /** The address of a running desktop on its bridge, as its guest says; null when none is known. */
  address(desktopId: string): string | null {
    return this.#machine(desktopId)?.address ?? null;
  }

  qemuPid(desktopId: string): number | null {
    return this.#machine(desktopId)?.process.pid ?? null;
  }

  /**
   * Freezes the guest's file systems. Null when there is no agent or it did not freeze within `deadlineMs`: it is then
   * thawed as soon as it answers. A freeze that its caller forgets is thawed some seconds after the deadline.
   */
  async quiesce(desktopId: string, deadlineMs: number): Promise<Quiesced | null> {
    const machine = this.#machine(desktopId);
    if (machine === undefined || machine.paused) return null;
    return await machine.quiesce.freeze(deadlineMs);
  }

  /** A connection with the screen of a running desktop, in RFB; it ends with QEMU. Throws IncorrectDesktopStatus,
   * Qemu.ConnectionLost. */
  async connectScreen(desktopId: string): Promise<Duplex> {
    return await connectScreen(this.#running(desktopId));
  }

  /** What the screen of a running desktop shows. Throws IncorrectDesktopStatus, and what QEMU fails with. */
  async picture(desktopId: string): Promise<Picture> {
    return await this.#pictures.take(this.#running(desktopId));
  }

  /** The machine of a running desktop; for the other files of this folder. */
  machine(desktopId: string): Machine | null {
    return this.#machine(desktopId) ?? null;
  }

  /** Resolves when no work is under way. */
  async settled(): Promise<void> {
    await this.#context.tasks.settled();
  }

  /** Lets go of all desktops; they run on, thawed. */
  async close(): Promise<void> {
    clearInterval(this.#checks);
    await this.#context.tasks.close();
    await Promise.all([...this.#context.machines.values()].map((machine) => machine.close()));
    this.#context.machines.clear();
  }

  #running(desktopId: string): Machine {
    const machine = this.#machine(desktopId);
    if (machine === undefined)
      throw new EcdError('IncorrectDesktopStatus', { status: 'Stopped', wanted: 'Running' });
    return machine;
  }

  #machine(desktopId: string): Machine | undefined {
    return this.#context.machines.get(desktopId);
  }

  #begin(desktopId: string, name: string, task: Task): Promise<void> {
    return this.#context.tasks.start(desktopId, name, task);
  }

  async #change(
    verb: Verb,
    ids: readonly string[],
    claim: Claim,
    change: Partial<Pick<DesktopRow, 'wanted_running' | 'started_at' | 'deleted_at' | 'stop_reason'>>,
  ): Promise<string[]> {
    return await this.#context.catalogue.transaction(async (trx) => {
      const rows = await wantDesktops(trx, ids);
      const status = rows.map((row) => nextStatus(verb, row.status));
      await claim.record(trx);
      for (const [at, row] of rows.entries())
        await mustChangeStatus(trx, row, { status: status[at]!, ...change });
      return rows.map((row) => row.id);
    });
  }

  async #check(): Promise<void> {
    await keepFilter(this.#context);
    for (const machine of this.#context.machines.values()) await boundLog(machine.folder).catch(() => {});
  }
}
