/**
 * The command line of a desktop's QEMU: a pure function of its description.
 *
 * Invariants: no user's or distribution's configuration is read, no device is there by default; the only listeners are
 * unix sockets; QEMU's own sandbox is on; every value is JSON or has its commas doubled, so that no name becomes an
 * option; an I/O error pauses the guest instead of reaching it.
 */

import { type BlockdevNode, optionValue } from './blockdev.ts';
import type { Accelerator } from './kvm.ts';

export interface MachineDisk {
  /** `qdev` id; the disk `system` is booted from. */
  readonly device: string;
  /** In the order QEMU must be given them. */
  readonly nodes: readonly BlockdevNode[];
  readonly topNode: string;
  /** At most 20 characters reach the guest. */
  readonly serial: string;
}

export interface MachineSpec {
  readonly name: string;
  readonly uuid: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly accelerator: Accelerator;
  /** `vars` is the machine's own, writable copy. */
  readonly firmware: 'bios' | { readonly code: string; readonly vars: string };
  readonly disks: readonly MachineDisk[];
  /** A disk that the guest only reads, after the others. */
  readonly seed?: BlockdevNode | undefined;
  /** `isolated`: the guest reaches nothing; `user`: it also reaches the host's loopback; `tap`: a device of tap.ts. */
  readonly network: 'none' | 'isolated' | 'user' | { readonly tap: string };
  readonly mac: string;
  readonly sockets: { readonly qmp: string; readonly agent: string; readonly vnc: string };
  readonly pidFile?: string;
  /** The processors wait for `cont`. */
  readonly incomingPaused?: boolean;
}

/** `id` of the agent's port, in VSERPORT_CHANGE events. */
export const AGENT_PORT = 'gaport';
/** `label` of the agent's character device, in `query-chardev`. */
export const AGENT_CHARDEV = 'ga';

const SANDBOX = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny';

export function machineArguments(spec: MachineSpec): string[] {
  const uefi = spec.firmware === 'bios' ? null : spec.firmware;
  return [
    ...['-nodefaults', '-no-user-config'],
    ...['-name', `guest=${optionValue(spec.name)}`, '-uuid', spec.uuid],
    ...[
      '-machine',
      `q35,usb=off,vmport=off,dump-guest-core=off${uefi ? ',pflash0=fw-code,pflash1=fw-vars' : ''}`,
    ],
    ...['-accel', spec.accelerator.name === 'kvm' ? 'kvm' : 'tcg,thread=multi', '-cpu', spec.accelerator.cpu],
    ...['-m', `size=${spec.memoryMiB}M`, '-smp', `cpus=${spec.cpus}`],
    ...['-rtc', 'base=utc', '-boot', 'strict=on'],
    ...['-sandbox', SANDBOX, '-msg', 'timestamp=on'],
    ...(spec.pidFile === undefined ? [] : ['-pidfile', spec.pidFile]),
    ...(spec.incomingPaused ? ['-S'] : []),
    ...socketChardev('qmp', spec.sockets.qmp),
    ...['-mon', 'chardev=qmp,mode=control'],
    ...device({ driver: 'virtio-serial-pci', id: 'serial0' }),
    ...socketChardev(AGENT_CHARDEV, spec.sockets.agent),
    ...device({
      driver: 'virtserialport',
      id: AGENT_PORT,
      chardev: AGENT_CHARDEV,
      name: 'org.qemu.guest_agent.0',
    }),
    ...(uefi ? pflash(uefi) : []),
    ...spec.disks.flatMap(disk),
    ...(spec.seed === undefined ? [] : readOnlyDisk(spec.seed)),
    ...network(spec),
    ...['-object', json({ 'qom-type': 'rng-builtin', id: 'rng0' })],
    ...device({ driver: 'virtio-rng-pci', id: 'vrng0', rng: 'rng0' }),
    // Absolute positions for VNC; the keyboard is the board's own.
    ...device({ driver: 'virtio-tablet-pci', id: 'tablet0' }),
    // No client may ask to have the screen alone.
    ...['-vga', 'std', '-display', 'none', '-vnc', `unix:${optionValue(spec.sockets.vnc)},share=ignore`],
  ];
}

function disk(each: MachineDisk): string[] {
  return [
    ...each.nodes.flatMap(blockdev),
    ...device({
      driver: 'virtio-blk-pci',
      id: each.device,
      drive: each.topNode,
      serial: each.serial,
      discard: true,
      werror: 'stop',
      rerror: 'stop',
      ...(each.device === 'system' ? { bootindex: 1 } : {}),
    }),
  ];
}

function readOnlyDisk(node: BlockdevNode): string[] {
  const name = node['node-name'];
  return [...blockdev(node), ...device({ driver: 'virtio-blk-pci', id: name, drive: name, serial: name })];
}

function pflash({ code, vars }: { readonly code: string; readonly vars: string }): string[] {
  const file = (filename: string): object => ({ driver: 'file', filename });
  return [
    ...blockdev({ 'node-name': 'fw-code', driver: 'raw', 'read-only': true, file: file(code) }),
    ...blockdev({ 'node-name': 'fw-vars', driver: 'raw', file: file(vars) }),
  ];
}

function network(spec: MachineSpec): string[] {
  if (spec.network === 'none') return [];
  return [
    '-netdev',
    netdev(spec.network),
    ...device({ driver: 'virtio-net-pci', id: 'nic0', netdev: 'net0', mac: spec.mac }),
  ];
}

function netdev(network: Exclude<MachineSpec['network'], 'none'>): string {
  if (network === 'isolated') return 'user,id=net0,restrict=on';
  if (network === 'user') return 'user,id=net0';
  // QEMU may start no program: the device is there and plugged in.
  return `tap,id=net0,ifname=${optionValue(network.tap)},script=no,downscript=no,vhost=off`;
}

function socketChardev(id: string, path: string): string[] {
  return ['-chardev', `socket,id=${id},path=${optionValue(path)},server=on,wait=off`];
}

function blockdev(node: BlockdevNode): string[] {
  return ['-blockdev', json(node)];
}

function device(properties: object): string[] {
  return ['-device', json(properties)];
}

function json(value: object): string {
  return JSON.stringify(value);
}
