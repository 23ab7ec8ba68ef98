/**
 * From a desktop's row to its running QEMU.
 *
 * Invariants: the caller has had `beforeStart` let go of the disks; the stack is read right before QEMU is given it; the
 * process is on record (pid file by itself, then the catalogue) before anybody is told that it runs; a launch that
 * fails leaves no process.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { disksOf, loadStack } from '../catalogue/stacks.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import type { MachineDisk, MachineSpec } from '../qemu/machine.ts';
import { startMachine } from '../qemu/machine-process.ts';
import type { ProcessRef } from '../qemu/process.ts';
import { makeSeed } from './cloud-init.ts';
import type { Context } from './context.ts';
import { Machine } from './machine.ts';
import { isBridged, plug, unplug } from './network.ts';
import { type DesktopRow, findDesktop, note } from './rows.ts';
import { makeRunFolder, makeVars, type RunFolder } from './run-folder.ts';
import { judgeEnding } from './states.ts';
import { settleStatus } from './transitions.ts';

/** Starts the QEMU of a desktop that is `Starting`. Throws what kept it from it. */
export async function launch(context: Context, row: DesktopRow, signal: AbortSignal): Promise<Machine> {
  const { options } = context;
  giveUpIf(signal);
  const folder = context.folder(row.id);
  await mkdir(join(options.dataDir, 'run'), { recursive: true, mode: 0o711 });
  await makeRunFolder(folder, options.user);
  const spec = await specOf(context, row, folder);
  await faults.hit('desktop.start.opening');
  const found = await startMachine({
    spec,
    dir: folder.dir,
    user: options.user,
    log: context.logOf(row.id),
    signal: AbortSignal.any([signal, AbortSignal.timeout(options.settings.desktops.startSeconds * 1_000)]),
  });
  const disks = spec.disks.map((disk) => disk.device as 'system' | 'data');
  const machine = hold(context, row, found.process, disks);
  await machine.attach(found.qmp);
  try {
    await faults.hit('desktop.start.spawned', { qemu: found.process.pid });
    await note(context.catalogue.db, row.id, {
      qemu_pid: found.process.pid,
      qemu_start_time: found.process.startTime,
    });
    giveUpIf(signal);
    if (machine.qmp === null) throw new EcdError('Qemu.ConnectionLost', { what: folder.qmp });
    return machine;
  } catch (error) {
    await machine.end();
    throw error;
  }
}

function giveUpIf(signal: AbortSignal): void {
  if (signal.aborted) throw new EcdError('Cancelled', { reason: 'the start was given up' });
}

/** Makes the object for a QEMU process, and sees to what its end means. */
export function hold(
  context: Context,
  row: DesktopRow,
  process: ProcessRef,
  disks: readonly ('system' | 'data')[],
): Machine {
  const desktopId = row.id;
  const log = context.logOf(desktopId);
  const machine = new Machine({
    process,
    disks,
    mac: isBridged(row) ? row.mac : null,
    folder: context.folder(desktopId),
    retryPausedMs: context.options.settings.desktops.retryPausedSeconds * 1_000,
    log,
    onPaused: (reason) => {
      note(context.catalogue.db, desktopId, { stop_reason: reason }).catch((err: unknown) =>
        log.error({ err }, 'the reason of a pause could not be kept'),
      );
    },
  });
  context.machines.set(desktopId, machine);
  void machine.ended.then((ending) => {
    if (context.machines.get(desktopId) === machine) context.machines.delete(desktopId);
    const verdict = judgeEnding(ending);
    // After whatever task is at work: one that has ended it on purpose has said so in the row by then.
    void context.tasks.start(desktopId, 'ended', async () => {
      // Unless the task before this one has started it again.
      if (!context.machines.has(desktopId)) await unplug(context, row);
      const changed = await settleStatus(context, desktopId, (now) => {
        const mine = now.qemu_pid === process.pid && now.qemu_start_time === process.startTime;
        if (!mine || now.status === 'Deleted') return null;
        const asked = now.status === 'Stopping';
        return {
          status: 'Stopped',
          qemu_pid: null,
          qemu_start_time: null,
          stop_reason: asked ? '' : verdict.reason,
          wanted_running: asked ? 0 : verdict.wantedRunning,
        };
      });
      if (changed === null) return;
      log.warn({ reason: verdict.reason, shutdown: ending.shutdown }, 'the desktop stopped by itself');
      context.tell('stopped', desktopId);
    });
  });
  return machine;
}

async function specOf(context: Context, row: DesktopRow, folder: RunFolder): Promise<MachineSpec> {
  const { options, catalogue } = context;
  const { pool } = options;
  const disks: MachineDisk[] = [];
  for (const disk of await disksOf(catalogue.db, row.id)) {
    const stack = await loadStack(catalogue.db, disk);
    disks.push({
      device: disk.type,
      nodes: pool.blockdevs(stack),
      topNode: pool.topNode(stack),
      serial: disk.type,
    });
  }
  if (disks.length === 0 || (await findDesktop(catalogue.db, row.id))?.status !== 'Starting') {
    throw new EcdError('Cancelled', { reason: 'the desktop is not to be started any more' });
  }
  return {
    name: row.id,
    uuid: row.uuid,
    cpus: row.cpus,
    memoryMiB: row.memory_mib,
    accelerator: options.accelerator,
    firmware: await firmwareOf(context, row, folder),
    disks,
    seed: await makeSeed(row, folder, options.user),
    // Last: what fails before it leaves no port behind.
    network: await plug(context, row),
    mac: row.mac,
    sockets: { qmp: folder.qmp, agent: folder.agent, vnc: folder.vnc },
  };
}

async function firmwareOf(
  context: Context,
  row: DesktopRow,
  folder: RunFolder,
): Promise<MachineSpec['firmware']> {
  if (row.firmware === 'bios') return 'bios';
  const { firmware, user } = context.options;
  if (firmware === undefined) {
    throw new EcdError('Qemu.StartFailed', {
      program: 'QEMU',
      reason: 'no UEFI firmware is installed (package ovmf)',
    });
  }
  await makeVars(folder, firmware.vars, user);
  return { code: firmware.code, vars: folder.vars };
}
