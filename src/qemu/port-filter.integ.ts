/** Real frames through a real bridge, from a port that is named as those of machines, and from another one. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configure } from './host-network.ts';
import { filterPorts, PORT_PREFIX } from './port-filter.ts';

const TAG = process.pid.toString(36);
const [BRIDGE, GUEST, LAN] = [`oeb${TAG}`, `oeg${TAG}`, `oel${TAG}`];
const PORT = `${PORT_PREFIX}${TAG}`;
const EVERYBODY = 'ffffffffffff';
const OWN = '020a1b2c3d4e';
/** Ethernet frames from the destination on, in hex, padded to their least size. */
const FRAMES = {
  arp: `${EVERYBODY}${OWN}0806`,
  // Headers that are whole: a host may drop others on its bridges.
  ipv4: `${EVERYBODY}${OWN}080045000014000000004011f6d5c0000201c0000202`,
  ipv6: `333300000001${OWN}86dd6000000000003bff${'fe80'.padEnd(31, '0')}1${'ff02'.padEnd(31, '0')}1`,
  'a VLAN': `${EVERYBODY}${OWN}810000140800`,
  'a VLAN in a VLAN': `${EVERYBODY}${OWN}88a8001481000014`,
  'the spanning tree': `0180c2000000${OWN}0026424203`,
  'spanning tree of another maker': `01000ccccccd${OWN}0032aaaa03`,
  '802.1X': `0180c2000003${OWN}888e`,
  'wake on LAN': `${EVERYBODY}${OWN}0842`,
};

/** An earlier run may have left it. */
const removeRule = () => configure('nft', 'add table bridge openecd; delete table bridge openecd');

beforeEach(async () => {
  await removeRule();
  await configure('ip', 'link', 'add', BRIDGE, 'type', 'bridge', 'mcast_snooping', '0');
  for (const [port, end] of [
    [PORT, GUEST],
    [`v${TAG}`, LAN],
  ] as const) {
    await configure('ip', 'link', 'add', port, 'type', 'veth', 'peer', end);
    await configure('ip', 'link', 'set', port, 'master', BRIDGE);
  }
  // Quiet: nothing but what the test sends.
  for (const name of [BRIDGE, PORT, `v${TAG}`, GUEST, LAN])
    await configure('ip', 'link', 'set', name, 'addrgenmode', 'none', 'up');
});
afterEach(async () => {
  await removeRule();
  for (const name of [PORT, `v${TAG}`, BRIDGE]) await configure('ip', 'link', 'delete', name);
});

const received = (end: string) => Number(readFileSync(`/sys/class/net/${end}/statistics/rx_packets`, 'utf8'));

/** Whether a frame that is sent at one end arrives at the other. */
async function passes(frame: string, from: string, to: string): Promise<boolean> {
  const before = received(to);
  const send =
    'import socket, sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind((sys.argv[1], 0)); s.send(bytes.fromhex(sys.argv[2]).ljust(60, b"\\0"))';
  execFileSync('python3', ['-c', send, from, frame]);
  for (let tries = 0; tries < 20 && received(to) === before; tries++)
    await new Promise((done) => setTimeout(done, 10));
  return received(to) > before;
}

test('from a port of a machine only ARP and IP pass; all passes to it, and from others', async () => {
  const seen: Record<string, boolean> = {};
  for (const [name, frame] of Object.entries(FRAMES)) seen[name] = await passes(frame, GUEST, LAN);
  // Without the rule the bridge lets through what it is to be kept from.
  expect(seen).toMatchObject({ arp: true, 'a VLAN': true, 'the spanning tree': true, 'wake on LAN': true });

  // Twice: it replaces itself.
  await filterPorts();
  await filterPorts();
  for (const [name, frame] of Object.entries(FRAMES)) {
    const allowed = ['arp', 'ipv4', 'ipv6'].includes(name);
    expect([name, await passes(frame, GUEST, LAN)]).toEqual([name, allowed]);
  }
  for (const name of ['arp', 'a VLAN', 'wake on LAN'] as const)
    expect([name, await passes(FRAMES[name], LAN, GUEST)]).toEqual([name, true]);
});
