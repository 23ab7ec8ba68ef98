/**
 * A session with QEMU's monitor (QMP), of a machine or of a storage daemon.
 *
 * Invariants: every command carries an id nobody can guess, and a reply with another id is dropped: replies of a lost
 * session do arrive on the next one. Every command has a deadline; one that is late or aborted may still take effect,
 * so its caller asks QEMU for the state. A line over 16 MiB, one that is no JSON object, or a second greeting ends the
 * session. Events are handed out in the order of arrival, before any reply that came after them.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { EcdError } from '../errors.ts';
import { isObject, type JsonObject, LineFramer, parseObject } from './framing.ts';
import { type Log, SILENT } from './log.ts';
import { connectUnix } from './socket.ts';
import { bounded } from './wait.ts';

const MAX_LINE = 16 * 1024 * 1024;
/** Images nest one level for each layer below them in `query-block`. */
const MAX_DEPTH = 1024;
const DEFAULT_TIMEOUT = 10_000;
const ID_BYTES = 12;

export interface QmpEvent {
  readonly event: string;
  readonly data: JsonObject;
  readonly timestamp: JsonObject;
}

export type QmpListener = (data: JsonObject, event: QmpEvent) => void;

export interface QmpOptions {
  /** How long to wait for the socket to appear, and then for the greeting. Default 10 s. */
  readonly timeoutMs?: number;
  readonly log?: Log;
  readonly signal?: AbortSignal;
}

export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiting {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: EcdError) => void;
}

/** Short: QEMU takes about 5 us for each byte that it reads. */
function newId(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}

export class QmpClient {
  readonly #socket: Socket;
  readonly #path: string;
  readonly #log: Log;
  readonly #framer = new LineFramer(MAX_LINE);
  readonly #waiting = new Map<string, Waiting>();
  readonly #listeners = new Map<string, Set<QmpListener>>();
  readonly #greeting = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  #open = true;
  #greeted = false;

  private constructor(socket: Socket, path: string, log: Log) {
    this.#socket = socket;
    this.#path = path;
    this.#log = log;
    this.#greeting.promise.catch(() => {});
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end());
  }

  /** Connects (trying again while the socket is not there), reads the greeting and enters command mode. */
  static async connect(socketPath: string, options: QmpOptions = {}): Promise<QmpClient> {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT;
    const socket = await connectUnix(socketPath, { timeoutMs, signal: options.signal });
    return QmpClient.over(socket, socketPath, options);
  }

  /** The same over a connection that is there; `name` is what errors call it. */
  static async over(socket: Socket, name: string, options: QmpOptions = {}): Promise<QmpClient> {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT;
    const client = new QmpClient(socket, name, options.log ?? SILENT);
    try {
      await bounded(client.#greeting.promise, {
        ms: timeoutMs,
        signal: options.signal,
        what: `the greeting of ${name}`,
        onDeadline: () => {
          throw new EcdError('Qemu.TimedOut', { command: 'greeting', ms: timeoutMs });
        },
      });
      await client.execute('qmp_capabilities', {}, { timeoutMs, signal: options.signal });
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Resolves when the session has ended, whoever ended it; never rejects. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /**
   * Runs a command and gives what it returned. Throws Qemu.CommandFailed (details `command`, `reason`, `class`),
   * Qemu.TimedOut, Qemu.ConnectionLost or Cancelled.
   */
  async execute<T = unknown>(command: string, args: object = {}, options: WaitOptions = {}): Promise<T> {
    if (!this.#open) throw new EcdError('Qemu.ConnectionLost', { what: this.#path });
    const ms = options.timeoutMs ?? DEFAULT_TIMEOUT;
    const id = newId();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { command, resolve, reject });
    try {
      if (!options.signal?.aborted) {
        this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
      }
      const answer = await bounded(promise, {
        ms,
        signal: options.signal,
        what: command,
        onDeadline: () => {
          throw new EcdError('Qemu.TimedOut', { command, ms });
        },
      });
      return answer as T;
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** Calls `listener` for every event of that name (`*`: for all) until the given function is called. */
  on(event: string, listener: QmpListener): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(listener));
    return () => set.delete(listener);
  }

  /** The next event of that name for which `predicate` holds. Events before the call are not seen. */
  async waitEvent(
    name: string,
    predicate: (data: JsonObject) => boolean = () => true,
    options: WaitOptions = {},
  ): Promise<QmpEvent> {
    const ms = options.timeoutMs ?? DEFAULT_TIMEOUT;
    const { promise, resolve, reject } = Promise.withResolvers<QmpEvent>();
    const off = this.on(name, (data, event) => {
      if (predicate(data)) resolve(event);
    });
    const id = newId();
    if (!this.#open) reject(new EcdError('Qemu.ConnectionLost', { what: this.#path }));
    this.#waiting.set(id, { command: name, resolve: () => {}, reject });
    try {
      return await bounded(promise, {
        ms,
        signal: options.signal,
        what: `waiting for ${name}`,
        onDeadline: () => {
          throw new EcdError('Qemu.TimedOut', { command: `event ${name}`, ms });
        },
      });
    } finally {
      this.#waiting.delete(id);
      off();
    }
  }

  /** Ends the session; commands under way fail with Qemu.ConnectionLost. QEMU goes on. */
  close(): void {
    this.#end();
  }

  #receive(chunk: Buffer): void {
    const { lines, overflow } = this.#framer.push(chunk);
    for (const line of lines) {
      if (!this.#open) return;
      const message = parseObject(line, MAX_DEPTH);
      if (message === null) this.#end(new Error('QEMU sent a line that is no JSON object'));
      else this.#dispatch(message);
    }
    if (overflow) this.#end(new Error(`QEMU sent a line over ${MAX_LINE} bytes`));
  }

  #dispatch(message: JsonObject): void {
    if ('QMP' in message) this.#onGreeting();
    else if (typeof message['event'] === 'string') this.#emit(message['event'], message);
    else this.#reply(message);
  }

  /**
   * A second greeting is the trace of a fault of QEMU's (seen of 7.2): two of its threads read this session, bytes of
   * commands get lost between them, and a command may become another one.
   */
  #onGreeting(): void {
    if (this.#greeted) this.#end(new Error('QEMU greeted twice'));
    this.#greeted = true;
    this.#greeting.resolve();
  }

  #emit(name: string, message: JsonObject): void {
    const data = isObject(message['data']) ? message['data'] : {};
    const timestamp = isObject(message['timestamp']) ? message['timestamp'] : {};
    const event: QmpEvent = { event: name, data, timestamp };
    for (const listener of [...(this.#listeners.get(name) ?? []), ...(this.#listeners.get('*') ?? [])]) {
      try {
        listener(data, event);
      } catch (error) {
        this.#log.error({ err: error, event: name }, 'a listener of QEMU events failed');
      }
    }
  }

  #reply(message: JsonObject): void {
    const id = message['id'];
    const waiting = typeof id === 'string' ? this.#waiting.get(id) : undefined;
    if (waiting === undefined) {
      this.#log.warn({ socket: this.#path }, 'dropped a QMP reply that nobody waits for');
      return;
    }
    const error = message['error'];
    if (error === undefined) {
      waiting.resolve(message['return']);
      return;
    }
    const { desc, class: kind } = isObject(error) ? error : {};
    const details = { command: waiting.command, reason: String(desc), class: String(kind) };
    waiting.reject(new EcdError('Qemu.CommandFailed', details));
  }

  #end(cause?: Error): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.destroy();
    if (cause !== undefined) this.#log.warn({ err: cause, socket: this.#path }, 'the QMP session ended');
    const lost = new EcdError('Qemu.ConnectionLost', { what: this.#path }, cause);
    this.#greeting.reject(lost);
    for (const waiting of this.#waiting.values()) waiting.reject(lost);
    this.#waiting.clear();
    this.#closed.resolve();
  }
}
