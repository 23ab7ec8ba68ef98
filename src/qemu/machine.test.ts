import { describe, expect, test } from 'vitest';
import { atLeast } from './detect.ts';
import { TCG } from './kvm.ts';
import { type MachineSpec, machineArguments } from './machine.ts';

const SPEC: MachineSpec = {
  name: 'desk,top',
  uuid: '00000000-0000-4000-8000-000000000001',
  cpus: 2,
  memoryMiB: 512,
  accelerator: TCG,
  firmware: 'bios',
  disks: [
    {
      device: 'system',
      nodes: [
        { driver: 'file', 'node-name': 'f', filename: '/d/a,b.qcow2' },
        { driver: 'qcow2', 'node-name': 'top', file: 'f' },
      ],
      topNode: 'top',
      serial: 'd-1',
    },
    { device: 'data', nodes: [], topNode: 'other', serial: 'd-2' },
  ],
  network: 'isolated',
  mac: '52:54:00:00:00:01',
  sockets: { qmp: '/r/q,mp', agent: '/r/ga', vnc: '/r/vnc' },
};

/** The values of an option, in order. */
const values = (args: string[], option: string): string[] =>
  args.flatMap((each, i) => (args[i - 1] === option ? [each] : []));
const devices = (args: string[]): Record<string, unknown>[] =>
  values(args, '-device').map((each) => JSON.parse(each));

describe('machineArguments', () => {
  const args = machineArguments(SPEC);

  test('disks: nodes in order as JSON, devices with their serial, errors pause, only system boots', () => {
    expect(values(args, '-blockdev').map((each) => JSON.parse(each))).toEqual(SPEC.disks[0]!.nodes);
    const disks = devices(args).filter((each) => each['driver'] === 'virtio-blk-pci');
    const common = { driver: 'virtio-blk-pci', discard: true, werror: 'stop', rerror: 'stop' };
    expect(disks).toEqual([
      { ...common, id: 'system', drive: 'top', serial: 'd-1', bootindex: 1 },
      { ...common, id: 'data', drive: 'other', serial: 'd-2' },
    ]);
  });

  test('a seed is a disk after the others', () => {
    const node = { driver: 'vvfat', 'node-name': 'seed', dir: '/r/d.seed', 'read-only': true };
    const seeded = machineArguments({ ...SPEC, seed: node });
    expect(JSON.parse(values(seeded, '-blockdev').at(-1)!)).toEqual(node);
    expect(devices(seeded).filter((each) => each['driver'] === 'virtio-blk-pci')).toHaveLength(3);
    expect(devices(seeded)).toContainEqual({
      driver: 'virtio-blk-pci',
      id: 'seed',
      drive: 'seed',
      serial: 'seed',
    });
  });

  test('commas never become options', () => {
    expect(values(args, '-name')).toEqual(['guest=desk,,top']);
    expect(values(args, '-chardev')[0]).toBe('socket,id=qmp,path=/r/q,,mp,server=on,wait=off');
  });

  test('listens on unix sockets only, in the sandbox, with nothing by default', () => {
    expect(args.filter((each) => /tcp|udp|websocket|telnet|hostfwd|\bport=/.test(each))).toEqual([]);
    expect(
      values(args, '-chardev').every((each) => each.startsWith('socket,') && each.includes(',path=')),
    ).toBe(true);
    expect(values(args, '-vnc')).toEqual(['unix:/r/vnc,share=ignore']);
    expect(values(args, '-sandbox')).toEqual([
      'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
    ]);
    expect(args).toEqual(expect.arrayContaining(['-nodefaults', '-no-user-config']));
  });

  test('the network is what it is said to be', () => {
    const netdev = (network: MachineSpec['network']) =>
      values(machineArguments({ ...SPEC, network }), '-netdev');
    expect(netdev('isolated')).toEqual(['user,id=net0,restrict=on']);
    expect(netdev('user')).toEqual(['user,id=net0']);
    expect(netdev('none')).toEqual([]);
    // No script: the sandbox lets QEMU start nothing, and root has made the device.
    expect(netdev({ tap: 'ecd-0a1b2c3d4e' })).toEqual([
      'tap,id=net0,ifname=ecd-0a1b2c3d4e,script=no,downscript=no,vhost=off',
    ]);
    const none = machineArguments({ ...SPEC, network: 'none' });
    expect(devices(none).some((each) => String(each['driver']).includes('net'))).toBe(false);
  });

  test('accelerator, firmware, pause', () => {
    expect(values(args, '-accel')).toEqual(['tcg,thread=multi']);
    expect(values(args, '-cpu')).toEqual(['max']);
    const firmware = { code: '/f/code', vars: '/d/vars' };
    const other = machineArguments({
      ...SPEC,
      accelerator: { name: 'kvm', cpu: 'host' },
      firmware,
      incomingPaused: true,
    });
    expect(values(other, '-accel')).toEqual(['kvm']);
    expect(values(other, '-cpu')).toEqual(['host']);
    expect(values(other, '-machine')[0]).toContain('pflash0=fw-code,pflash1=fw-vars');
    const flash = values(other, '-blockdev').slice(0, 2);
    expect(JSON.parse(flash[0]!)).toMatchObject({ 'read-only': true, file: { filename: '/f/code' } });
    expect(JSON.parse(flash[1]!)).not.toHaveProperty('read-only');
    expect(other).toContain('-S');
    expect(args).not.toContain('-S');
  });
});

test.each([
  ['7.2.22', true],
  ['7.2', true],
  ['10.0.2', true],
  ['7.1.9', false],
  ['6.10', false],
  ['', false],
])('version %s is enough: %s', (version, enough) => {
  expect(atLeast(version, '7.2')).toBe(enough);
});
