import { describe, expect, test } from 'vitest';
import { alive, filesUnder, killed, none, rebooted, setStatus, useRoom } from './testing/with-room.ts';

/** A disk without a system: the firmware waits for ever, which is enough to run and too little to answer. */
describe('a service that ends and begins again', () => {
  const place = useRoom();

  test('a restart of the service changes no desktop', async () => {
    const { room } = place;
    const id = await room.create();
    const pid = room.desktops.qemuPid(id)!;
    const before = await room.row(id);
    await room.restart();
    expect(room.desktops.qemuPid(id)).toBe(pid);
    expect(await room.row(id)).toEqual(before);
    expect(await room.pool.topLayer(room.desktops.live(id, 'system')!)).not.toBeNull();
    killed(room.desktops.qemuPid(id)!);
    await room.until('Stopped', async () => (await room.status(id)) === 'Stopped');
  });

  test('a session that is lost is made again', async () => {
    const { room } = place;
    const id = await room.create();
    const { qmp } = room.desktops.live(id, 'system')!;
    qmp.close();
    await room.until('a new session', () => room.desktops.live(id, 'system') !== null);
    await room.desktops.live(id, 'data')!.qmp.execute('query-status');
    expect(await room.status(id)).toBe('Running');
  });

  test('found dead after a restart of the service: Stopped; of the host: it runs again', async () => {
    const { room } = place;
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
    const { room } = place;
    const id = await room.create();
    await setStatus(room, id, 'Stopping');
    await room.restart();
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Stopped');
    await setStatus(room, id, 'Starting');
    await room.restart();
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Running');
    await room.desktops.stopAndWait(id, AbortSignal.timeout(20_000));
    await setStatus(room, id, 'Pending');
    await room.restart();
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Running');
  });

  test('a deletion that was cut short, its disks gone, leaves nothing of what the guest was told', async () => {
    const { room } = place;
    const id = await room.create({ bundle: { ...room.wanted().bundle, cloudInit: { password: 'hidden' } } });
    await room.desktops.stopAndWait(id, AbortSignal.timeout(20_000));
    const { db } = room.catalogue;
    await db.updateTable('desktops').set({ status: 'Deleted' }).where('id', '=', id).execute();
    await db.deleteFrom('layers').execute();
    await db.deleteFrom('disks').execute();
    await room.restart();
    await room.desktops.settled();
    expect((await room.row(id)).cloud_init).toBeNull();
    expect((await filesUnder(room.dir)).filter((name) => name.includes('seed'))).toEqual([]);
  });

  test('a QEMU that was started but not yet on record is found by its pid file', async () => {
    const { room } = place;
    const id = await room.create();
    const pid = room.desktops.qemuPid(id)!;
    await room.restart(async () => {
      await setStatus(room, id, 'Starting');
      const change = { qemu_pid: null, qemu_start_time: null, started_at: null };
      await room.catalogue.db.updateTable('desktops').set(change).where('id', '=', id).execute();
    });
    await room.desktops.settled();
    expect(room.desktops.qemuPid(id)).toBe(pid);
    expect(await room.row(id)).toMatchObject({ status: 'Running', qemu_pid: pid });
  });
});
