/**
 * What was asked of an NBD server and what of it is answered. A job is one call of the client; it is sent as one or more
 * requests of at most `step` bytes, several of them in flight.
 *
 * Invariants: a job is settled once, and only when none of its requests is in flight any more, so that its buffer is the
 * caller's again; a read is complete only when every byte of it arrived exactly once; whatever the peer sends that no
 * request asked for throws NbdProtocolError.
 */

import type { ReplySink } from './nbd-parser.ts';
import { Command, type CommandCode, errorText, NbdProtocolError, type StatusExtent } from './nbd-protocol.ts';

/** More separate pieces than any sane server cuts one request into. */
const MAX_PIECES = 1024;

export interface Job {
  readonly command: CommandCode;
  readonly flags: number;
  readonly offset: number;
  readonly length: number;
  /** Longest part that is sent as one request. */
  readonly step: number;
  /** Where a read goes, or what a write brings. */
  readonly buffer: Buffer | null;
  /** By context id: what a block status answered. */
  readonly extents: Map<number, StatusExtent[]>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  /** Bytes asked for so far. */
  sent: number;
  inFlight: number;
  /** The first error the server gave to a part. */
  error: string | null;
}

export interface Request {
  readonly job: Job;
  readonly cookie: number;
  readonly offset: number;
  readonly length: number;
  readonly sentAt: number;
  /** Pieces of a read that arrived, as [from, to) of the disk, neighbours joined. */
  readonly pieces: [number, number][];
  received: number;
  failed: boolean;
}

export class Jobs implements ReplySink {
  readonly #contextIds: ReadonlySet<number>;
  readonly #waiting: Job[] = [];
  /** In the order they were sent: the first is the oldest. */
  readonly #flying = new Map<number, Request>();
  #nextCookie = 0;

  constructor(contextIds: Iterable<number>) {
    this.#contextIds = new Set(contextIds);
  }

  get inFlight(): number {
    return this.#flying.size;
  }

  get oldest(): Request | undefined {
    for (const request of this.#flying.values()) return request;
    return undefined;
  }

  add(job: Job): void {
    this.#waiting.push(job);
  }

  /** The next request to send, or null when nothing waits. */
  next(now: number): Request | null {
    const job = this.#waiting[0];
    if (job === undefined) return null;
    const length = Math.min(job.step, job.length - job.sent);
    const cookie = this.#nextCookie;
    this.#nextCookie = (cookie + 1) >>> 0;
    const offset = job.offset + job.sent;
    const request = { job, cookie, offset, length, sentAt: now, pieces: [], received: 0, failed: false };
    this.#flying.set(cookie, request);
    job.sent += length;
    job.inFlight++;
    if (job.sent === job.length) this.#waiting.shift();
    return request;
  }

  /** The connection is gone: rejects everything. */
  rejectAll(reason: (job: Job) => unknown): void {
    const jobs = new Set([...[...this.#flying.values()].map((request) => request.job), ...this.#waiting]);
    this.#flying.clear();
    this.#waiting.length = 0;
    for (const job of jobs) job.reject(reason(job));
  }

  place(cookie: number, offset: number, length: number): Buffer {
    const { job } = this.#receive(cookie, offset, length);
    const at = offset - job.offset;
    return job.buffer!.subarray(at, at + length);
  }

  hole(cookie: number, offset: number, length: number): void {
    this.place(cookie, offset, length).fill(0);
  }

  extents(cookie: number, contextId: number, extents: StatusExtent[]): void {
    const { job, length } = this.#find(cookie, Command.BLOCK_STATUS);
    if (!this.#contextIds.has(contextId) || job.extents.has(contextId)) {
      throw new NbdProtocolError('block status of a context not asked for');
    }
    let total = 0;
    for (const [i, extent] of extents.entries()) {
      if (total >= length) throw new NbdProtocolError('block status beyond what was asked');
      // The last extent may reach beyond the request.
      if (total + extent.length > length) extents[i] = { length: length - total, flags: extent.flags };
      total += extent.length;
    }
    job.extents.set(contextId, extents);
  }

  failed(cookie: number, error: number, message: string): void {
    const request = this.#find(cookie, null);
    request.failed = true;
    request.job.error ??= errorText(error, message);
  }

  done(cookie: number): void {
    const request = this.#find(cookie, null);
    if (!request.failed) {
      if (request.job.command === Command.READ && request.received !== request.length) {
        throw new NbdProtocolError(`read of ${request.length} bytes answered with ${request.received}`);
      }
      if (
        request.job.command === Command.BLOCK_STATUS &&
        request.job.extents.size !== this.#contextIds.size
      ) {
        throw new NbdProtocolError('block status without every context');
      }
    }
    this.#end(request);
  }

  simple(cookie: number, error: number): void {
    const request = this.#find(cookie, null);
    const { command } = request.job;
    if (error !== 0) this.failed(cookie, error, '');
    else if (command === Command.READ || command === Command.BLOCK_STATUS) {
      throw new NbdProtocolError('simple reply to a request that wants a structured one');
    }
    this.#end(request);
  }

  #find(cookie: number, command: CommandCode | null): Request {
    const request = this.#flying.get(cookie);
    if (request === undefined) throw new NbdProtocolError('reply to a request never made');
    if (command !== null && request.job.command !== command) {
      throw new NbdProtocolError('reply of another kind than the request');
    }
    return request;
  }

  #receive(cookie: number, offset: number, length: number): Request {
    const request = this.#find(cookie, Command.READ);
    const end = offset + length;
    if (length === 0 || offset < request.offset || end > request.offset + request.length) {
      throw new NbdProtocolError('data outside of what was asked');
    }
    const last = request.pieces.at(-1);
    if (request.pieces.some(([from, to]) => offset < to && end > from)) {
      throw new NbdProtocolError('the same data twice');
    }
    if (last !== undefined && last[1] === offset) last[1] = end;
    else if (request.pieces.push([offset, end]) > MAX_PIECES) throw new NbdProtocolError('too many pieces');
    request.received += length;
    return request;
  }

  #end(request: Request): void {
    const { job } = request;
    this.#flying.delete(request.cookie);
    job.inFlight--;
    if (job.error !== null && this.#waiting[0] === job) this.#waiting.shift();
    else if (job.error === null && job.sent < job.length) return;
    if (job.inFlight > 0) return;
    if (job.error === null) job.resolve();
    else job.reject(new Error(job.error));
  }
}
