/**
 * The NBD protocol on the wire: numbers, and encoding and decoding of single messages. Pure: no socket, no clock.
 *
 * Invariants: everything is big-endian; a decoder never trusts a length that it was not given room for and throws
 * `NbdProtocolError` for what a peer must not send; offsets and sizes fit into a safe integer, or are refused.
 */

export const INIT_MAGIC = 0x4e42444d41474943n;
export const OPTION_MAGIC = 0x49484156454f5054n;
export const OPTION_REPLY_MAGIC = 0x3e889045565a9n;
export const REQUEST_MAGIC = 0x25609513;
export const SIMPLE_REPLY_MAGIC = 0x67446698;
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef;

export const REQUEST_BYTES = 28;
export const SIMPLE_REPLY_BYTES = 16;
export const STRUCTURED_REPLY_BYTES = 20;

export const Option = { GO: 7, STRUCTURED_REPLY: 8, SET_META_CONTEXT: 10 } as const;
export const OptionReply = { ACK: 1, INFO: 3, META_CONTEXT: 4 } as const;
export const INFO_EXPORT = 0;

export const Command = { READ: 0, WRITE: 1, DISC: 2, FLUSH: 3, WRITE_ZEROES: 6, BLOCK_STATUS: 7 } as const;
export type CommandCode = (typeof Command)[keyof typeof Command];
export const CommandFlag = { NO_HOLE: 2, DF: 4 } as const;

export const ExportFlag = { READ_ONLY: 2, SEND_FLUSH: 4, SEND_WRITE_ZEROES: 64, SEND_DF: 128 } as const;

export const Chunk = {
  NONE: 0,
  OFFSET_DATA: 1,
  OFFSET_HOLE: 2,
  BLOCK_STATUS: 5,
  ERROR: 0x8001,
  ERROR_OFFSET: 0x8002,
} as const;
export const CHUNK_DONE = 1;

export const BASE_ALLOCATION = 'base:allocation';
export const ALLOCATION_DEPTH = 'qemu:allocation-depth';
/** Flag of `base:allocation`: the extent reads as zeros. */
export const STATE_ZERO = 2;

/** Set in the upper half of every cookie: a reply of anything else than our request is seen at once. */
const COOKIE_MARK = 0x4f454344;

/** The peer broke the protocol: the connection cannot be used any more. */
export class NbdProtocolError extends Error {
  override readonly name = 'NbdProtocolError';
}

export interface StatusExtent {
  /** Bytes, at least 1. */
  readonly length: number;
  /** Flags of `base:allocation`, or the depth of `qemu:allocation-depth`. */
  readonly flags: number;
}

/** Writes a request's 28 bytes to `into` at `at`. `length` is below 2^32. */
export function encodeRequest(
  into: Buffer,
  at: number,
  request: { command: CommandCode; flags: number; cookie: number; offset: number; length: number },
): void {
  into.writeUInt32BE(REQUEST_MAGIC, at);
  into.writeUInt16BE(request.flags, at + 4);
  into.writeUInt16BE(request.command, at + 6);
  into.writeUInt32BE(COOKIE_MARK, at + 8);
  into.writeUInt32BE(request.cookie, at + 12);
  into.writeUInt32BE(Math.floor(request.offset / 0x1_0000_0000), at + 16);
  into.writeUInt32BE(request.offset % 0x1_0000_0000, at + 20);
  into.writeUInt32BE(request.length, at + 24);
}

/** The cookie at `at`, as `encodeRequest` was given it. */
export function decodeCookie(from: Buffer, at: number): number {
  if (from.readUInt32BE(at) !== COOKIE_MARK) throw new NbdProtocolError('reply to a request never made');
  return from.readUInt32BE(at + 4);
}

export function decodeU64(from: Buffer, at: number): number {
  const value = from.readUInt32BE(at) * 0x1_0000_0000 + from.readUInt32BE(at + 4);
  if (!Number.isSafeInteger(value)) throw new NbdProtocolError('number out of range');
  return value;
}

export function encodeOption(option: number, data: Buffer): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigUInt64BE(OPTION_MAGIC, 0);
  head.writeUInt32BE(option, 8);
  head.writeUInt32BE(data.length, 12);
  return Buffer.concat([head, data]);
}

/** A string with its length before it in 4 bytes. */
export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length, 0);
  return Buffer.concat([head, bytes]);
}

/** Payload of a BLOCK_STATUS chunk: the context's id and its extents. */
export function decodeBlockStatus(payload: Buffer): { contextId: number; extents: StatusExtent[] } {
  if (payload.length < 12 || payload.length % 8 !== 4) {
    throw new NbdProtocolError(`block status of ${payload.length} bytes`);
  }
  const extents: StatusExtent[] = [];
  for (let at = 4; at < payload.length; at += 8) {
    const length = payload.readUInt32BE(at);
    if (length === 0) throw new NbdProtocolError('empty extent');
    extents.push({ length, flags: payload.readUInt32BE(at + 4) });
  }
  return { contextId: payload.readUInt32BE(0), extents };
}

/** Payload of an ERROR or ERROR_OFFSET chunk. */
export function decodeErrorChunk(type: number, payload: Buffer): { error: number; message: string } {
  const tail = type === Chunk.ERROR_OFFSET ? 8 : 0;
  if (payload.length < 6 + tail) throw new NbdProtocolError('error chunk too short');
  const length = payload.readUInt16BE(4);
  // Unknown error types may carry more after the message.
  const known = type === Chunk.ERROR || type === Chunk.ERROR_OFFSET;
  if (known ? payload.length !== 6 + length + tail : payload.length < 6 + length) {
    throw new NbdProtocolError('error chunk of a wrong length');
  }
  const error = payload.readUInt32BE(0);
  if (error === 0) throw new NbdProtocolError('error chunk without an error');
  return { error, message: payload.toString('utf8', 6, 6 + length) };
}

const ERRNO: Readonly<Record<number, string>> = {
  1: 'EPERM',
  5: 'EIO',
  12: 'ENOMEM',
  22: 'EINVAL',
  28: 'ENOSPC',
  75: 'EOVERFLOW',
  95: 'ENOTSUP',
  108: 'ESHUTDOWN',
};

/** The name of an NBD error number, with the peer's own words when it sent some. */
export function errorText(error: number, message = ''): string {
  const name = ERRNO[error] ?? `error ${error}`;
  return message === '' ? name : `${name}, ${message.slice(0, 200)}`;
}
