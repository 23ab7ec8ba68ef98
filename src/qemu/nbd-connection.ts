/**
 * One NBD connection: the socket, the handshake, the jobs in flight and their deadline.
 *
 * Invariants: at most `MAX_IN_FLIGHT` requests are in flight (QEMU answers no more at once), further jobs wait; the
 * first failure of the connection (lost, late, against the protocol, cancelled) closes it and rejects every job, then
 * and later; a request answered with an error fails its job alone. Received bytes go through one fixed buffer.
 */
import { connect, type Socket } from 'node:net';
import { EcdError } from '../errors.ts';
import { type Conversation, type Negotiated, negotiate } from './nbd-handshake.ts';
import { type Job, Jobs } from './nbd-jobs.ts';
import { ReplyParser } from './nbd-parser.ts';
import { Command, type CommandCode, encodeRequest, NbdProtocolError, REQUEST_BYTES } from './nbd-protocol.ts';
import { STALL_MS } from './wait.ts';

const MAX_IN_FLIGHT = 16;
/** A little over what a unix socket holds (208 KiB), so that one read empties it. */
const RECEIVE_BYTES = 256 * 1024;

const OPERATION: Readonly<Record<CommandCode, string>> = {
  [Command.READ]: 'read',
  [Command.WRITE]: 'write',
  [Command.DISC]: 'disconnect',
  [Command.FLUSH]: 'flush',
  [Command.WRITE_ZEROES]: 'write zeroes',
  [Command.BLOCK_STATUS]: 'block status',
};

export interface NbdOptions {
  /** Path of the unix socket. */
  readonly socket: string;
  readonly exportName: string;
  /** Meta contexts that `blockStatus` shall answer; all must be offered. */
  readonly metaContexts?: readonly string[];
  /** Deadline of the handshake and of every request, in milliseconds (default 30,000). */
  readonly timeoutMs?: number;
  /** Ends the connection, with what is in flight, as `Cancelled`. */
  readonly signal?: AbortSignal;
}

type JobRequest = Pick<Job, 'command' | 'flags' | 'offset' | 'length' | 'step' | 'buffer'>;

export class NbdConnection {
  /** Fulfilled when the export is open. */
  readonly opened: Promise<Negotiated>;
  readonly #timeoutMs: number;
  readonly #socket: Socket;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#fail(new EcdError('Cancelled', { reason: 'NBD connection ended' }));
  readonly #open = Promise.withResolvers<Negotiated>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #handshake: Conversation<Negotiated>;
  readonly #startedAt = performance.now();
  #missing = 0;
  #received = Buffer.alloc(0);
  #jobs: Jobs | null = null;
  #parser: ReplyParser | null = null;
  #failure: EcdError | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: NbdOptions) {
    this.opened = this.#open.promise;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#signal = options.signal;
    this.#handshake = negotiate(options.exportName, options.metaContexts ?? [], (message) =>
      this.#socket.write(message),
    );
    const buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
    this.#socket = connect({
      path: options.socket,
      onread: { buffer, callback: (bytes) => this.#onBytes(buffer.subarray(0, bytes)) },
    });
    this.#socket.on('connect', () => this.#converse());
    this.#socket.on('error', (error) => this.#fail(this.#broken('connection lost', error)));
    this.#socket.on('close', () => {
      this.#fail(this.#broken('connection closed by the server'));
      this.#closed.resolve();
    });
    this.#watch();
    if (options.signal?.aborted) this.#onAbort();
    else options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Sends a command and waits for its answer. Rejects with Nbd.Failed or Cancelled. */
  run(request: JobRequest): Promise<Job> {
    return new Promise((resolve, reject) => {
      const operation = OPERATION[request.command];
      if (this.#jobs === null || this.#failure !== null) {
        reject(this.#failure ?? new EcdError('Nbd.Failed', { operation, reason: 'not connected' }));
        return;
      }
      const job: Job = {
        ...request,
        extents: new Map(),
        resolve: () => resolve(job),
        reject: (reason) =>
          reject(
            reason instanceof EcdError
              ? reason
              : new EcdError('Nbd.Failed', { operation, reason: (reason as Error).message }),
          ),
        sent: 0,
        inFlight: 0,
        error: null,
      };
      this.#jobs.add(job);
      this.#pump();
    });
  }

  /** Says goodbye and waits until the socket is closed, a second at most. Jobs still in flight are rejected. */
  async close(): Promise<void> {
    if (this.#failure === null) {
      if (this.#jobs !== null) {
        const goodbye = Buffer.alloc(REQUEST_BYTES);
        encodeRequest(goodbye, 0, { command: Command.DISC, flags: 0, cookie: 0, offset: 0, length: 0 });
        this.#socket.end(goodbye);
      }
      const timer = setTimeout(() => this.#socket.destroy(), 1000);
      this.#fail(this.#broken('connection closed'), this.#jobs === null);
      await this.#closed.promise;
      clearTimeout(timer);
    } else {
      await this.#closed.promise;
    }
  }

  #broken(reason: string, cause?: unknown): EcdError {
    const operation = this.#jobs === null ? 'connect' : 'transmission';
    const detail = cause instanceof Error ? `${reason}: ${cause.message}` : reason;
    return new EcdError('Nbd.Failed', { operation, reason: detail }, cause);
  }

  #fail(failure: EcdError, destroy = true): void {
    if (this.#failure === null) {
      this.#failure = failure;
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#signal?.removeEventListener('abort', this.#onAbort);
      // Nobody waits for `opened` once the handshake is over.
      this.opened.catch(() => {});
      this.#open.reject(failure);
      this.#jobs?.rejectAll(() => failure);
    }
    if (destroy) this.#socket.destroy();
  }

  #onBytes(bytes: Buffer): boolean {
    if (this.#failure !== null) return true;
    try {
      if (this.#parser === null) {
        this.#received = Buffer.concat([this.#received, bytes]);
        this.#converse();
      } else {
        this.#parser.feed(bytes);
        this.#pump();
      }
    } catch (error) {
      const reason = error instanceof NbdProtocolError ? 'the server broke the protocol' : 'internal failure';
      this.#fail(this.#broken(reason, error));
    }
    return true;
  }

  /** Goes on with the handshake as far as the bytes received so far allow. */
  #converse(): void {
    try {
      let step = this.#missing === 0 ? this.#handshake.next(Buffer.alloc(0)) : null;
      for (;;) {
        if (step !== null) {
          if (step.done) break;
          this.#missing = step.value;
        }
        if (this.#received.length < this.#missing) return;
        const bytes = this.#received.subarray(0, this.#missing);
        this.#received = this.#received.subarray(this.#missing);
        step = this.#handshake.next(bytes);
      }
      this.#jobs = new Jobs(step.value.contexts.keys());
      this.#parser = new ReplyParser(this.#jobs);
      this.#parser.feed(this.#received);
      this.#open.resolve(step.value);
    } catch (error) {
      this.#fail(this.#broken('handshake failed', error));
    }
  }

  #pump(): void {
    const jobs = this.#jobs;
    if (jobs === null || this.#failure !== null) return;
    const now = performance.now();
    let corked = false;
    while (jobs.inFlight < MAX_IN_FLIGHT) {
      const request = jobs.next(now);
      if (request === null) break;
      if (!corked) this.#socket.cork();
      corked = true;
      const { job, cookie, offset, length } = request;
      const head = Buffer.allocUnsafe(REQUEST_BYTES);
      encodeRequest(head, 0, { command: job.command, flags: job.flags, cookie, offset, length });
      this.#socket.write(head);
      if (job.command === Command.WRITE) {
        this.#socket.write(job.buffer!.subarray(offset - job.offset, offset - job.offset + length));
      }
    }
    if (corked) this.#socket.uncork();
    if (jobs.inFlight > 0 && this.#timer === null) this.#watch();
  }

  /**
   * Arms the timer for the oldest thing that is waited for: one timer, not one for each request. `stalledMs`: how much
   * later than it should the last one came.
   */
  #watch(stalledMs = 0): void {
    const since = this.#jobs === null ? this.#startedAt : (this.#jobs.oldest?.sentAt ?? null);
    this.#timer = null;
    if (since === null || this.#failure !== null) return;
    const left = since + this.#timeoutMs - performance.now();
    // After a stall of this process the answer may lie there unread.
    if (left <= 0 && stalledMs < STALL_MS) {
      this.#fail(this.#broken(`no answer within ${this.#timeoutMs} ms`));
      return;
    }
    const wait = left > 0 ? Math.ceil(left) : Math.min(this.#timeoutMs, stalledMs);
    const due = performance.now() + wait;
    this.#timer = setTimeout(() => this.#watch(performance.now() - due), wait);
  }
}
