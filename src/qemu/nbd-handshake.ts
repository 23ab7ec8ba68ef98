/**
 * The NBD handshake (fixed newstyle) as a generator: it yields how many bytes it needs next and is given exactly those.
 * No socket, no clock, so every peer's answer can be tried.
 *
 * Invariants: structured replies and every asked meta context are obtained, or the handshake fails; no answer makes it
 * hold more than `LIMIT` bytes or read more than `MAX_REPLIES` answers to one option.
 */
import {
  decodeU64,
  encodeOption,
  encodeString,
  INFO_EXPORT,
  INIT_MAGIC,
  NbdProtocolError,
  OPTION_MAGIC,
  OPTION_REPLY_MAGIC,
  Option,
  OptionReply,
} from './nbd-protocol.ts';

const LIMIT = 64 * 1024;
const MAX_REPLIES = 256;
const FIXED_NEWSTYLE = 1;
const NO_ZEROES = 2;

export interface Negotiated {
  /** Size of the export in bytes. */
  readonly size: number;
  /** Transmission flags (`ExportFlag`). */
  readonly flags: number;
  /** Names of the meta contexts by the ids that the peer gave them. */
  readonly contexts: ReadonlyMap<number, string>;
}

/** A conversation that needs the yielded number of bytes next. */
export type Conversation<T> = Generator<number, T, Buffer>;

interface Answer {
  readonly type: number;
  readonly payload: Buffer;
}

/** Negotiates an export; `send` is given whole messages. Throws NbdProtocolError. */
export function* negotiate(
  exportName: string,
  metaContexts: readonly string[],
  send: (message: Buffer) => void,
): Conversation<Negotiated> {
  const greeting = yield 18;
  if (greeting.readBigUInt64BE(0) !== INIT_MAGIC || greeting.readBigUInt64BE(8) !== OPTION_MAGIC) {
    throw new NbdProtocolError('the peer is no NBD server of the newstyle protocol');
  }
  const offered = greeting.readUInt16BE(16);
  if ((offered & FIXED_NEWSTYLE) === 0) throw new NbdProtocolError('the peer has no fixed newstyle');
  const clientFlags = Buffer.alloc(4);
  clientFlags.writeUInt32BE(FIXED_NEWSTYLE | (offered & NO_ZEROES), 0);
  send(clientFlags);

  send(encodeOption(Option.STRUCTURED_REPLY, Buffer.alloc(0)));
  yield* answers(Option.STRUCTURED_REPLY);

  const contexts = yield* negotiateContexts(exportName, metaContexts, send);

  send(encodeOption(Option.GO, Buffer.concat([encodeString(exportName), Buffer.alloc(2)])));
  for (const { type, payload } of yield* answers(Option.GO)) {
    if (type !== OptionReply.INFO || payload.length < 2 || payload.readUInt16BE(0) !== INFO_EXPORT) continue;
    if (payload.length !== 12) throw new NbdProtocolError('export information of a wrong length');
    return { size: decodeU64(payload, 2), flags: payload.readUInt16BE(10), contexts };
  }
  throw new NbdProtocolError('the peer did not tell the size of the export');
}

function* negotiateContexts(
  exportName: string,
  metaContexts: readonly string[],
  send: (message: Buffer) => void,
): Conversation<Map<number, string>> {
  const contexts = new Map<number, string>();
  if (metaContexts.length === 0) return contexts;
  const count = Buffer.alloc(4);
  count.writeUInt32BE(metaContexts.length, 0);
  const query = Buffer.concat([encodeString(exportName), count, ...metaContexts.map(encodeString)]);
  send(encodeOption(Option.SET_META_CONTEXT, query));
  for (const { type, payload } of yield* answers(Option.SET_META_CONTEXT)) {
    if (type !== OptionReply.META_CONTEXT || payload.length < 5) {
      throw new NbdProtocolError('unexpected answer to the meta contexts');
    }
    contexts.set(payload.readUInt32BE(0), payload.toString('utf8', 4));
  }
  const given = [...contexts.values()].sort().join();
  if (given !== [...metaContexts].sort().join()) {
    throw new NbdProtocolError(`of the meta contexts ${metaContexts.join()} the peer offers only: ${given}`);
  }
  return contexts;
}

/** Reads the answers to one option up to its ACK. */
function* answers(option: number): Conversation<Answer[]> {
  const found: Answer[] = [];
  while (found.length < MAX_REPLIES) {
    const head = yield 20;
    if (head.readBigUInt64BE(0) !== OPTION_REPLY_MAGIC || head.readUInt32BE(8) !== option) {
      throw new NbdProtocolError('answer to an option never sent');
    }
    const type = head.readUInt32BE(12);
    const length = head.readUInt32BE(16);
    if (length > LIMIT) throw new NbdProtocolError(`answer of ${length} bytes to an option`);
    const payload = length === 0 ? Buffer.alloc(0) : yield length;
    if (type === OptionReply.ACK) return found;
    if (type >= 0x8000_0000) {
      const words = payload.toString('utf8', 0, 200);
      throw new NbdProtocolError(`the peer refused option ${option} (${type - 0x8000_0000}) ${words}`.trim());
    }
    found.push({ type, payload });
  }
  throw new NbdProtocolError('too many answers to one option');
}
