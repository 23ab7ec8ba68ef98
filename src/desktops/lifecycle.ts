/**
 * The work of starting, stopping, rebooting and deleting, each as a task of one desktop.
 *
 * Invariants: a task begins where the row is and ends with what QEMU did; aborted by a delete it leaves the rest to the
 * delete's own task, aborted by the end of the service it leaves the row for the next start of the service; a guest is
 * asked first and forced after the deadline.
 */
import { sleep } from '../async.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { isAlive, kill, type ProcessRef, waitExit } from '../qemu/process.ts';
import { orAborted } from './agent-link.ts';
import type { Context } from './context.ts';
import { processOf } from './find-process.ts';
import { launch } from './launch.ts';
import type { Machine } from './machine.ts';
import { unplug } from './network.ts';
import { findDesktop, note } from './rows.ts';
import { removeRunFolder } from './run-folder.ts';
import { settleStatus } from './transitions.ts';

const RESET_MS = 10_000;
const KILL_MS = 10_000;

/** `Starting` becomes `Running`, or `Stopped` with the reason. */
export async function startTask(context: Context, desktopId: string, signal: AbortSignal): Promise<void> {
  const row = await findDesktop(context.catalogue.db, desktopId);
  if (row?.status !== 'Starting') return;
  const log = context.logOf(desktopId);
  let machine: Machine;
  try {
    // May take as long as a reset: not in one of the few start slots.
    await context.options.hooks.beforeStart(desktopId, signal);
    machine = await context.starts.run(() => launch(context, row, signal));
  } catch (error) {
    await unplug(context, row);
    if (signal.aborted) return;
    const reason = `The desktop could not be started: ${describeError(error)}`;
    log.error({ err: error }, 'the desktop could not be started');
    const changed = await settleStatus(context, desktopId, (now) =>
      now.status === 'Starting'
        ? { status: 'Stopped', stop_reason: reason, qemu_pid: null, qemu_start_time: null }
        : null,
    );
    if (changed !== null) context.tell('stopped', desktopId);
    return;
  }
  const running = await settleStatus(context, desktopId, (now) =>
    now.status === 'Starting'
      ? {
          status: 'Running',
          started_at: context.options.clock(),
          ...(machine.paused ? {} : { stop_reason: '' }),
        }
      : null,
  );
  if (running === null) return await machine.end();
  log.info({ qemu: machine.process.pid }, 'the desktop runs');
  context.tell('running', desktopId);
}

/** `Stopping` becomes `Stopped`. */
export async function stopTask(
  context: Context,
  desktopId: string,
  force: boolean,
  signal: AbortSignal,
): Promise<void> {
  const row = await findDesktop(context.catalogue.db, desktopId);
  if (row?.status !== 'Stopping') return;
  const machine = context.machines.get(desktopId);
  if (machine !== undefined) {
    if (!force) await askToEnd(context, machine, 'powerdown', signal);
    if (signal.aborted) return;
    await machine.end();
  }
  await faults.hit('desktop.stop.ended');
  const changed = await settleStatus(context, desktopId, (now) =>
    now.status === 'Stopping'
      ? { status: 'Stopped', stop_reason: '', qemu_pid: null, qemu_start_time: null }
      : null,
  );
  if (changed === null) return;
  context.logOf(desktopId).info({}, 'the desktop is stopped');
  context.tell('stopped', desktopId);
}

/** A reboot: `Starting` becomes `Running` again. A guest that can only power itself off is started anew. */
export async function rebootTask(context: Context, desktopId: string, signal: AbortSignal): Promise<void> {
  const row = await findDesktop(context.catalogue.db, desktopId);
  if (row?.status !== 'Starting') return;
  const machine = context.machines.get(desktopId);
  if (machine === undefined) return await startTask(context, desktopId, signal);
  const outcome = await askToEnd(context, machine, 'reboot', signal);
  if (signal.aborted) return;
  if (outcome === 'late') {
    const reset = machine.reset;
    await machine.qmp?.execute('system_reset').catch(() => {});
    await Promise.race([reset, machine.ended, sleep(RESET_MS, signal).catch(() => {})]);
  }
  if (!isAlive(machine.process)) {
    await machine.ended;
    return await startTask(context, desktopId, signal);
  }
  const running = await settleStatus(context, desktopId, (now) =>
    now.status === 'Starting' ? { status: 'Running', started_at: context.options.clock() } : null,
  );
  if (running !== null) context.tell('running', desktopId);
}

/** The rest of a delete: QEMU ends, its folder goes, and then whoever keeps the disks' files is told. */
export async function removeTask(context: Context, desktopId: string): Promise<void> {
  const machine = context.machines.get(desktopId);
  if (machine !== undefined) await machine.end();
  const row = await findDesktop(context.catalogue.db, desktopId);
  const process = row === undefined ? null : await processOf(row, context.folder(desktopId));
  if (process !== null) await killProcess(process);
  if (row !== undefined) await unplug(context, row);
  await faults.hit('desktop.delete.ended');
  await removeRunFolder(context.folder(desktopId));
  // The row stays, for its snapshots; what may hold passwords does not.
  await note(context.catalogue.db, desktopId, { qemu_pid: null, qemu_start_time: null, cloud_init: null });
  await context.options.hooks.deleted(desktopId);
  context.logOf(desktopId).info({}, 'the desktop is deleted');
}

/** Ends a QEMU that nobody has a session with. */
export async function killProcess(process: ProcessRef): Promise<void> {
  if (!kill(process, 'SIGKILL') || (await waitExit(process, KILL_MS))) return;
  throw new EcdError('Qemu.CommandFailed', { command: 'SIGKILL', reason: `${process.pid} does not die` });
}

/**
 * Asks the guest to power down or reboot and waits: by its agent, else (or when nothing comes of it for a third of the
 * time) by the power button. `late`: it has done nothing by the deadline.
 */
async function askToEnd(
  context: Context,
  machine: Machine,
  mode: 'powerdown' | 'reboot',
  signal: AbortSignal,
): Promise<'ended' | 'reset' | 'late'> {
  const limitMs = context.options.settings.desktops.shutdownSeconds * 1_000;
  const done = new AbortController();
  const over = AbortSignal.any([signal, done.signal]);
  const ended = machine.ended.then(() => 'ended' as const);
  const outcomes: Promise<'ended' | 'reset' | 'late'>[] = [ended];
  if (mode === 'reboot') outcomes.push(machine.reset.then(() => 'reset' as const));
  const ask = async (): Promise<'late'> => {
    const began = Date.now();
    const byAgent = await askAgent(machine, mode, over);
    await faults.hit('desktop.stop.asked', { qemu: machine.process.pid });
    if (byAgent) await sleep(Math.max(0, limitMs / 3 - (Date.now() - began)), over);
    await machine.qmp?.execute('system_powerdown').catch(() => {});
    await sleep(Math.max(0, limitMs - (Date.now() - began)), over);
    return 'late';
  };
  try {
    return await orAborted(Promise.race([...outcomes, ask().catch(() => 'late' as const)]), signal);
  } catch {
    return 'late';
  } finally {
    done.abort();
  }
}

async function askAgent(
  machine: Machine,
  mode: 'powerdown' | 'reboot',
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await machine.agent.whenThawed(signal);
    const agent = machine.agent.agent;
    if (agent === null || machine.paused) return false;
    await agent.shutdown(mode);
    return true;
  } catch {
    return false;
  }
}
