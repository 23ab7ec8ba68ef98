/**
 * The line to a guest's agent, kept up as long as the guest holds its port open.
 *
 * Invariants: an agent is given out only after a thaw was sent to it, so that whatever an earlier connection, service
 * or QEMU session froze is thawed; `frozen` gates every other command, so that nothing is begun in a frozen guest and
 * nothing waits in front of a freeze; every wait ends with the link.
 */
import type { Logger } from 'pino';
import { sleep } from '../async.ts';
import { describeError, EcdError } from '../errors.ts';
import { GuestAgent } from '../qemu/agent.ts';

const SYNC_MS = 5_000;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5_000;
const CALL_MS = 10_000;

export class AgentLink {
  readonly #socket: string;
  readonly #log: Logger;
  readonly #ended = new AbortController();
  #port: AbortController | null = null;
  #agent: GuestAgent | null = null;
  #opened = Promise.withResolvers<GuestAgent>();
  #gate: Promise<void> | null = null;

  constructor(socket: string, log: Logger) {
    this.#socket = socket;
    this.#log = log;
    this.#opened.promise.catch(() => {});
  }

  /** The agent, if it is there now. */
  get agent(): GuestAgent | null {
    return this.#agent?.isOpen ? this.#agent : null;
  }

  /** Aborted when the link is closed for good. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** What QEMU says of the guest's end of the port. */
  portChanged(open: boolean): void {
    if (this.#ended.signal.aborted || open === (this.#port !== null)) return;
    if (!open) {
      this.#lose();
      return;
    }
    const port = new AbortController();
    this.#port = port;
    void this.#keepUp(port.signal);
  }

  /** The agent as soon as it answers. Throws Cancelled when the signal or the link ends first. */
  async whenOpen(signal: AbortSignal): Promise<GuestAgent> {
    const either = AbortSignal.any([signal, this.#ended.signal]);
    for (;;) {
      if (this.agent !== null) return this.agent;
      await orAborted(this.#opened.promise, either);
      if (this.agent === null) await sleep(FIRST_PAUSE, either);
    }
  }

  /** Holds every command of `call` back until `open` is resolved. */
  holdBack(open: Promise<void>): void {
    const gate = Promise.all([this.#gate, open]).then(() => {
      if (this.#gate === gate) this.#gate = null;
    });
    this.#gate = gate;
  }

  /** Resolves when no freeze is open. */
  async whenThawed(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#ended.signal]);
    while (this.#gate !== null) await orAborted(this.#gate, either);
  }

  /**
   * One command of the agent, at a moment when the guest is not frozen; waits for an agent. A question that may be
   * asked twice (`guest-exec-status`) is asked again when the agent was late or away, until the signal aborts.
   */
  async call(command: string, args: object, signal: AbortSignal): Promise<unknown> {
    for (;;) {
      await this.whenThawed(signal);
      const agent = await this.whenOpen(signal);
      if (this.#gate !== null) continue;
      try {
        return await agent.call(command, args, { timeoutMs: CALL_MS, signal });
      } catch (error) {
        if (signal.aborted || !mayAskAgain(error, command)) throw error;
        await sleep(FIRST_PAUSE, signal);
      }
    }
  }

  close(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#lose();
    this.#opened.reject(new EcdError('Cancelled', { reason: 'the desktop does not run' }));
  }

  #lose(): void {
    this.#port?.abort();
    this.#port = null;
    this.#agent?.close();
    this.#agent = null;
  }

  async #keepUp(port: AbortSignal): Promise<void> {
    for (let pause = FIRST_PAUSE; !port.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        const agent = await GuestAgent.connect(this.#socket, {
          timeoutMs: SYNC_MS,
          signal: port,
          log: this.#log,
        });
        if (port.aborted) return agent.close();
        if (!(await this.#thawFirst(agent))) continue;
        if (port.aborted) return agent.close();
        this.#agent = agent;
        this.#opened.resolve(agent);
        this.#opened = Promise.withResolvers<GuestAgent>();
        this.#opened.promise.catch(() => {});
        this.#log.debug({}, 'the guest agent answers');
        await agent.closed;
        if (this.#agent === agent) this.#agent = null;
        pause = FIRST_PAUSE;
      } catch (error) {
        if (!port.aborted) this.#log.debug({ reason: describeError(error) }, 'no guest agent yet');
      }
      await sleep(pause, port).catch(() => {});
    }
  }

  /** True when the guest is not frozen as far as its agent can tell. */
  async #thawFirst(agent: GuestAgent): Promise<boolean> {
    try {
      const thawed = await agent.thaw(SYNC_MS);
      if (thawed > 0) this.#log.warn({ fileSystems: thawed }, 'thawed a guest that was found frozen');
      return true;
    } catch (error) {
      // An agent that has no such command has frozen nothing.
      if (EcdError.is(error, 'Agent.CommandFailed')) return true;
      agent.close();
      return false;
    }
  }
}

function mayAskAgain(error: unknown, command: string): boolean {
  if (EcdError.is(error, 'Agent.NotAnswering', 'Qemu.ConnectionLost'))
    return command === 'guest-exec-status' || error.details['sent'] === 0;
  return EcdError.is(error, 'Agent.CommandFailed') && /frozen/i.test(String(error.details['reason']));
}

/** `promise`, or Cancelled when the signal aborts first. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new EcdError('Cancelled', { reason: 'stopped while waiting' }));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
