/**
 * NBD client for the exports of QEMU, over unix sockets: read, write, zero, flush, and what is allocated where.
 *
 * Invariants: every call ends with its answer, with Nbd.Failed, or with Cancelled (the connection's signal); many calls
 * may run at once; a buffer given to a call belongs to the client until the call has ended.
 */
import { EcdError } from '../errors.ts';
import { NbdConnection, type NbdOptions } from './nbd-connection.ts';
import type { Negotiated } from './nbd-handshake.ts';
import { Command, type CommandCode, CommandFlag, ExportFlag, type StatusExtent } from './nbd-protocol.ts';

export type { NbdOptions } from './nbd-connection.ts';
export { ALLOCATION_DEPTH, BASE_ALLOCATION, STATE_ZERO, type StatusExtent } from './nbd-protocol.ts';

/** Larger answers do not fit into a unix socket's buffer, and the server waits for us in the middle of one. */
const READ_STEP = 64 * 1024;
const WRITE_STEP = 256 * 1024;
/** Small enough to be zeroed within the deadline also where zeros must be written. */
const ZERO_STEP = 256 * 1024 * 1024;
/** Longest range of one block status: the protocol's limit, rounded down to a size every export accepts. */
export const MAX_STATUS_BYTES = 0x1_0000_0000 - 64 * 1024;

export class NbdClient {
  /** Size of the export in bytes. */
  readonly size: number;
  readonly readOnly: boolean;
  readonly #connection: NbdConnection;
  readonly #export: Negotiated;

  private constructor(connection: NbdConnection, negotiated: Negotiated) {
    this.#connection = connection;
    this.#export = negotiated;
    this.size = negotiated.size;
    this.readOnly = (negotiated.flags & ExportFlag.READ_ONLY) !== 0;
  }

  /** Opens an export. Throws Nbd.Failed, or Cancelled by the signal, which stays the connection's. */
  static async connect(options: NbdOptions): Promise<NbdClient> {
    const connection = new NbdConnection(options);
    return new NbdClient(connection, await connection.opened);
  }

  /** Fills the whole of `target` with the export's bytes from `offset` on. */
  async readInto(target: Buffer, offset: number): Promise<void> {
    this.#check('read', offset, target.length);
    if (target.length > 0) await this.#run(Command.READ, 0, offset, target.length, READ_STEP, target);
  }

  async read(offset: number, length: number): Promise<Buffer> {
    this.#check('read', offset, length);
    const target = Buffer.allocUnsafeSlow(length);
    await this.readInto(target, offset);
    return target;
  }

  /** Writes; durable only after `flush`. */
  async write(offset: number, data: Buffer): Promise<void> {
    this.#check('write', offset, data.length);
    this.#checkWritable('write');
    if (data.length > 0) await this.#run(Command.WRITE, 0, offset, data.length, WRITE_STEP, data);
  }

  /** Makes a range read as zeros; `noHole` forbids the server to give its space back. */
  async writeZeroes(offset: number, length: number, options: { noHole?: boolean } = {}): Promise<void> {
    this.#check('write zeroes', offset, length);
    this.#checkWritable('write zeroes');
    if ((this.#export.flags & ExportFlag.SEND_WRITE_ZEROES) === 0) {
      throw new EcdError('Nbd.Failed', { operation: 'write zeroes', reason: 'not offered by the server' });
    }
    const flags = options.noHole ? CommandFlag.NO_HOLE : 0;
    if (length > 0) await this.#run(Command.WRITE_ZEROES, flags, offset, length, ZERO_STEP, null);
  }

  /** Everything written so far is durable when it answers. */
  async flush(): Promise<void> {
    if ((this.#export.flags & ExportFlag.SEND_FLUSH) === 0) {
      throw new EcdError('Nbd.Failed', { operation: 'flush', reason: 'not offered by the server' });
    }
    await this.#run(Command.FLUSH, 0, 0, 0, 1, null);
  }

  /**
   * For each meta context, by name, the extents from `offset` on, ascending. A context may answer less than `length`
   * (the server decides), each at least one extent and never more than `length` bytes. `length` is 1 to
   * MAX_STATUS_BYTES.
   */
  async blockStatus(offset: number, length: number): Promise<Map<string, StatusExtent[]>> {
    this.#check('block status', offset, length);
    const { contexts } = this.#export;
    if (contexts.size === 0 || length === 0 || length > MAX_STATUS_BYTES) {
      const reason = contexts.size === 0 ? 'no meta context was asked for' : `range of ${length} bytes`;
      throw new EcdError('Nbd.Failed', { operation: 'block status', reason });
    }
    const job = await this.#run(Command.BLOCK_STATUS, 0, offset, length, length, null);
    return new Map([...contexts].map(([id, name]) => [name, job.extents.get(id)!]));
  }

  /** Ends the connection; calls still waiting are rejected. Never throws. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  #run(
    command: CommandCode,
    flags: number,
    offset: number,
    length: number,
    step: number,
    buffer: Buffer | null,
  ) {
    return this.#connection.run({ command, flags, offset, length, step, buffer });
  }

  #check(operation: string, offset: number, length: number): void {
    const sound = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
    if (!sound || offset + length > this.size) {
      const reason = `${length} bytes at ${offset} are outside of the ${this.size} bytes of the export`;
      throw new EcdError('Nbd.Failed', { operation, reason });
    }
  }

  #checkWritable(operation: string): void {
    if (this.readOnly) throw new EcdError('Nbd.Failed', { operation, reason: 'the export is read-only' });
  }
}
