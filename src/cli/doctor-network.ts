/** What desktops on a bridge of the host need, for `openecd doctor`: asked only where a bundle of the settings is on one. */

import { existsSync, readFileSync } from 'node:fs';
import { bridgeOf } from '../bundle-settings.ts';
import type { User } from '../qemu/process.ts';
import { runProgram } from '../qemu/run-program.ts';
import { hasBridge } from '../qemu/tap.ts';
import type { Settings } from '../settings.ts';
import type { Finding } from './doctor-checks.ts';

/** Root, iproute2, nftables, the tun device as QEMU's user, and each bridge that is named. */
export async function checkBridges(settings: Settings, user: User | undefined): Promise<Finding[]> {
  const bridges = new Set(settings.bundles.flatMap(({ network }) => bridgeOf(network) ?? []));
  if (bridges.size === 0) return [];
  return [await portFinding(user), ...[...bridges].map(bridgeFinding), ...filterFindings()];
}

/** Firewall rules for routed packets may apply to a bridge's frames: Docker switches that on, and drops what it does not know. */
export function filterFindings(file = '/proc/sys/net/bridge/bridge-nf-call-iptables'): Finding[] {
  if (!existsSync(file) || readFileSync(file, 'utf8').trim() !== '1') return [];
  return [
    {
      status: 'warning',
      what: 'frames on bridges',
      found: "the host's firewall filters them (net.bridge.bridge-nf-call-iptables is 1)",
      todo: 'sysctl -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0, or let the rules of FORWARD pass what goes over the bridge.',
    },
  ];
}

async function portFinding(user: User | undefined): Promise<Finding> {
  const what = 'ports on bridges';
  const missing = (found: string, todo: string): Finding => ({ status: 'missing', what, found, todo });
  if (process.getuid?.() !== 0)
    return missing('the service is not root', 'Run the service as root: only root makes ports on a bridge.');
  const shell = (script: string, as?: User) =>
    runProgram({ program: '/bin/sh', args: ['-c', script], timeoutMs: 10_000, user: as });
  const tools = await shell('command -v ip && command -v bridge && command -v nft');
  if (tools.exitCode !== 0)
    return missing('iproute2 or nftables is not installed', 'apt-get install iproute2 nftables');
  const tun = await shell(': <>/dev/net/tun', user);
  if (tun.exitCode !== 0)
    return missing(
      `QEMU's user cannot open /dev/net/tun: ${tun.stderr.trim().split('\n').at(-1)}`,
      'modprobe tun; chmod 0666 /dev/net/tun (what udev does; it gives nobody a port that is not made for them)',
    );
  return { status: 'ok', what, found: 'ip, bridge, nft, /dev/net/tun' };
}

function bridgeFinding(name: string): Finding {
  const what = `bridge ${name}`;
  if (hasBridge(name)) return { status: 'ok', what, found: 'it is there' };
  return {
    status: 'missing',
    what,
    found: 'this host has no such bridge, but a bundle wants it',
    todo: 'Make it in the network configuration of the host (docs/install.md, Networks), or correct `network` of the bundle.',
  };
}
