/**
 * Reading the body of a request, with a limit.
 *
 * Invariants: never more than the limit is kept; a body that is too large is read on (and thrown away) only for a
 * while, so that a well-meaning client gets to read the answer, and never for ever.
 */
import type { IncomingMessage } from 'node:http';
import { EcdError } from '../errors.ts';

const EMPTY = Buffer.alloc(0);
const DISCARD_FACTOR = 8;
const DISCARD_MS = 2000;

/** The client went away before its request was complete: there is nobody to answer. */
export class ClientGone extends Error {}

/** The whole body. Throws RequestTooLarge over `limit` bytes, ClientGone. */
export function readBody(message: IncomingMessage, limit: number): Promise<Buffer> | Buffer {
  const { headers } = message;
  const length = headers['content-length'];
  if (headers['transfer-encoding'] === undefined && (length === undefined || length === '0')) return EMPTY;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let timer: NodeJS.Timeout | undefined;
    const tooLarge = () => settle(() => reject(new EcdError('RequestTooLarge', { limit })));
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      timer ??= setTimeout(tooLarge, DISCARD_MS);
      if (size > limit * DISCARD_FACTOR) tooLarge();
    };
    const onEnd = () => {
      if (size > limit) tooLarge();
      else settle(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    };
    const onGone = () => settle(() => reject(new ClientGone('the client went away')));
    const settle = (then: () => void) => {
      clearTimeout(timer);
      message.off('data', onData).off('end', onEnd).off('close', onGone);
      then();
    };
    message.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
}
