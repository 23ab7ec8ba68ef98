/**
 * Desktops on a bridge of the host: they are machines of the LAN, and none takes another's place there.
 *
 * The bridge is made for the test, with a LAN behind it that is one network namespace. It needs root; /dev/net/tun is one
 * that everybody may open, as udev makes it, in the mount namespace of the service alone.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bed, demoOn, run } from './proof-bed.ts';

const TAG = process.pid.toString(36);
const BRIDGE = `oe${TAG}`;
const LAN = `oe-lan-${TAG}`;
const ON_BRIDGE = `bridge:${BRIDGE}`;
const NOWHERE = 'bridge:oe-none';
const CLOUD = { ...demoOn(ON_BRIDGE), id: 'cloud', cloudInit: { users: ['default', { name: 'pupil' }] } };
const [LAN_IP, FIRST_IP, SECOND_IP] = ['10.213.7.1', '10.213.7.11', '10.213.7.12'];
const WITH_TUN = `set -e
mount -t tmpfs none /dev/net
mknod -m 666 /dev/net/tun c 10 200
exec "$@"`;

let bed: Bed;
const ids: string[] = [];
const macs: string[] = [];

const net = (name: string, file: string) => readFileSync(`/sys/class/net/${name}/${file}`, 'utf8').trim();
const facts = async (desktop: string) => {
  const { Desktops } = await bed.client.ok('DescribeDesktops', { 'DesktopId.1': desktop });
  return (Desktops as Record<string, unknown>[])[0]!;
};
const macOf = async (desktop: string) => (await bed.sh(desktop, 'cat /sys/class/net/eth0/address')).trim();
const tapOf = (mac: string) => `ecd-${mac.replaceAll(':', '').slice(2)}`;
/** Ports on the test's bridge. */
const ports = () => readdirSync(`/sys/class/net/${BRIDGE}/brif`).filter((name) => name.startsWith('ecd-'));
/** Whether a ping from the desktop arrives and comes back. */
const reaches = async (desktop: string, address: string) =>
  (await bed.sh(desktop, `ping -c 3 -W 4 ${address} >/dev/null && echo yes || echo no`)).trim() === 'yes';

beforeAll(async () => {
  await run('ip', ['link', 'add', BRIDGE, 'mtu', '1480', 'type', 'bridge']);
  await run('ip', ['link', 'set', BRIDGE, 'up']);
  await run('ip', ['netns', 'add', LAN]);
  await run('ip', ['link', 'add', `v${TAG}`, 'mtu', '1480', 'type', 'veth', 'peer', 'eth0', 'netns', LAN]);
  await run('ip', ['link', 'set', `v${TAG}`, 'master', BRIDGE, 'up']);
  await run('ip', ['-n', LAN, 'addr', 'add', `${LAN_IP}/24`, 'dev', 'eth0']);
  await run('ip', ['-n', LAN, 'link', 'set', 'eth0', 'up']);
  const through = ['unshare', '--mount', 'sh', '-c', WITH_TUN, 'sh'];
  bed = await Bed.open({ bundles: [demoOn(ON_BRIDGE), demoOn(NOWHERE), CLOUD] }, through);
});
afterAll(async () => {
  await bed?.close();
  // Those of desktops that a failed test has left.
  for (const port of ports()) await run('ip', ['link', 'delete', port]);
  await run('ip', ['netns', 'delete', LAN]);
  await run('ip', ['link', 'delete', BRIDGE]);
});

test('desktops are machines of the LAN, at the address that DescribeDesktops gives', async () => {
  const own = net(BRIDGE, 'address');
  ids.push(await bed.create(ON_BRIDGE), await bed.create('cloud'));
  await Promise.all(ids.map((id) => bed.booted(id)));
  for (const id of ids) macs.push(await macOf(id));
  for (const [at, address] of [FIRST_IP, SECOND_IP].entries()) {
    expect(await facts(ids[at]!)).not.toHaveProperty('NetworkInterfaceIp');
    await bed.sh(ids[at]!, `ifconfig eth0 ${address} netmask 255.255.255.0`);
  }
  expect(await reaches(ids[0]!, LAN_IP)).toBe(true);
  expect(await reaches(ids[0]!, SECOND_IP)).toBe(true);
  for (const [at, address] of [FIRST_IP, SECOND_IP].entries())
    await bed.until('its address', async () => (await facts(ids[at]!))['NetworkInterfaceIp'] === address, 30);
  // The rule of all ports is in place.
  expect((await run('nft', ['list', 'table', 'bridge', 'openecd'])).stdout).toContain('"ecd-*"');
  // The bridge is what it was.
  expect([net(BRIDGE, 'address'), net(BRIDGE, 'mtu')]).toEqual([own, '1480']);
  const status = readFileSync(`/proc/${bed.qemuPid(ids[0]!)}/status`, 'utf8');
  expect(status).toMatch(/^CapEff:\s+0+$/m);
});

test("a guest that takes another one's hardware address is heard by nobody", async () => {
  const [stolen, own] = [macs[0]!, macs[1]!];
  const take = (address: string) =>
    bed.sh(ids[1]!, `ifconfig eth0 down; ifconfig eth0 hw ether ${address}; ifconfig eth0 ${SECOND_IP} up`);
  /** Whom the LAN has heard of, as an address and what it is said to be at. */
  const heard = async () => (await run('ip', ['-n', LAN, 'neigh', 'show', SECOND_IP])).stdout;
  await run('ip', ['-n', LAN, 'neigh', 'flush', 'all']);
  await take(stolen);
  expect(await reaches(ids[1]!, LAN_IP)).toBe(false);
  expect(await heard()).toBe('');
  expect(await reaches(ids[0]!, LAN_IP)).toBe(true);
  await take(own);
  expect(await reaches(ids[1]!, LAN_IP)).toBe(true);
  expect(await heard()).toContain(own);
});

test('a guest does not get what is for a machine that the bridge has not heard of', async () => {
  const sent = () => Number(net(tapOf(macs[0]!), 'statistics/tx_packets'));
  const send = (address: string) =>
    run('ip', [
      'netns',
      'exec',
      LAN,
      'bash',
      '-c',
      `for i in $(seq 20); do echo x >/dev/udp/${address}/9; done`,
    ]);
  await run('ip', [
    '-n',
    LAN,
    'neigh',
    'replace',
    '10.213.7.99',
    'lladdr',
    '02:99:99:99:99:99',
    'dev',
    'eth0',
  ]);
  let before = sent();
  await send('10.213.7.99');
  expect(sent() - before).toBeLessThan(10);
  before = sent();
  await send(FIRST_IP);
  await bed.until('its own', () => sent() - before >= 20);
});

test('the guest of a bundle with cloud-init has a seed that it cannot write', async () => {
  // After the system and the data disk.
  const look = `tr -d '\\0' </dev/vdc >/tmp/seed; grep -c cidata /tmp/seed; cat /sys/block/vdc/ro
    grep -e instance-id /tmp/seed; grep -A 1 -e '#cloud-config' /tmp/seed`;
  const seen = await bed.sh(ids[1]!, look);
  const { HostName } = await facts(ids[1]!);
  const lines = seen.trim().split('\n');
  expect(lines.slice(0, 2)).toEqual(['1', '1']);
  expect(lines.slice(2).map((line) => line.replace(/^.*?(?=[{#])/, ''))).toEqual([
    JSON.stringify({ 'instance-id': ids[1], 'local-hostname': HostName }),
    '#cloud-config',
    JSON.stringify(CLOUD.cloudInit),
  ]);
  expect(await bed.sh(ids[0]!, 'ls /dev/vd*')).not.toContain('vdc');
});

test('ports outlive the service, and go with their QEMU: stopped, killed, deleted, or lost with the service', async () => {
  const [first, second] = [tapOf(macs[0]!), tapOf(macs[1]!)];
  expect(ports().sort()).toEqual([first, second].sort());
  // As a firewall does that is loaded anew.
  await run('nft', ['delete', 'table', 'bridge', 'openecd']);
  await bed.restart('SIGKILL');
  expect((await run('nft', ['list', 'table', 'bridge', 'openecd'])).stdout).toContain('"ecd-*"');
  expect(await reaches(ids[0]!, LAN_IP)).toBe(true);
  await bed.until(
    'its address again',
    async () => (await facts(ids[0]!))['NetworkInterfaceIp'] === FIRST_IP,
    30,
  );

  await bed.service.down('SIGKILL');
  process.kill(bed.qemuPid(ids[1]!), 'SIGKILL');
  await bed.up();
  await bed.until('the port of a lost one is gone', () => !existsSync(`/sys/class/net/${second}`));
  process.kill(bed.qemuPid(ids[0]!), 'SIGKILL');
  await bed.until('the port of a killed one is gone', () => !existsSync(`/sys/class/net/${first}`));

  await bed.until('Stopped', async () => (await bed.status(ids[0]!)) === 'Stopped');
  await bed.start(ids[0]!);
  expect(existsSync(`/sys/class/net/${first}`)).toBe(true);
  await bed.client
    .ok('StopDesktops', { 'DesktopId.1': ids[0]!, StopMode: 'Force' })
    .catch(() => bed.stop(ids[0]!));
  await bed.until('the port of a stopped one is gone', () => !existsSync(`/sys/class/net/${first}`), 90);
  await bed.start(ids[1]!);
  await bed.client.ok('DeleteDesktops', { 'DesktopId.1': ids[1]! });
  await bed.until('the port of a deleted one is gone', () => !existsSync(`/sys/class/net/${second}`));
  await bed.until('its seed, too', () => !existsSync(bed.file('run', `${ids[1]}.seed`)));
});

test('a bridge that is not there stops the start, and is named', async () => {
  const before = ports();
  const id = await bed.create(NOWHERE);
  await bed.until('Stopped', async () => (await bed.status(id)) === 'Stopped');
  expect(bed.service.log).toContain('The bridge oe-none: there is no such bridge');
  expect(ports()).toEqual(before);
});

test('nothing stays when the last desktop is deleted', async () => {
  const { Desktops } = await bed.client.ok('DescribeDesktops', {});
  for (const { DesktopId } of Desktops as { DesktopId: string }[])
    await bed.client.ok('DeleteDesktops', { 'DesktopId.1': DesktopId });
  await bed.until('no port is left', () => ports().length === 0);
});
