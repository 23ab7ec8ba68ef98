/**
 * The small JSON records of a vault (`vault.json`, `snapshots/<id>.json`): pure.
 *
 * Invariants: a record is one JSON object whose last member is `record`; `sha256` is over exactly the bytes of that
 * member's value, so that a changed bit is found; an unknown `format` is refused.
 */
import { createHash } from 'node:crypto';
import { EcdError } from '../errors.ts';

export const RECORD_FORMAT = 1;
const LAST_MEMBER = ',"record":';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** True for what may be a record's id: it is also a file name. */
export function isRecordId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(id) && !id.endsWith('.tmp');
}

/** The bytes of a record's file. */
export function encodeRecord(id: string, record: object): Buffer {
  const body = JSON.stringify(record);
  const head = JSON.stringify({ format: RECORD_FORMAT, id, sha256: digest(body) }).slice(0, -1);
  return Buffer.from(`${head}${LAST_MEMBER}${body}}\n`);
}

/** Reads a record's file. Throws `Vault.Damaged`, or `Vault.FormatUnknown` for a newer format. */
export function decodeRecord(id: string, data: Buffer): object {
  const text = data.toString('utf8');
  const at = text.indexOf(LAST_MEMBER);
  const damaged = (why: string, cause?: unknown) =>
    new EcdError('Vault.Damaged', { what: `record ${id} ${why}` }, cause);
  if (at < 0 || !text.endsWith('}\n')) throw damaged('is cut off or no record');
  const body = text.slice(at + LAST_MEMBER.length, -2);
  let head: { format?: unknown; id?: unknown; sha256?: unknown };
  let record: unknown;
  try {
    head = JSON.parse(`${text.slice(0, at)}}`);
    record = JSON.parse(body);
  } catch (error) {
    throw damaged('is no JSON', error);
  }
  if (head.format !== RECORD_FORMAT) {
    throw new EcdError('Vault.FormatUnknown', { what: `record ${id} has format ${String(head.format)}` });
  }
  if (head.sha256 !== digest(body)) throw damaged('does not have its hash');
  if (head.id !== id) throw damaged(`says it is ${String(head.id).slice(0, 128)}`);
  if (typeof record !== 'object' || record === null) throw damaged('is no object');
  return record;
}
