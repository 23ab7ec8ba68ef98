/**
 * What may come in by the ports of machines on bridges of this host: ARP, IPv4 and IPv6, untagged, and nothing else.
 *
 * Invariants: a tag of a VLAN, a frame of the spanning tree or of 802.1X never leaves a guest: it would reach another VLAN
 * of the uplink, or make a switch close the server's port. One table of nftables is for all ports, whose names begin alike;
 * no other table is touched, and nothing else of the host's traffic is looked at.
 */
import { configure } from './host-network.ts';

/** Begins the names of all ports. */
export const PORT_PREFIX = 'ecd-';

/** Puts the rule in place, also where it is already. Throws Network.Unavailable. */
export async function filterPorts(): Promise<void> {
  // One transaction: no frame passes between the old rule and the new one.
  await configure(
    'nft',
    `add table bridge openecd
     add chain bridge openecd ports { type filter hook prerouting priority -300; policy accept; }
     flush chain bridge openecd ports
     add rule bridge openecd ports iifname "${PORT_PREFIX}*" ether type != { arp, ip, ip6 } drop`,
  );
}
