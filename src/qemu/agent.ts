/**
 * The agent inside a guest (qemu-guest-agent), over the channel QEMU gives as a unix socket.
 *
 * Invariants: the guest is hostile: an answer is bounded in bytes, in depth and in time, and is checked before it is
 * used. Commands go one after another. Answers carry no id, so after a late, aborted, broken or too long answer nothing
 * is sent before the connection is in step again (`guest-sync-delimited`: a number nobody can guess, after a 0xFF byte).
 * A late command may still take effect in the guest: whoever asked for a freeze thaws, whatever the answer was.
 *
 * Connect only when QEMU has said VSERPORT_CHANGE `open: true` for the port (or `query-chardev` says `frontend-open`):
 * what is written before is kept, and answered at a moment nobody waits for it.
 */
import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { EcdError } from '../errors.ts';
import { type ExecOptions, type ExecResult, execInGuest } from './agent-exec.ts';
import { isObject, type JsonObject, LineFramer, parseObject } from './framing.ts';
import { type Log, SILENT } from './log.ts';
import { connectUnix } from './socket.ts';
import { bounded, throwIfAborted } from './wait.ts';

const MAX_ANSWER = 8 * 1024 * 1024;
const MAX_DEPTH = 32;
/** What a guest may send from one command to the next before it is cut off. */
const MAX_BETWEEN = 2 * MAX_ANSWER;
const DELIMITER = 0xff;

export interface AgentOptions {
  /** Deadline of the connection and of the first sync. Default 5 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly log?: Log;
}

export interface AgentCallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

type Take = (line: JsonObject | 'broken') => void;

export class GuestAgent {
  readonly #socket: Socket;
  readonly #path: string;
  readonly #log: Log;
  readonly #framer = new LineFramer(MAX_ANSWER, DELIMITER);
  readonly #closed = Promise.withResolvers<void>();
  #queue: Promise<unknown> = Promise.resolve();
  #take: Take | null = null;
  #lose: ((error: EcdError) => void) | null = null;
  #inStep = false;
  #received = 0;
  #open = true;

  private constructor(socket: Socket, path: string, log: Log) {
    this.#socket = socket;
    this.#path = path;
    this.#log = log;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end());
  }

  /** Connects and gets in step. Throws Qemu.ConnectionLost or Agent.NotAnswering. */
  static async connect(socketPath: string, options: AgentOptions = {}): Promise<GuestAgent> {
    const timeoutMs = options.timeoutMs ?? 5_000;
    const { signal } = options;
    const socket = await connectUnix(socketPath, { timeoutMs, signal });
    const agent = new GuestAgent(socket, socketPath, options.log ?? SILENT);
    try {
      await agent.sync(timeoutMs, signal);
      return agent;
    } catch (error) {
      agent.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Resolves when the connection has ended; never rejects. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Gets in step with the agent again; every command does it by itself when it must. */
  async sync(deadlineMs: number, signal?: AbortSignal): Promise<void> {
    await this.#inTurn('guest-sync-delimited', { timeoutMs: deadlineMs, signal }, async (left) => {
      this.#inStep = false;
      await this.#getInStep(left, deadlineMs, signal);
    });
  }

  async ping(deadlineMs: number): Promise<void> {
    await this.call('guest-ping', {}, { timeoutMs: deadlineMs });
  }

  /** Freezes the guest's file systems; gives how many. The caller thaws, also after a failure. */
  async freeze(deadlineMs: number): Promise<number> {
    return count(
      await this.call('guest-fsfreeze-freeze', {}, { timeoutMs: deadlineMs }),
      'guest-fsfreeze-freeze',
    );
  }

  /** Thaws them; gives how many it thawed (0 when none was frozen). */
  async thaw(deadlineMs: number): Promise<number> {
    return count(
      await this.call('guest-fsfreeze-thaw', {}, { timeoutMs: deadlineMs }),
      'guest-fsfreeze-thaw',
    );
  }

  async fsStatus(deadlineMs = 5_000): Promise<'frozen' | 'thawed'> {
    const answer = await this.call('guest-fsfreeze-status', {}, { timeoutMs: deadlineMs });
    if (answer === 'frozen' || answer === 'thawed') return answer;
    throw malformed('guest-fsfreeze-status');
  }

  /** Runs a program in the guest to its end; see agent-exec.ts. */
  exec(options: ExecOptions): Promise<ExecResult> {
    return execInGuest((command, args, limits) => this.call(command, args, limits), options);
  }

  /** Asks the guest to power down or reboot. The agent says nothing when it does: silence is success. */
  async shutdown(mode: 'powerdown' | 'reboot', deadlineMs = 2_000): Promise<void> {
    await this.#inTurn('guest-shutdown', { timeoutMs: deadlineMs }, async (left) => {
      if (!this.#inStep) await this.#getInStep(left, deadlineMs, undefined);
      this.#check();
      try {
        await this.#ask('guest-shutdown', { mode }, left, deadlineMs, undefined);
      } catch (error) {
        if (!EcdError.is(error, 'Agent.NotAnswering', 'Qemu.ConnectionLost')) throw error;
      }
    });
  }

  /**
   * Runs one command of the agent; the deadline counts from now, waiting for its turn included. Throws
   * Agent.NotAnswering, Agent.CommandFailed, Qemu.ConnectionLost or Cancelled.
   */
  async call(command: string, args: object = {}, options: AgentCallOptions = {}): Promise<unknown> {
    const timeoutMs = options.timeoutMs ?? 5_000;
    return await this.#inTurn(command, { ...options, timeoutMs }, async (left) => {
      if (!this.#inStep) await this.#getInStep(left, timeoutMs, options.signal);
      return await this.#ask(command, args, left, timeoutMs, options.signal);
    });
  }

  close(): void {
    this.#end();
  }

  async #inTurn<T>(
    command: string,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
    work: (left: () => number) => Promise<T>,
  ): Promise<T> {
    const deadline = Date.now() + options.timeoutMs;
    const left = (): number => Math.max(1, deadline - Date.now());
    let skip = false;
    const turn = this.#queue.then(async () => {
      if (skip) return undefined;
      throwIfAborted(options.signal, command);
      return await work(left);
    });
    this.#queue = turn.catch(() => {});
    // A little longer than the work's own deadline, which tells more; it is for waiting in the queue.
    const answer = await bounded<T | undefined>(turn, {
      ms: options.timeoutMs + 50,
      signal: options.signal,
      what: command,
      onDeadline: () => {
        throw notAnswering(command, options.timeoutMs);
      },
    }).finally(() => (skip = true));
    return answer as T;
  }

  async #getInStep(left: () => number, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const id = randomInt(1, 2 ** 47);
    this.#check();
    this.#socket.write(Buffer.of(DELIMITER));
    await this.#exchange('guest-sync-delimited', { id }, left(), ms, signal, (line) =>
      line !== 'broken' && line['return'] === id ? { answer: id } : null,
    );
    this.#inStep = true;
  }

  async #ask(
    command: string,
    args: object,
    left: () => number,
    ms: number,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    return await this.#exchange(command, args, left(), ms, signal, (line) => {
      if (line === 'broken') throw malformed(command);
      if ('return' in line) return { answer: line['return'] };
      if (!isObject(line['error'])) throw malformed(command);
      const { desc, class: kind } = line['error'];
      throw new EcdError('Agent.CommandFailed', { command, reason: short(desc), class: short(kind) });
    });
  }

  /** Sends a command and gives each line to `judge` until it answers or throws. */
  async #exchange(
    command: string,
    args: object,
    leftMs: number,
    ms: number,
    signal: AbortSignal | undefined,
    judge: (line: JsonObject | 'broken') => { answer: unknown } | null,
  ): Promise<unknown> {
    this.#check();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    let answered = false;
    this.#lose = reject;
    this.#take = (line) => {
      try {
        const verdict = judge(line);
        if (verdict === null) return;
        answered = true;
        resolve(verdict.answer);
      } catch (error) {
        answered = EcdError.is(error, 'Agent.CommandFailed') && line !== 'broken';
        reject(error);
      }
      this.#take = null;
    };
    this.#received = 0;
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    try {
      return await bounded(promise, {
        ms: leftMs,
        signal,
        what: command,
        onDeadline: () => {
          throw notAnswering(command, ms);
        },
      });
    } finally {
      if (!answered) this.#inStep = false;
      this.#take = null;
      this.#lose = null;
    }
  }

  #receive(chunk: Buffer): void {
    const { lines, overflow } = this.#framer.push(chunk);
    for (const line of lines) {
      if (this.#take === null) this.#inStep = false;
      else this.#take(parseObject(line, MAX_DEPTH) ?? 'broken');
    }
    if (overflow) this.#take?.('broken');
    this.#received += chunk.length;
    if (this.#received > MAX_BETWEEN) this.#end(new Error('the guest sends more than it was asked for'));
  }

  #check(): void {
    if (!this.#open) throw new EcdError('Qemu.ConnectionLost', { what: this.#path });
  }

  #end(cause?: Error): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.destroy();
    if (cause !== undefined) this.#log.warn({ err: cause, socket: this.#path }, 'the agent connection ended');
    this.#lose?.(new EcdError('Qemu.ConnectionLost', { what: this.#path }, cause));
    this.#closed.resolve();
  }
}

function notAnswering(command: string, ms: number): EcdError {
  return new EcdError('Agent.NotAnswering', { command, ms });
}

function malformed(command: string): EcdError {
  return new EcdError('Agent.CommandFailed', {
    command,
    reason: 'the answer is malformed or too long',
    class: 'Malformed',
  });
}

function short(value: unknown): string {
  return String(value).slice(0, 500);
}

function count(answer: unknown, command: string): number {
  if (typeof answer === 'number' && Number.isSafeInteger(answer) && answer >= 0) return answer;
  throw malformed(command);
}
