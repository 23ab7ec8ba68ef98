/**
 * Where a request comes from, and whether it came over TLS, also through proxies.
 *
 * Invariants: what a client says of itself is believed only from a proxy that the settings name; the address is the last
 * one of the chain that is no such proxy. IPv4 written as IPv6 is told as IPv4.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { EcdError } from '../errors.ts';

export interface Source {
  /** Empty when the connection is gone already. */
  readonly address: string;
  readonly secure: boolean;
}

export class Sources {
  readonly #proxies = new BlockList();
  readonly #any: boolean;

  /** @param proxies addresses or networks. Throws Settings.Invalid. */
  constructor(proxies: readonly string[]) {
    this.#any = proxies.length > 0;
    for (const text of proxies) {
      const [address = '', length, more] = text.split('/');
      const bits = isIP(address) === 4 ? 32 : 128;
      const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : -1;
      if (isIP(address) === 0 || more !== undefined || prefix < 0 || prefix > bits)
        throw new EcdError('Settings.Invalid', {
          setting: 'trustedProxies',
          reason: `${text} is neither an address nor a network`,
        });
      this.#proxies.addSubnet(address, prefix, bits === 32 ? 'ipv4' : 'ipv6');
    }
  }

  of(message: IncomingMessage): Source {
    const peer = plain(message.socket.remoteAddress ?? '');
    const encrypted = (message.socket as TLSSocket).encrypted === true;
    if (!this.#any || !this.#isProxy(peer)) return { address: peer, secure: encrypted };
    const chain = [...listOf(message.headers['x-forwarded-for']).map(plain), peer];
    let at = chain.length - 1;
    while (at > 0 && this.#isProxy(chain[at]!)) at--;
    const address = isIP(chain[at]!) === 0 ? '' : chain[at]!;
    // The proxy next to us knows how it was reached; what stands before its own word may be anybody's.
    const protocol = listOf(message.headers['x-forwarded-proto']).at(-1);
    return { address, secure: protocol === undefined ? encrypted : protocol === 'https' };
  }

  #isProxy(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#proxies.check(address, version === 4 ? 'ipv4' : 'ipv6');
  }
}

function plain(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}

function listOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return (Array.isArray(header) ? header.join(',') : header).split(',').map((one) => one.trim());
}
