/**
 * A machine's port on a bridge of this host: a tap device, which the user of QEMU may open and root has made.
 *
 * Invariants: its name follows from the machine's address (MAC), so that whoever knows the machine finds its port, also
 * after a crash; the port lets in frames of that address only (and what port-filter.ts lets in), and gets no frames for
 * others: a guest cannot take a neighbour's place, nor listen to it; the bridge keeps its own address and its MTU; the tap
 * has no address of its own.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { EcdError } from '../errors.ts';
import { configure } from './host-network.ts';
import { filterPorts, PORT_PREFIX } from './port-filter.ts';
import type { User } from './process.ts';

export interface TapSpec {
  /** A bridge that is there. */
  readonly bridge: string;
  /** The guest's address on it, `02:xx:xx:xx:xx:xx`. */
  readonly mac: string;
  /** Who opens it; absent: root. */
  readonly user?: User | undefined;
}

const CLASS = '/sys/class/net';

/** The name of the tap of a machine with this address: 14 characters, of the 15 that Linux takes. */
export function tapName(mac: string): string {
  return `${PORT_PREFIX}${mac.replaceAll(':', '').slice(-10)}`;
}

/** True when the host has a bridge of this name. */
export function hasBridge(name: string): boolean {
  return existsSync(`${CLASS}/${name}/bridge`);
}

/** Makes the port (one that is left over goes first) and gives the tap's name. Throws Network.Unavailable. */
export async function plugTap({ bridge, mac, user }: TapSpec): Promise<string> {
  const tap = tapName(mac);
  if (!hasBridge(bridge))
    throw new EcdError('Network.Unavailable', {
      what: `The bridge ${bridge}`,
      reason: 'there is no such bridge',
    });
  try {
    await unplugTap(mac);
    await filterPorts();
    const mtu = (await readFile(`${CLASS}/${bridge}/mtu`, 'utf8')).trim();
    const owner = user === undefined ? [] : ['user', String(user.uid)];
    await configure('ip', 'tuntap', 'add', 'dev', tap, 'mode', 'tap', ...owner);
    // A bridge takes the lowest address of its ports and their lowest MTU, unless it was given its own.
    await configure('ip', 'link', 'set', 'dev', tap, 'address', `fe${mac.slice(2)}`, 'mtu', mtu);
    if (existsSync('/proc/sys/net/ipv6'))
      await configure('ip', 'link', 'set', 'dev', tap, 'addrgenmode', 'none');
    await configure('ip', 'link', 'set', 'dev', tap, 'master', bridge);
    await configure('bridge', 'link', 'set', 'dev', tap, 'learning', 'off', 'locked', 'on', 'flood', 'off');
    await configure('bridge', 'fdb', 'replace', mac, 'dev', tap, 'master', 'static');
    await configure('ip', 'link', 'set', 'dev', tap, 'up');
    return tap;
  } catch (error) {
    await unplugTap(mac).catch(() => {});
    throw error;
  }
}

/** Takes the port away, if there is one. Throws Network.Unavailable. */
export async function unplugTap(mac: string): Promise<void> {
  const tap = tapName(mac);
  if (existsSync(`${CLASS}/${tap}`)) await configure('ip', 'link', 'delete', 'dev', tap);
}
