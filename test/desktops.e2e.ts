import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildDemoImage } from '../images/build.ts';
import { Claim } from '../src/catalogue/nonces.ts';
import { faults } from '../src/faults.ts';
import { Room } from './desktop-room.ts';

/** One desktop with the demo guest, in an order in which each test leaves it running for the next. */
describe('a desktop with a real guest', () => {
  let room: Room;
  let id: string;
  const none = Claim.none();
  const agent = () => room.desktops.machine(id)?.agent.agent ?? null;
  const booted = () => room.until('the guest agent answers', () => agent() !== null, 120);
  const frozen = async (): Promise<string> => await agent()!.fsStatus();

  beforeAll(async () => {
    const image = await buildDemoImage({ cacheDir: '.cache' });
    room = await Room.open({ image, settings: { desktops: { shutdownSeconds: 60 } } });
    id = await room.create();
  }, 600_000);

  afterAll(async () => {
    faults.clear();
    await room.close();
  });

  test('a command sent right after Running waits for the agent', async () => {
    expect(await room.status(id)).toBe('Running');
    expect(agent()).toBeNull();
    const script =
      'echo hello; echo $((6*7)); echo $(cat /sys/block/vda/serial) $(cat /sys/block/vdb/serial)';
    expect(await room.sh(id, script, 120)).toBe('hello\n42\nsystem data\n');
  });

  test('exit code, both streams, 16 KiB scripts, output cut and counted', async () => {
    const failed = await room.shResult(id, 'echo out; echo err >&2; exit 7');
    expect(failed).toMatchObject({ status: 'Failed', exitCode: 7, errorCode: 'ExitCodeNonzero' });
    expect(failed.output?.toString()).toBe('out\nerr\n');
    const line = 'true # 0123456789\n';
    const long = `${line.repeat(Math.floor((16_384 - 10) / line.length))}echo end`;
    expect(await room.sh(id, long)).toBe('end\n');
    const much = await room.shResult(id, 'head -c 1000000 /dev/zero | tr "\\0" a');
    expect(much).toMatchObject({ status: 'Success', exitCode: 0, dropped: 1_000_000 - 24_576 });
    expect(much.output?.toString()).toBe('a'.repeat(24_576));
    expect(await room.sh(id, 'cat; echo "no input"')).toBe('no input\n');
  });

  test('one that takes too long is ended in the guest too', async () => {
    const late = await room.shResult(id, 'echo begun; sleep 1234; echo never', 3);
    expect(late).toMatchObject({ status: 'Failed', errorCode: 'Timeout' });
    expect(late.output?.toString()).toBe('begun\n');
    await room.sh(id, 'while ps | grep -q "[s]leep 1234"; do usleep 100000; done', 20);
    expect(await room.sh(id, 'sleep 1; echo in time', 20)).toBe('in time\n');
  });

  test('one that is stopped is ended in the guest too; others go on', async () => {
    const script = 'echo begun; sleep 4321 & setsid sleep 4321 & wait';
    const stopped = await room.sendCommand(id, script, 100);
    const other = await room.sendCommand(id, 'sleep 5; echo over');
    const both = 'until [ $(ps | grep -c " [s]leep 4321$") -eq 2 ]; do usleep 100000; done';
    const seen = await room.sendCommand(id, both, 20);
    await room.until('both run', async () => (await room.result(seen)).status === 'Success');
    await room.commands.stop({ regionId: 'cn-hangzhou', invokeId: stopped }, none);
    await room.commands.settled();
    const result = await room.result(stopped);
    expect(result).toMatchObject({ status: 'Stopped', errorCode: '' });
    expect(result.output?.toString()).toBe('begun\n');
    expect((await room.result(other)).output?.toString()).toBe('over\n');
    expect(await room.sh(id, 'ps | grep -c "[s]leep 4321"; true')).toBe('0\n');
  });

  test('freezes and thaws; a long command goes on and none begins meanwhile', async () => {
    const long = await room.sendCommand(id, 'sleep 4; echo over');
    await room.until('it runs', async () => (await room.result(long)).status === 'Running');
    const began = Date.now();
    const quiesced = await room.desktops.quiesce(id, 2_000);
    expect(Date.now() - began).toBeLessThan(2_000);
    expect(quiesced!.filesystems).toBeGreaterThan(0);
    expect(await frozen()).toBe('frozen');
    await expect(room.desktops.quiesce(id, 2_000)).resolves.toBeNull();
    const short = await room.sendCommand(id, 'echo short');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await room.result(short)).status).toBe('Pending');
    expect(await quiesced!.thaw()).toBe(true);
    expect(await quiesced!.thaw()).toBe(true);
    expect(await frozen()).toBe('thawed');
    await room.commands.settled();
    expect((await room.result(short)).status).toBe('Success');
    expect((await room.result(long)).output?.toString()).toBe('over\n');
  });

  test('a freeze that is forgotten is thawed by its deadline', async () => {
    const quiesced = await room.desktops.quiesce(id, 1_000);
    expect(quiesced).not.toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await frozen()).toBe('frozen');
    await room.until('it is thawed', async () => (await frozen()) === 'thawed', 10);
  });

  test('an agent that hangs: null within the deadline, and thawed when it answers again', async () => {
    await room.sh(
      id,
      '(sleep 1; kill -STOP $(pidof qemu-ga); sleep 8; kill -CONT $(pidof qemu-ga)) >/dev/null 2>&1 &',
    );
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const began = Date.now();
    await expect(room.desktops.quiesce(id, 1_000)).resolves.toBeNull();
    expect(Date.now() - began).toBeLessThan(1_500);
    await expect(room.desktops.quiesce(id, 1_000)).resolves.toBeNull();
    expect(Date.now() - began).toBeLessThan(2_000);
    await room.until('the agent answers again', () => agent() !== null, 40);
    expect(await frozen()).toBe('thawed');
    expect(await room.sh(id, 'echo 1 >/root/x && sync && cat /root/x')).toBe('1\n');
  });

  test('a guest found frozen after a restart of the service is thawed', async () => {
    // As a service that died: its thaw never came.
    await agent()!.freeze(5_000);
    expect(await frozen()).toBe('frozen');
    await room.restart();
    await booted();
    expect(await frozen()).toBe('thawed');
    expect(await room.status(id)).toBe('Running');
  });

  test('closing the service thaws', async () => {
    const quiesced = await room.desktops.quiesce(id, 60_000);
    expect(quiesced).not.toBeNull();
    await room.restart();
    await booted();
    expect(await room.sh(id, 'echo 2 >/root/x && sync && cat /root/x')).toBe('2\n');
  });

  test('commands over a restart of the service: one that ran has failed, one that waited goes on', async () => {
    const ran = await room.sendCommand(id, 'sleep 30');
    await room.until('it runs', async () => (await room.result(ran)).status === 'Running');
    const quiesced = await room.desktops.quiesce(id, 60_000);
    expect(quiesced).not.toBeNull();
    const waited = await room.sendCommand(id, 'echo once >>/run/once; cat /run/once');
    expect((await room.result(waited)).status).toBe('Pending');
    await room.restart();
    expect(await room.result(ran)).toMatchObject({ status: 'Failed', errorCode: 'ServiceRestarted' });
    await room.commands.settled();
    expect((await room.result(waited)).output?.toString()).toBe('once\n');
  });

  test('the guest has a network, and does not reach the host by it', async () => {
    const server = createServer((socket) => socket.end('reached'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await room.sh(
        id,
        'for i in $(seq 40); do ifconfig eth0 | grep -q 10.0.2.15 && exit; sleep 1; done; exit 1',
      );
      const tried = await room.shResult(id, `nc -w 5 10.0.2.2 ${port} </dev/null`);
      expect(tried.output?.toString()).not.toContain('reached');
      expect(tried.status).toBe('Failed');
    } finally {
      server.close();
    }
  });

  test('reboots, and what was written is there', async () => {
    await room.sh(id, 'echo kept >/root/kept; echo gone >/run/gone');
    const pid = room.desktops.qemuPid(id);
    await room.desktops.reboot([id], none);
    await room.desktops.settled();
    expect(await room.status(id)).toBe('Running');
    expect(room.desktops.qemuPid(id)).toBe(pid);
    expect(await room.sh(id, 'cat /root/kept; test ! -e /run/gone', 120)).toBe('kept\n');
  });

  test('stops cleanly by the agent; a running command is said to have failed', async () => {
    const command = await room.sendCommand(id, 'sleep 100');
    await room.until('it runs', async () => (await room.result(command)).status === 'Running');
    let asked = 0;
    faults.set('desktop.stop.asked', () => void asked++);
    const began = Date.now();
    await room.desktops.stopAndWait(id, AbortSignal.timeout(60_000));
    expect(Date.now() - began).toBeLessThan(30_000);
    expect(asked).toBe(1);
    await room.commands.settled();
    expect(await room.result(command)).toMatchObject({ status: 'Failed', errorCode: 'DesktopStopped' });
    expect(await room.row(id)).toMatchObject({ status: 'Stopped', stop_reason: '' });
  });

  test('stops cleanly by the power button when there is no agent', async () => {
    await room.desktops.start([id], none);
    await room.desktops.settled();
    expect(await room.sh(id, 'dmesg | grep -c "recovery complete"; true', 120)).toBe('0\n');
    // What comes of the command is lost with the agent.
    await room.sendCommand(id, 'sed -i s,^.*qemu-ga.*,, /etc/inittab; kill -HUP 1; sleep 1; killall qemu-ga');
    await room.until('the agent is gone', () => agent() === null);
    const began = Date.now();
    await room.desktops.stopAndWait(id, AbortSignal.timeout(60_000));
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(await room.status(id)).toBe('Stopped');
  });

  test('a guest that powers itself off is Stopped', async () => {
    const fresh = await room.create();
    await room.until('the agent', () => room.desktops.machine(fresh)?.agent.agent != null, 120);
    await room.sendCommand(fresh, 'poweroff');
    await room.until('Stopped', async () => (await room.status(fresh)) === 'Stopped', 60);
    expect(await room.row(fresh)).toMatchObject({
      stop_reason: 'The guest shut itself down.',
      wanted_running: 0,
    });
  });
});
