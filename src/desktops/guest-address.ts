/**
 * The address that a guest on a bridge has, as its agent tells.
 *
 * Invariants: the guest is hostile: its answer is bounded, and only what is an address of the card that it was given is
 * taken; it is the guest's word all the same. A question never stands long before a freeze.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { sleep } from '../async.ts';
import type { AgentLink } from './agent-link.ts';

const ASK_MS = 1_000;
/** After an answer without an address: a guest that starts soon has one. */
const SOON_MS = 5_000;
/** After an address; and after no answer, for a late one puts the agent out of step, which a freeze would have to mend. */
const LATER_MS = 60_000;
const MOST = 64;

export class GuestAddress {
  readonly #link: AgentLink;
  readonly #mac: string;
  #address: string | null = null;

  /** @param mac of the card */
  constructor(link: AgentLink, mac: string) {
    this.#link = link;
    this.#mac = mac;
    // It ends with the link, by Cancelled.
    void this.#watch().catch(() => {});
  }

  /** As of the last answer, at most about a minute old; null while the guest's agent does not answer. */
  get current(): string | null {
    return this.#link.agent === null ? null : this.#address;
  }

  async #watch(): Promise<void> {
    const { ended } = this.#link;
    while (!ended.aborted) {
      const agent = await this.#link.whenOpen(ended);
      // Last: nothing is asked of a guest that a freeze has begun with.
      await this.#link.whenThawed(ended);
      const answer = await agent
        .call('guest-network-get-interfaces', {}, { timeoutMs: ASK_MS, signal: ended })
        .catch(() => null);
      if (answer !== null) this.#address = addressOf(answer, this.#mac);
      const gone = new AbortController();
      void agent.closed.then(() => gone.abort());
      const pause = answer !== null && this.#address === null ? SOON_MS : LATER_MS;
      await sleep(pause, AbortSignal.any([ended, gone.signal])).catch(() => {});
      // Another agent is another boot.
      if (!agent.isOpen) this.#address = null;
    }
  }
}

/** The first address of the card that others can use, IPv4 first; null if it has none. */
export function addressOf(answer: unknown, mac: string): string | null {
  const found = list(answer)
    .filter(({ 'hardware-address': own }) => typeof own === 'string' && own.toLowerCase() === mac)
    .flatMap((card) => list(card['ip-addresses']))
    .map((each) => each['ip-address'])
    .filter((each) => typeof each === 'string');
  const usable = (address: string): boolean =>
    isIPv4(address)
      ? !/^(127|0|169\.254)\./.test(address)
      : isIPv6(address) && !/^(fe[89ab]|::)/i.test(address);
  return found.find((each) => isIPv4(each) && usable(each)) ?? found.find(usable) ?? null;
}

function list(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MOST).filter((each) => typeof each === 'object' && each !== null);
}
