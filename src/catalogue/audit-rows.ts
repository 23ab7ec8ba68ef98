/**
 * Rows of the audit log as they are shown: over the API, and by `openecd audit export`.
 *
 * Invariant: both show the same; only when, under which RequestId and with which result have names of their own there.
 */
import type { Selectable } from 'kysely';
import type { Queries } from './catalogue.ts';
import type { AuditTable } from './schema-access.ts';

/**
 * One thing, as access policies name it, or a user or an access policy, which only commands name, by names of more signs.
 * Whatever else stands in its place is not written.
 */
export const AUDIT_RESOURCE =
  /^(?:[a-z]+\/[A-Za-z0-9_.:+*-]{1,64}|user\/[A-Za-z0-9._@-]{1,64}|accesspolicy\/[A-Za-z0-9-]{1,128})$/;

const ROWS_AT_ONCE = 500;

/** What an entry says of who, what, on what and from where. */
export interface AuditFacts {
  readonly AccessKeyId: string;
  readonly UserName: string;
  readonly Operation: string;
  readonly Kind: string;
  readonly Resources: string[];
  readonly SourceAddress: string;
  readonly Status: number;
  readonly DurationMs: number;
  /** Of what a policy did by itself: UserName is who made it. (Where SourceAddress is `local`: of the operating system.) */
  readonly PolicyId?: string;
  /** Why a policy deleted something, or could not make it; the status that a command gave a key. */
  readonly Reason?: string;
}

/** One line of the export. */
export interface AuditRecord extends AuditFacts {
  readonly Time: string;
  readonly RequestId: string;
  readonly Code: string;
}

export function auditFacts(row: Selectable<AuditTable>): AuditFacts {
  return {
    AccessKeyId: row.access_key_id,
    UserName: row.user_name,
    Operation: row.operation,
    Kind: row.kind,
    Resources: JSON.parse(row.resources) as string[],
    SourceAddress: row.source,
    Status: row.status,
    DurationMs: row.duration_us / 1000,
    ...(row.policy_id === '' ? {} : { PolicyId: row.policy_id }),
    ...(row.reason === '' ? {} : { Reason: row.reason }),
  };
}

/** The log from `sinceMs` on, oldest first. */
export async function* readAudit(queries: Queries, sinceMs: number): AsyncGenerator<AuditRecord> {
  let after = 0;
  for (;;) {
    const rows = await queries
      .selectFrom('audit')
      .selectAll()
      .where('id', '>', after)
      .where('at', '>=', sinceMs)
      .orderBy('id')
      .limit(ROWS_AT_ONCE)
      .execute();
    for (const row of rows)
      yield {
        Time: new Date(row.at).toISOString(),
        RequestId: row.request_id,
        ...auditFacts(row),
        Code: row.code,
      };
    if (rows.length < ROWS_AT_ONCE) return;
    after = rows.at(-1)!.id;
  }
}
