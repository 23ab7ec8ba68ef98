/**
 * Freezing a guest's file systems, and thawing them whatever happens.
 *
 * Invariants: a freeze that was sent is followed by a thaw: by the caller, by the timer, or, when the agent was late or
 * lost, by the link, which gives out no agent before it has thawed. While a freeze is open no other begins and no
 * command is started in the guest. Nothing here throws.
 */
import type { Logger } from 'pino';
import { describeError } from '../errors.ts';
import type { AgentLink } from './agent-link.ts';

/** How long after its deadline a freeze may stand before the timer thaws it. */
const GRACE_MS = 3_000;
const THAW_MS = 5_000;

export interface Quiesced {
  /** How many file systems are frozen. */
  readonly filesystems: number;
  /** True when this thawed file systems that were frozen until now. */
  thaw(): Promise<boolean>;
}

export class Quiesce {
  readonly #link: AgentLink;
  readonly #log: Logger;
  #open: (() => Promise<boolean>) | null = null;

  constructor(link: AgentLink, log: Logger) {
    this.#link = link;
    this.#log = log;
  }

  /** Null when there is no agent, or it does not freeze within the deadline (milliseconds). */
  async freeze(deadlineMs: number): Promise<Quiesced | null> {
    const agent = this.#link.agent;
    if (agent === null || this.#open !== null) return null;
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    this.#link.holdBack(released);
    const over = (): void => {
      clearTimeout(timer);
      this.#open = null;
      release();
    };
    /** The next connection begins with a thaw, also when the late freeze takes effect only then. */
    const giveUp = (error: unknown, message: string): void => {
      this.#log.warn({ reason: describeError(error) }, message);
      agent.close();
    };
    let thawing: Promise<boolean> | null = null;
    let early = false;
    const thaw = (): Promise<boolean> => {
      thawing ??= agent
        .thaw(THAW_MS)
        .then((thawed) => thawed > 0)
        .catch((error: unknown) => {
          giveUp(error, 'the guest agent did not thaw; it is thawed as soon as it answers again');
          return false;
        })
        .finally(over);
      return thawing;
    };
    const thawEarly = (): Promise<boolean> => {
      early = true;
      return thaw();
    };
    this.#open = thawEarly;
    const timer = setTimeout(() => {
      this.#log.warn({ ms: deadlineMs + GRACE_MS }, 'a frozen guest was thawed by its deadline');
      void thawEarly();
    }, deadlineMs + GRACE_MS);
    try {
      const filesystems = await agent.freeze(deadlineMs);
      return { filesystems, thaw: async () => (await thaw()) && !early };
    } catch (error) {
      giveUp(error, 'the guest did not freeze in time; going on without');
      over();
      return null;
    }
  }

  /** Thaws what is frozen now; for letting go of the desktop. */
  async release(): Promise<void> {
    await this.#open?.();
  }
}
