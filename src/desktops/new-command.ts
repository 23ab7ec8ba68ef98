/** A new command: what it holds, and its rows. */
import type { Trx } from '../catalogue/catalogue.ts';
import type { Claim } from '../catalogue/nonces.ts';
import { EcdError } from '../errors.ts';
import { CONTENT_BYTES, type CommandType } from './guest-command.ts';
import { wantDesktops } from './rows.ts';

export interface NewCommand {
  readonly regionId: string;
  readonly type: CommandType;
  /** As it came: text, or Base64 of it. */
  readonly content: string;
  readonly contentEncoding: 'PlainText' | 'Base64';
  readonly desktopIds: readonly string[];
  readonly endUserId: string;
  /** For waiting for the agent and for running. */
  readonly timeoutSeconds: number;
  readonly creator: string;
}

/**
 * Puts a command on record as `Pending` on each desktop. Throws InvalidDesktopId.NotFound, IncorrectDesktopStatus.
 */
export async function recordCommand(
  trx: Trx,
  command: NewCommand,
  made: {
    readonly id: string;
    readonly content: Buffer;
    readonly desktopIds: readonly string[];
    readonly now: number;
  },
  claim: Claim,
): Promise<void> {
  const { id, content, desktopIds, now } = made;
  for (const row of await wantDesktops(trx, desktopIds)) {
    if (row.region_id !== command.regionId) throw new EcdError('InvalidDesktopId.NotFound');
    if (row.status === 'Running') continue;
    throw new EcdError('IncorrectDesktopStatus', { status: row.status, wanted: 'Running' });
  }
  await claim.record(trx);
  await trx
    .insertInto('invocations')
    .values({
      id,
      region_id: command.regionId,
      type: command.type,
      content: content.toString('utf8'),
      content_encoding: command.contentEncoding,
      end_user_id: command.endUserId,
      timeout_s: command.timeoutSeconds,
      creator: command.creator,
      created_at: now,
    })
    .execute();
  for (const desktopId of desktopIds) {
    await trx
      .insertInto('invocation_desktops')
      .values({
        invocation_id: id,
        desktop_id: desktopId,
        status: 'Pending',
        created_at: now,
        started_at: null,
        finished_at: null,
        exit_code: null,
        output: null,
        dropped: 0,
        error_code: '',
        error_info: '',
      })
      .execute();
  }
}

/** The command's bytes. Throws InvalidParameter of CommandContent. */
export function decode(content: string, encoding: 'PlainText' | 'Base64'): Buffer {
  const wrong = (reason: string): EcdError =>
    new EcdError('InvalidParameter', { parameter: 'CommandContent', reason: ` ${reason}` });
  const compact = content.replace(/\s/g, '');
  if (encoding === 'Base64' && !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) throw wrong('It is not Base64.');
  const bytes = encoding === 'Base64' ? Buffer.from(compact, 'base64') : Buffer.from(content);
  if (bytes.length === 0) throw wrong('It is empty.');
  if (bytes.length > CONTENT_BYTES) throw wrong(`It has more than ${CONTENT_BYTES} bytes.`);
  if (bytes.includes(0)) throw wrong('It holds a zero byte.');
  if (!Buffer.from(bytes.toString('utf8')).equals(bytes)) throw wrong('It is not UTF-8.');
  return bytes;
}
