import { readFileSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Claim } from '../catalogue/nonces.ts';
import { disksOf } from '../catalogue/stacks.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { newId } from '../ids.ts';
import { runFolder } from './run-folder.ts';
import { alive, fails, filesUnder, none, poorPool, useRoom } from './testing/with-room.ts';

/** A disk without a system: the firmware waits for ever, which is enough to run and too little to answer. */
describe('desktops with a real QEMU and no guest', () => {
  const place = useRoom();

  test('is created, runs with both disks, and only its user can reach it', async () => {
    const { room } = place;
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
    const { room } = place;
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
    const { room } = place;
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
    const { room } = place;
    await fails(room.desktops.create(room.wanted({ amount: 4 }), none), 'QuotaExceed.Desktop');
    const poor = room.service(new Proxy(room.pool, { get: poorPool }));
    await fails(poor.create(room.wanted(), none), 'OperationDenied.InsufficientSpace');
    await poor.close();
    const rows = await room.catalogue.db.selectFrom('desktops').selectAll().execute();
    expect(rows).toEqual([]);
  });

  test('a nonce is good for one request', async () => {
    const { room } = place;
    const claim = () => new Claim('key', 'nonce', Date.now() + 60_000);
    await room.desktops.create(room.wanted({ amount: 2, nameSuffix: true }), claim());
    await fails(room.desktops.create(room.wanted(), claim()), 'SignatureNonceUsed');
    await room.desktops.settled();
    const rows = await room.catalogue.db.selectFrom('desktops').select(['name', 'status']).execute();
    expect(rows.map((row) => row.name).sort()).toEqual(['test-0001', 'test-0002']);
    expect(rows.every((row) => row.status === 'Running')).toBe(true);
  });

  test('a creation that fails takes everything away again', async () => {
    const { room } = place;
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

  test('UEFI without its firmware is said so; with it each desktop has variables of its own', async () => {
    const { room } = place;
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
    const { room } = place;
    const id = await room.create();
    await room.desktops.stopAndWait(id, AbortSignal.timeout(20_000));
    const other = room.service();
    const both = await Promise.allSettled([room.desktops.start([id], none), other.start([id], none)]);
    expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
    await Promise.all([room.desktops.settled(), other.settled()]);
    expect(await room.status(id)).toBe('Running');
    await other.close();
  });

  test('is deleted in any status', async () => {
    const { room } = place;
    const gone = async (id: string, pid: number | null) => {
      await room.desktops.settled();
      expect(await room.row(id)).toMatchObject({ status: 'Deleted', qemu_pid: null, wanted_running: 0 });
      expect((await room.row(id)).deleted_at).not.toBeNull();
      if (pid !== null) expect(alive(pid)).toBe(false);
      expect(room.told.filter((each) => each === `deleted ${id}`)).toHaveLength(1);
      await expect(stat(runFolder(room.dir, id).dir)).rejects.toThrow('ENOENT');
      await fails(room.desktops.remove([id], none), 'InvalidDesktopId.NotFound');
    };
    const bundle = { ...room.wanted().bundle, cloudInit: { password: 'of the guest' } };
    const running = await room.create({ bundle });
    const pid = room.desktops.qemuPid(running);
    expect((await room.row(running)).cloud_init).toContain('of the guest');
    expect(await filesUnder(room.dir)).toContain(`run/${running}.seed/user-data`);
    await room.desktops.remove([running], none);
    await gone(running, pid);
    expect((await room.row(running)).cloud_init).toBeNull();
    expect((await filesUnder(room.dir)).filter((name) => name.includes('seed'))).toEqual([]);

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
});
