import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Room } from '../../test/desktop-room.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { failingPool, killed, none, rebooted, useRoom } from './testing/with-room.ts';

/** A disk without a system: the firmware waits for ever, which is enough to run and too little to answer. */
describe('a QEMU, a disk or a start that fails', () => {
  const place = useRoom();

  test('QEMU that dies makes it Stopped, with the reason', async () => {
    const { room } = place;
    const id = await room.create();
    killed(room.desktops.qemuPid(id)!);
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
    const { room } = place;
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
    await place.room.close();
    const room = await Room.open({ settings: { desktops: { retryPausedSeconds: 1 } } });
    place.room = room;
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
    const { room } = place;
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
});
