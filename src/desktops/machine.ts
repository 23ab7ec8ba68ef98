/**
 * A desktop's QEMU as this service holds it: its process, its monitor, the line to its agent.
 *
 * Invariants: `ended` resolves once, when the process is gone (never because a session was lost: a lost session is
 * made anew); a guest paused by an I/O error is asked to go on again and again until it stays running; letting go of it
 * (`close`) leaves QEMU running and the guest thawed.
 */
import type { Logger } from 'pino';
import { sleep } from '../async.ts';
import type { DiskType } from '../catalogue/schema.ts';
import { describeError } from '../errors.ts';
import { AGENT_PORT } from '../qemu/machine.ts';
import { agentPortOpen, reconnectMachine } from '../qemu/machine-process.ts';
import { kill, type ProcessRef, waitExit } from '../qemu/process.ts';
import type { QmpClient } from '../qemu/qmp.ts';
import { AgentLink } from './agent-link.ts';
import { GuestAddress } from './guest-address.ts';
import { Quiesce } from './quiesce.ts';
import { logTail, type RunFolder } from './run-folder.ts';
import { type Ending, isPoweredOff, pausedReason } from './states.ts';

const QUIT_MS = 5_000;
const KILL_MS = 10_000;
const RECONNECT_PAUSE = 1_000;
/** A guest whose disk fails again does so with its next request, which it makes at once. */
const STAYS_RUNNING_MS = 500;

export interface MachineOptions {
  readonly process: ProcessRef;
  readonly folder: RunFolder;
  readonly disks: readonly DiskType[];
  /** Of a card on a bridge: the guest is asked for its address there. Null: it has no such card. */
  readonly mac: string | null;
  readonly retryPausedMs: number;
  readonly log: Logger;
  /** Why the guest stands still, or an empty text when it goes on. */
  readonly onPaused: (reason: string) => void;
}

export class Machine {
  readonly process: ProcessRef;
  readonly disks: readonly DiskType[];
  readonly agent: AgentLink;
  readonly quiesce: Quiesce;
  readonly folder: RunFolder;
  readonly #address: GuestAddress | null;
  readonly #options: MachineOptions;
  readonly #log: Logger;
  readonly #ended = Promise.withResolvers<Ending>();
  readonly #let = new AbortController();
  #qmp: QmpClient | null = null;
  #shutdown: string | null = null;
  #paused = '';
  #resuming = false;
  #resets = Promise.withResolvers<void>();

  constructor(options: MachineOptions) {
    this.process = options.process;
    this.disks = options.disks;
    this.folder = options.folder;
    this.#options = options;
    this.#log = options.log.child({ qemu: options.process.pid });
    this.agent = new AgentLink(options.folder.agent, this.#log);
    this.quiesce = new Quiesce(this.agent, this.#log);
    this.#address = options.mac === null ? null : new GuestAddress(this.agent, options.mac);
  }

  /** The monitor, or null while it is being reached again. */
  get qmp(): QmpClient | null {
    return this.#qmp?.isOpen ? this.#qmp : null;
  }

  /** Resolves when the process is gone. */
  get ended(): Promise<Ending> {
    return this.#ended.promise;
  }

  /** Resolves at the next reset of the machine. */
  get reset(): Promise<void> {
    return this.#resets.promise;
  }

  /** Whether it has a port on a bridge of the host. */
  get bridged(): boolean {
    return this.#address !== null;
  }

  /** The guest's address on a bridge, as it says; null when it has none, or says nothing. */
  get address(): string | null {
    return this.#address?.current ?? null;
  }

  get paused(): boolean {
    return this.#paused !== '';
  }

  /** Takes a session, or makes one (in the background when QEMU does not answer), and watches it. */
  async attach(qmp: QmpClient | null): Promise<void> {
    const session = qmp ?? (await this.#reach(10_000));
    if (session !== null) await this.#use(session);
    void this.#watch(session);
  }

  /** Ends QEMU: `quit`, then SIGKILL. Throws only when not even that ended it. */
  async end(): Promise<void> {
    await this.qmp?.execute('quit', {}, { timeoutMs: QUIT_MS }).catch(() => {});
    if (!(await waitExit(this.process, this.qmp === null ? 500 : QUIT_MS))) {
      this.#log.warn({}, 'QEMU did not quit and is killed');
      kill(this.process, 'SIGKILL');
      if (!(await waitExit(this.process, KILL_MS)))
        throw new Error(`process ${this.process.pid} does not die`);
    }
    await this.ended;
  }

  /** Lets go of it. QEMU runs on. */
  async close(): Promise<void> {
    await this.quiesce.release();
    this.#let.abort();
    this.agent.close();
    this.#qmp?.close();
  }

  async #use(qmp: QmpClient): Promise<void> {
    this.#qmp = qmp;
    qmp.on('VSERPORT_CHANGE', (data) => {
      if (data['id'] === AGENT_PORT) this.agent.portChanged(data['open'] === true);
    });
    qmp.on('SHUTDOWN', (data) => {
      this.#shutdown = String(data['reason'] ?? '');
      if (this.#shutdown.startsWith('guest')) this.agent.portChanged(false);
    });
    qmp.on('RESET', () => {
      this.agent.portChanged(false);
      this.#resets.resolve();
      this.#resets = Promise.withResolvers<void>();
    });
    qmp.on('STOP', () => void this.#look());
    qmp.on('RESUME', () => void this.#look());
    try {
      this.agent.portChanged(await agentPortOpen(qmp));
      await this.#look();
    } catch (error) {
      this.#log.warn({ reason: describeError(error) }, 'QEMU does not answer');
    }
  }

  /** Makes a session again whenever it is lost while the process lives, and tells its end. */
  async #watch(session: QmpClient | null): Promise<void> {
    while (!this.#let.signal.aborted) {
      await session?.closed;
      if (this.#let.signal.aborted) return;
      if (await waitExit(this.process, RECONNECT_PAUSE)) break;
      session = await this.#reach(2_000);
      if (session !== null && !this.#let.signal.aborted) await this.#use(session);
    }
    if (this.#let.signal.aborted) return session?.close();
    this.agent.close();
    this.#let.abort();
    this.#ended.resolve({ shutdown: this.#shutdown, log: await logTail(this.folder) });
  }

  async #reach(timeoutMs: number): Promise<QmpClient | null> {
    try {
      const found = await reconnectMachine({
        process: this.process,
        qmpSocket: this.folder.qmp,
        timeoutMs,
        log: this.#log,
        signal: this.#let.signal,
      });
      return found.qmp;
    } catch {
      return null;
    }
  }

  /** Asks QEMU how the guest is, and sees to it that one paused by an error goes on. */
  async #look(): Promise<void> {
    const status = await this.#runState().catch(() => null);
    if (status === null) return;
    this.#setPaused(pausedReason(status) ?? '');
    if (isPoweredOff(status)) await this.qmp?.execute('quit').catch(() => {});
    if (status === 'io-error' && !this.#resuming) void this.#resume();
  }

  async #resume(): Promise<void> {
    this.#resuming = true;
    try {
      while (!this.#let.signal.aborted) {
        await sleep(this.#options.retryPausedMs, this.#let.signal);
        if ((await this.#runState()) !== 'io-error') break;
        await this.qmp?.execute('cont');
        await sleep(STAYS_RUNNING_MS, this.#let.signal);
        if ((await this.#runState()) === 'running') break;
      }
    } catch (error) {
      if (!this.#let.signal.aborted) this.#log.warn({ reason: describeError(error) }, 'cont failed');
    } finally {
      this.#resuming = false;
    }
    await sleep(this.#options.retryPausedMs, this.#let.signal).catch(() => {});
    if (!this.#let.signal.aborted) await this.#look();
  }

  async #runState(): Promise<string | null> {
    const answer = await this.qmp?.execute<{ status: string }>('query-status');
    return answer?.status ?? null;
  }

  #setPaused(reason: string): void {
    if (reason === this.#paused) return;
    this.#paused = reason;
    this.#options.onPaused(reason);
    if (reason !== '') this.#log.warn({ reason }, 'the guest stands still');
    else this.#log.info({}, 'the guest goes on');
  }
}
