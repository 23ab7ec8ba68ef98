/**
 * Finding the desktops again after the service, or the host, was restarted.
 *
 * Invariants: a QEMU that lives is taken over as it is and its status follows from its answers; its guest is thawed as
 * soon as its agent answers; `reconnect` starts nothing and opens no disk, so that the snapshots' own recovery may run
 * between it and `resume`; what is to be started again is `Starting` in the catalogue before the boot is noted, so that
 * a crash in between forgets nobody.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Limiter } from '../async.ts';
import { disksOf } from '../catalogue/stacks.ts';
import type { Context } from './context.ts';
import { createTask } from './create.ts';
import { processOf } from './find-process.ts';
import { hold } from './launch.ts';
import { killProcess, rebootTask, removeTask, startTask, stopTask } from './lifecycle.ts';
import { unplug } from './network.ts';
import { type DesktopRow, note } from './rows.ts';
import { logTail } from './run-folder.ts';
import { recoverStep } from './states.ts';
import { settleStatus } from './transitions.ts';

const AT_ONCE = 16;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** What `reconnect` found changed, for `resume` to tell. */
export interface Reconnected {
  readonly running: string[];
  readonly stopped: string[];
}

export async function reconnect(context: Context, bootIdFile = BOOT_ID): Promise<Reconnected> {
  const boot = (await readFile(bootIdFile, 'utf8').catch(() => '')).trim();
  const noted = join(context.options.dataDir, 'boot-id');
  const before = (await readFile(noted, 'utf8').catch(() => '')).trim();
  const rebooted = before !== '' && boot !== '' && before !== boot;
  const startAgain = rebooted && context.options.settings.desktops.startAfterReboot;
  const found: Reconnected = { running: [], stopped: [] };
  const rows = await context.catalogue.db
    .selectFrom('desktops')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('status', '!=', 'Deleted'),
        eb('qemu_pid', 'is not', null),
        // Killed between the start of its QEMU and the note of it: the pid file tells.
        eb('id', 'in', eb.selectFrom('disks').select('desktop_id')),
      ]),
    )
    .execute();
  const limiter = new Limiter(AT_ONCE);
  await Promise.all(rows.map((row) => limiter.run(() => find(context, row, startAgain, found))));
  if (boot !== '' && boot !== before) {
    await writeFile(`${noted}.new`, `${boot}\n`, { mode: 0o600 });
    await rename(`${noted}.new`, noted);
  }
  return found;
}

async function find(
  context: Context,
  row: DesktopRow,
  startAgain: boolean,
  found: Reconnected,
): Promise<void> {
  const log = context.logOf(row.id);
  const process = await processOf(row, context.folder(row.id));
  const wantedRunning = row.wanted_running === 1;
  const step = recoverStep({ status: row.status, alive: process !== null, wantedRunning, startAgain });
  if (process === null) await unplug(context, row);
  if (step === 'connect') {
    const disks = await disksOf(context.catalogue.db, row.id);
    const machine = hold(
      context,
      row,
      process!,
      disks.map((disk) => disk.type),
    );
    await note(context.catalogue.db, row.id, {
      qemu_pid: process!.pid,
      qemu_start_time: process!.startTime,
    });
    await machine.attach(null);
    log.info({ qemu: process!.pid, monitor: machine.qmp !== null }, 'found the desktop running');
    if (row.status !== 'Starting' || row.started_at !== null) return;
    const now = context.options.clock();
    const changed = await settleStatus(context, row.id, (each) =>
      each.status === 'Starting' ? { status: 'Running', started_at: now } : null,
    );
    if (changed !== null) found.running.push(row.id);
  } else if (step === 'end') {
    await killProcess(process!);
    await unplug(context, row);
    await note(context.catalogue.db, row.id, { qemu_pid: null, qemu_start_time: null });
    log.warn({ qemu: process!.pid, status: row.status }, 'ended a QEMU that was to have ended');
  } else if (step === 'restart') {
    await settleStatus(context, row.id, () => ({
      status: 'Starting',
      started_at: null,
      qemu_pid: null,
      qemu_start_time: null,
    }));
    log.info({}, 'starts again after a restart of the host');
  } else if (step === 'stopped') {
    await noteStopped(context, row);
    found.stopped.push(row.id);
  } else if (row.qemu_pid !== null) {
    await note(context.catalogue.db, row.id, { qemu_pid: null, qemu_start_time: null });
  }
}

async function noteStopped(context: Context, row: DesktopRow): Promise<void> {
  const tail = await logTail(context.folder(row.id));
  const words = tail === '' ? '' : ` The last lines of its log: ${tail}`;
  const reason = row.status === 'Stopping' ? '' : `QEMU was gone when the service started.${words}`;
  await settleStatus(context, row.id, () => ({
    status: 'Stopped',
    stop_reason: reason,
    wanted_running: 0,
    qemu_pid: null,
    qemu_start_time: null,
  }));
  if (reason !== '') context.logOf(row.id).warn({ reason }, 'the desktop is stopped');
}

/** Goes on with whatever was under way; returns when it is begun. */
export async function resume(context: Context, found: Reconnected): Promise<void> {
  for (const id of found.running) context.tell('running', id);
  for (const id of found.stopped) context.tell('stopped', id);
  const rows = await context.catalogue.db
    .selectFrom('desktops')
    .select(['id', 'status'])
    .where('status', 'in', ['Pending', 'Starting', 'Stopping'])
    .execute();
  for (const { id, status } of rows) {
    if (status === 'Pending') begin(context, id, 'create', createTask);
    else if (status === 'Stopping')
      void context.tasks.start(id, 'stop', (signal) => stopTask(context, id, false, signal));
    else if (context.machines.has(id)) begin(context, id, 'reboot', rebootTask);
    else begin(context, id, 'start', startTask);
  }
  // Deleted ones that still have layers, or what their guests were told: the delete may have been cut short.
  const deleted = await context.catalogue.db
    .selectFrom('desktops')
    .select('id')
    .where('status', '=', 'Deleted')
    .where((eb) =>
      eb.or([
        eb('cloud_init', 'is not', null),
        eb(
          'id',
          'in',
          eb.selectFrom('disks').innerJoin('layers', 'layers.disk_id', 'disks.id').select('disks.desktop_id'),
        ),
      ]),
    )
    .execute();
  for (const { id } of deleted) void context.tasks.start(id, 'remove', () => removeTask(context, id));
}

function begin(context: Context, id: string, name: string, task: typeof startTask): void {
  void context.tasks.start(id, name, (signal) => task(context, id, signal));
}
