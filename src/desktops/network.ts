/**
 * The network of a desktop, as its row says it: for one on a bridge of the host, its port there.
 *
 * Invariant: a port is there while its QEMU runs; one that a crash left behind goes at the next start of the service, or
 * with the next start or the deletion of its desktop.
 */
import { bridgeOf } from '../bundle-settings.ts';
import { describeError } from '../errors.ts';
import type { MachineSpec } from '../qemu/machine.ts';
import { filterPorts } from '../qemu/port-filter.ts';
import { plugTap, unplugTap } from '../qemu/tap.ts';
import type { Context } from './context.ts';
import type { DesktopRow } from './rows.ts';

type Nic = Pick<DesktopRow, 'id' | 'network' | 'mac'>;

export function isBridged({ network }: Pick<DesktopRow, 'network'>): boolean {
  return bridgeOf(network) !== undefined;
}

/** What QEMU is told, with the port made. Throws Network.Unavailable. */
export async function plug({ options }: Context, { network, mac }: Nic): Promise<MachineSpec['network']> {
  if (network === 'none' || network === 'isolated' || network === 'user') return network;
  return { tap: await plugTap({ bridge: bridgeOf(network)!, mac, user: options.user }) };
}

/** Takes the port away, when no QEMU uses it. A failure is told in the log only. */
export async function unplug(context: Context, row: Nic): Promise<void> {
  if (!isBridged(row)) return;
  await unplugTap(row.mac).catch((error: unknown) =>
    context
      .logOf(row.id)
      .warn({ reason: describeError(error) }, 'the port on the bridge could not be taken away'),
  );
}

/** Puts the rule of all ports in place again, which a firewall that is loaded anew takes away. */
export async function keepFilter(context: Context): Promise<void> {
  if (![...context.machines.values()].some((machine) => machine.bridged)) return;
  await filterPorts().catch((error: unknown) =>
    context.log.warn(
      { reason: describeError(error) },
      'the rule of the ports on bridges could not be put in place',
    ),
  );
}
