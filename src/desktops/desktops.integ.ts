import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Room } from '../../test/desktop-room.ts';
import { Claim } from '../catalogue/nonces.ts';
import { disksOf } from '../catalogue/stacks.ts';
import type { DiskPool } from '../disks/types.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { newId } from '../ids.ts';
import type { BlockdevNode } from '../qemu/blockdev.ts';
import { runFolder } from './run-folder.ts';

/** A disk without a system: the firmware waits for ever, which is enough to run and too little to answer. */
describe('desktops with a real QEMU and no guest', () => {
  let room: Room;

  beforeEach(async () => {
    room = await Room.open({ settings: { desktops: { shutdownSeconds: 1, quota: 3 } } });
  });

  afterEach(async () => {
    faults.clear();
    await room.close();
  });

  const none = Claim.none();
  const fails = async (work: Promise<unknown>, code: string, details: object = {}) => {
    const error = await work.then(
      () => null,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(EcdError);
    expect(error).toMatchObject({ code, details });
  };
  const kill = (id: string) => process.kill(room.desktops.qemuPid(id)!, 'SIGKILL');
  const killed = (pid: number): void => {
    process.kill(pid, 'SIGKILL');
  };

  test('is created, runs with both disks, and only its user can reach it', async () => {
    const id = await room.create();
    const row = await room.row(id);
    expect(row).toMatchObject({ status: 'Running', wanted_running: 1, state_version: 3, stop_reason: '' });
    expect(row.qemu_pid).toBe(room.desktops.qemuPid(id));
    expect(room.told).toEqual([`created ${id}`, `beforeStart ${id}`, `running ${id}`]);
    for (const type of ['system', 'data'] as const) {
      const live = room.desktops.live(id, type)!;
      const disk = (await disksOf(room.catalogue.db, id)).find((each) => each.type === type)!;
      expect(await room.pool.topLayer(live)).toBe(disk.active_layer);
    }
    const folder = await stat(runFolder(room.dir, id).dir);
    expect(folder.mode & 0o777).toBe(0o700);
    if (room.user !== undefined) expect(folder.uid).toBe(room.user.uid);
    expect((await stat(runFolder(room.dir, id).log)).mode & 0o077).toBe(0);
    await expect(room.desktops.quiesce(id, 100)).resolves.toBeNull();
  });

  test('stops by force when the guest does not answer, starts again, reboots', async () => {
    const id = await room.create();
    const pid = room.desktops.qemuPid(id)!;
    await room.desktops.stop([id], none);
    expect(await room.status(id)).toBe('Stopping');
    await fails(room.desktops.start([id], none), 'IncorrectDesktopStatus', {
      status: 'Stopping',
      wanted: 'Stopped',
    });
    await room.desktops.settled();
    expect(await room.row(id)).toMatchObject({ status: 'Stopped', qemu_pid: null, wanted_running: 0 });
    expect(alive(pid)).toBe(false);
    expect(room.desktops.live(id, 'system')).toBeNull();
    await fails(room.desktops.stop([id], none), 'IncorrectDesktopStatus', {
      status: 'Stopped',
      wanted: 'Running',
    });
    await room.desktops.start([id], none);
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Running');
    const again = room.desktops.qemuPid(id);
    await room.desktops.reboot([id], none);
    expect(await room.status(id)).toBe('Starting');
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Running');
    expect(room.desktops.qemuPid(id)).toBe(again);
    await room.desktops.stopAndWait(id, AbortSignal.timeout(20_000));
    expect(await room.status(id)).toBe('Stopped');
    await room.desktops.stopAndWait(id, AbortSignal.timeout(20_000));
  });

  test('one wrong id, and no desktop of the request changes; an unknown one is not found', async () => {
    const one = await room.create();
    const other = await room.create();
    await room.desktops.stop([other], none, { force: true });
    await room.desktops.settled();
    await fails(room.desktops.stop([one, other], none), 'IncorrectDesktopStatus');
    await fails(room.desktops.stop([one, newId.desktop()], none), 'InvalidDesktopId.NotFound');
    expect(await room.status(one)).toBe('Running');
    await room.desktops.rename(one, 'renamed', none);
    expect((await room.row(one)).name).toBe('renamed');
  });

  test('the quota and the reserve are kept, and a refused creation leaves nothing', async () => {
    await fails(room.desktops.create(room.wanted({ amount: 4 }), none), 'QuotaExceed.Desktop');
    const poor = room.service(new Proxy(room.pool, { get: poorPool }));
    await fails(poor.create(room.wanted(), none), 'OperationDenied.InsufficientSpace');
    await poor.close();
    const rows = await room.catalogue.db.selectFrom('desktops').selectAll().execute();
    expect(rows).toEqual([]);
  });

  test('a nonce is good for one request', async () => {
    const claim = () => new Claim('key', 'nonce', Date.now() + 60_000);
    await room.desktops.create(room.wanted({ amount: 2, nameSuffix: true }), claim());
    await fails(room.desktops.create(room.wanted(), claim()), 'SignatureNonceUsed');
    await room.desktops.settled();
    const rows = await room.catalogue.db.selectFrom('desktops').select(['name', 'status']).execute();
    expect(rows.map((row) => row.name).sort()).toEqual(['test-0001', 'test-0002']);
    expect(rows.every((row) => row.status === 'Running')).toBe(true);
  });

  test('a creation that fails takes everything away again', async () => {
    let made = 0;
    faults.set('desktop.create.prepared', () => {
      if (++made === 2) throw new EcdError('InternalError', {}, new Error('fault'));
    });
    const id = await room.create();
    expect(made).toBe(2);
    for (const table of ['desktops', 'disks', 'layers', 'garbage'] as const)
      expect(await room.catalogue.db.selectFrom(table).selectAll().execute()).toEqual([]);
    expect(room.told).toEqual([]);
    await expect(stat(runFolder(room.dir, id).dir)).rejects.toThrow('ENOENT');
    expect(await filesUnder(join(room.dir, 'disks'))).toEqual([]);
  });

  test('QEMU that dies makes it Stopped, with the reason', async () => {
    const id = await room.create();
    kill(id);
    await room.until('Stopped', async () => (await room.status(id)) === 'Stopped');
    const row = await room.row(id);
    expect(row.stop_reason).toMatch(/^QEMU died\./);
    expect(row).toMatchObject({ qemu_pid: null, wanted_running: 0 });
    await room.desktops.settled();
    expect(room.told.at(-1)).toBe(`stopped ${id}`);
    await room.desktops.start([id], none);
    await room.desktops.settled();
    expect(await room.row(id)).toMatchObject({ status: 'Running', stop_reason: '' });
  });

  test('QEMU that the host ends is Stopped, and runs again when the host was restarted', async () => {
    const id = await room.create();
    process.kill(room.desktops.qemuPid(id)!, 'SIGTERM');
    await room.until('Stopped', async () => (await room.status(id)) === 'Stopped');
    expect(await room.row(id)).toMatchObject({
      stop_reason: 'QEMU was ended by a signal of the host.',
      wanted_running: 1,
    });
    await room.restart();
    expect(await room.status(id)).toBe('Stopped');
    await room.restart(() => rebooted(room.dir));
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Running');
  });

  test('an I/O error pauses the guest, which is tried again until it goes on', async () => {
    await room.close();
    room = await Room.open({ settings: { desktops: { retryPausedSeconds: 1 } } });
    const image = join(room.dir, 'images', `${room.imageId}.qcow2`);
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 0 64k', image]);
    const pool = new Proxy(room.pool, { get: (target, name) => failingPool(target, name) });
    await room.desktops.close();
    room.desktops = room.service(pool);
    const id = await room.create();
    await room.until('a pause', async () => (await room.row(id)).stop_reason !== '');
    expect(await room.row(id)).toMatchObject({
      status: 'Running',
      stop_reason: 'The guest is paused by an I/O error of a disk.',
    });
    await expect(room.desktops.quiesce(id, 1_000)).resolves.toBeNull();
    const resumed: number[] = [];
    room.desktops.live(id, 'system')!.qmp.on('RESUME', () => resumed.push(Date.now()));
    await room.until('it goes on', async () => (await room.row(id)).stop_reason === '');
    const status = await room.desktops.live(id, 'system')!.qmp.execute('query-status');
    expect(status).toMatchObject({ status: 'running' });
    // The first try met the second error.
    expect(resumed.length).toBeGreaterThan(1);
  });

  test('a start that fails says why, and another one works', async () => {
    const id = await room.create();
    await room.desktops.stopAndWait(id, AbortSignal.timeout(20_000));
    room.hooks.beforeStart = () =>
      Promise.reject(new EcdError('Disk.Damaged', { path: 'x', reason: 'gone' }));
    await room.desktops.start([id], none);
    await room.desktops.settled();
    expect((await room.row(id)).stop_reason).toContain('missing or damaged');
    room.hooks = {};
    faults.set('desktop.start.spawned', ({ qemu }) => killed(qemu!));
    await room.desktops.start([id], none);
    await room.desktops.settled();
    await room.until('Stopped', async () => (await room.status(id)) === 'Stopped');
    faults.clear();
    await room.desktops.start([id], none);
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Running');
  });

  test('UEFI without its firmware is said so; with it each desktop has variables of its own', async () => {
    const bundle = { ...room.wanted().bundle, firmware: 'uefi' as const };
    const id = await room.create({ bundle });
    expect(await room.row(id)).toMatchObject({
      status: 'Stopped',
      stop_reason: expect.stringContaining('no UEFI firmware is installed'),
    });
    const code = join(room.dir, 'code.fd');
    const vars = join(room.dir, 'vars-template.fd');
    // Not bootable: what counts is what QEMU is given.
    await writeFile(code, Buffer.alloc(1024 ** 2, 0x90), { mode: 0o644 });
    await writeFile(vars, Buffer.alloc(512 * 1024, 1), { mode: 0o644 });
    await room.desktops.close();
    room.desktops = room.service(room.pool, { code, vars });
    await room.desktops.start([id], none);
    await room.desktops.settled();
    expect(await room.row(id)).toMatchObject({ status: 'Running', stop_reason: '' });
    const folder = runFolder(room.dir, id);
    const args = readFileSync(`/proc/${room.desktops.qemuPid(id)}/cmdline`, 'utf8');
    expect(args).toContain(folder.vars);
    const own = await stat(folder.vars);
    expect([own.size, own.mode & 0o777]).toEqual([512 * 1024, 0o600]);
  });

  test('of two services one starts it', async () => {
    const id = await room.create();
    await room.desktops.stopAndWait(id, AbortSignal.timeout(20_000));
    const other = room.service();
    const both = await Promise.allSettled([room.desktops.start([id], none), other.start([id], none)]);
    expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
    await Promise.all([room.desktops.settled(), other.settled()]);
    expect(await room.status(id)).toBe('Running');
    await other.close();
  });

  test('a restart of the service changes no desktop', async () => {
    const id = await room.create();
    const pid = room.desktops.qemuPid(id)!;
    const before = await room.row(id);
    await room.restart();
    expect(room.desktops.qemuPid(id)).toBe(pid);
    expect(await room.row(id)).toEqual(before);
    expect(await room.pool.topLayer(room.desktops.live(id, 'system')!)).not.toBeNull();
    kill(id);
    await room.until('Stopped', async () => (await room.status(id)) === 'Stopped');
  });

  test('a session that is lost is made again', async () => {
    const id = await room.create();
    const { qmp } = room.desktops.live(id, 'system')!;
    qmp.close();
    await room.until('a new session', () => room.desktops.live(id, 'system') !== null);
    await room.desktops.live(id, 'data')!.qmp.execute('query-status');
    expect(await room.status(id)).toBe('Running');
  });

  test('found dead after a restart of the service: Stopped; of the host: it runs again', async () => {
    const id = await room.create();
    const pid = room.desktops.qemuPid(id)!;
    await room.restart(async () => {
      killed(pid);
      await room.until('its end', () => !alive(pid));
    });
    expect(await room.row(id)).toMatchObject({
      status: 'Stopped',
      stop_reason: expect.stringMatching(/^QEMU was gone/),
    });
    await room.desktops.start([id], none);
    await room.desktops.settled();
    const second = room.desktops.qemuPid(id)!;
    await room.restart(async () => {
      killed(second);
      await room.until('its end', () => !alive(second));
      await rebooted(room.dir);
    });
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Running');
    expect(room.desktops.qemuPid(id)).not.toBe(second);
  });

  test('goes on with a start, a stop and a creation that were cut short', async () => {
    const id = await room.create();
    await setStatus(id, 'Stopping');
    await room.restart();
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Stopped');
    await setStatus(id, 'Starting');
    await room.restart();
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Running');
    await room.desktops.stopAndWait(id, AbortSignal.timeout(20_000));
    await setStatus(id, 'Pending');
    await room.restart();
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Running');
  });

  test('a QEMU that was started but not yet on record is found by its pid file', async () => {
    const id = await room.create();
    const pid = room.desktops.qemuPid(id)!;
    await room.restart(async () => {
      await setStatus(id, 'Starting');
      const change = { qemu_pid: null, qemu_start_time: null, started_at: null };
      await room.catalogue.db.updateTable('desktops').set(change).where('id', '=', id).execute();
    });
    await room.desktops.settled();
    expect(room.desktops.qemuPid(id)).toBe(pid);
    expect(await room.row(id)).toMatchObject({ status: 'Running', qemu_pid: pid });
  });

  test('is deleted in any status', async () => {
    const gone = async (id: string, pid: number | null) => {
      await room.desktops.settled();
      expect(await room.row(id)).toMatchObject({ status: 'Deleted', qemu_pid: null, wanted_running: 0 });
      expect((await room.row(id)).deleted_at).not.toBeNull();
      if (pid !== null) expect(alive(pid)).toBe(false);
      expect(room.told.filter((each) => each === `deleted ${id}`)).toHaveLength(1);
      await expect(stat(runFolder(room.dir, id).dir)).rejects.toThrow('ENOENT');
      await fails(room.desktops.remove([id], none), 'InvalidDesktopId.NotFound');
    };
    const running = await room.create();
    const pid = room.desktops.qemuPid(running);
    await room.desktops.remove([running], none);
    await gone(running, pid);

    const stopping = await room.create();
    const stoppingPid = room.desktops.qemuPid(stopping);
    await room.desktops.stop([stopping], none);
    await room.desktops.remove([stopping], none);
    await gone(stopping, stoppingPid);

    const stopped = await room.create();
    await room.desktops.stopAndWait(stopped, AbortSignal.timeout(20_000));
    await room.desktops.remove([stopped], none);
    await gone(stopped, null);

    const [pending] = await room.desktops.create(room.wanted(), none);
    await room.desktops.remove([pending!], none);
    await gone(pending!, null);

    let spawned: number | null = null;
    faults.set('desktop.start.spawned', async ({ qemu }) => {
      spawned = qemu!;
      const [row] = await room.catalogue.db
        .selectFrom('desktops')
        .select('id')
        .where('status', '=', 'Starting')
        .execute();
      await room.desktops.remove([row!.id], none);
    });
    const starting = await room.create();
    expect(spawned).not.toBeNull();
    await gone(starting, spawned);
  });

  async function setStatus(id: string, status: 'Starting' | 'Stopping' | 'Pending') {
    await room.catalogue.db
      .updateTable('desktops')
      .set((eb) => ({ status, state_version: eb('state_version', '+', 1) }))
      .where('id', '=', id)
      .execute();
  }
});

/** A zombie, which its parent has not looked at yet, is not alive. */
function alive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function poorPool(target: DiskPool, name: string | symbol): unknown {
  if (name === 'freeBytes') return () => Promise.resolve(1);
  return whole(target, name);
}

async function rebooted(dir: string): Promise<void> {
  await writeFile(join(dir, 'boot-id'), 'another-boot\n');
}

async function filesUnder(dir: string): Promise<string[]> {
  return await readdir(dir, { recursive: true });
}

/** The first three reads of the golden image's data fail; the first is QEMU's own, which looks for a geometry. */
function failingPool(target: DiskPool, name: string | symbol): unknown {
  if (name !== 'blockdevs') return whole(target, name);
  return (stack: Parameters<DiskPool['blockdevs']>[0]): BlockdevNode[] => {
    const nodes = target.blockdevs(stack);
    if (stack.imageId === null) return [...nodes];
    const [file, ...rest] = nodes;
    const name = file!['node-name'];
    const at = (state: number) => ({ event: 'read_aio', state });
    return [
      { ...file!, 'node-name': 'inner' },
      {
        driver: 'blkdebug',
        'node-name': name,
        image: 'inner',
        'inject-error': [1, 2, 3].map((state) => ({ ...at(state), errno: 5, once: true })),
        'set-state': [1, 2, 3].map((state) => ({ ...at(state), new_state: state + 1 })),
      },
      ...rest,
    ];
  };
}

function whole(target: DiskPool, name: string | symbol): unknown {
  const value = Reflect.get(target, name) as unknown;
  return typeof value === 'function' ? value.bind(target) : value;
}
