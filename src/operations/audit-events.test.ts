import { afterEach, beforeEach, expect, it } from 'vitest';
import { AuditLog, writeAudit } from '../access/audit.ts';
import { Bed, NOW } from './testing/bed.ts';

let bed: Bed;
let now: number;
beforeEach(() => {
  bed = new Bed();
  now = NOW;
});
afterEach(() => bed.close());

/** Writes so many entries, `R-0` first, two of them in each millisecond. */
async function write(count: number): Promise<void> {
  const log = new AuditLog(bed.catalogue, { reads: true, clock: () => now, log: { warn: () => {} } });
  for (let at = 0; at < count; at++) {
    now = NOW + Math.floor(at / 2);
    log.record({
      ...{
        requestId: `R-${at}`,
        operation: 'StopDesktops',
        kind: 'write',
        userName: 'bob',
        source: '192.0.2.1',
      },
      accessKeyId: `LTAI${'a'.repeat(20)}`,
      resources: ['desktop/ecd-1', 'bob’s secret'],
      ...{ status: 403, code: 'NoPermission', seconds: 0.002 },
    });
  }
  await log.close();
}
const get = (parameters: object = {}) => bed.call('GetAuditEvents', parameters);
const ids = (answer: { AuditEvents: { EventRequestId: string }[] }) =>
  answer.AuditEvents.map((one) => one.EventRequestId);

it('says what was asked and decided in one request, and nothing of an unknown one', async () => {
  await write(3);
  expect(await get({ EventRequestId: 'R-1' })).toEqual({
    AuditEvents: [
      {
        EventTime: '2026-11-24T12:00:00.000Z',
        EventRequestId: 'R-1',
        AccessKeyId: `LTAI${'a'.repeat(20)}`,
        UserName: 'bob',
        Operation: 'StopDesktops',
        Kind: 'write',
        Resources: ['desktop/ecd-1', '(no id)'],
        SourceAddress: '192.0.2.1',
        Status: 403,
        Result: 'NoPermission',
        DurationMs: 2,
      },
    ],
  });
  expect(await get({ EventRequestId: 'R-9' })).toEqual({ AuditEvents: [] });
});

it('shows what a policy did by itself, and why', async () => {
  const log = new AuditLog(bed.catalogue, { reads: false, clock: () => now, log: { warn: () => {} } });
  log.record({
    ...{ requestId: 'R-p', operation: 'DeleteSnapshot', kind: 'write', userName: 'bob', source: '' },
    ...{ accessKeyId: '', resources: ['desktop/ecd-1', 'snapshot/s-1', 'snapshotpolicy/sp-1'] },
    ...{ status: 200, code: 'OK', seconds: 0, policyId: 'sp-1', reason: `It was old${'.'.repeat(600)}` },
  });
  await log.close();
  const { AuditEvents } = await get({ Resource: 'snapshotpolicy/sp-1' });
  expect(AuditEvents).toEqual([
    {
      EventTime: '2026-11-24T12:00:00.000Z',
      EventRequestId: 'R-p',
      AccessKeyId: '',
      UserName: 'bob',
      Operation: 'DeleteSnapshot',
      Kind: 'write',
      Resources: ['desktop/ecd-1', 'snapshot/s-1', 'snapshotpolicy/sp-1'],
      SourceAddress: '',
      Status: 200,
      Result: 'OK',
      DurationMs: 0,
      PolicyId: 'sp-1',
      Reason: `It was old${'.'.repeat(490)}`,
    },
  ]);
});

it('shows what a command on the server changed, found by its user, key or policy', async () => {
  const [user, key, policy] = [
    'user/bob@example.com',
    `key/STS.${'a'.repeat(24)}`,
    `accesspolicy/${'p'.repeat(128)}`,
  ];
  const who = { userName: 'alice', accessKeyId: '', source: 'local', kind: 'write' } as const;
  const row = { ...who, requestId: 'R-l', status: 200, code: 'OK', seconds: 0 };
  await bed.catalogue.transaction((trx) =>
    writeAudit(
      trx,
      [
        { ...row, operation: 'UpdateAccessKey', resources: [key, user], reason: 'Inactive' },
        {
          ...row,
          operation: 'AttachPolicyToUser',
          resources: [policy, user, 'user/a b', `key/${'x'.repeat(65)}`],
        },
      ],
      now,
    ),
  );
  const found = async (Resource: string) => (await get({ Resource })).AuditEvents;
  expect(await found(user)).toHaveLength(2);
  expect(await found(policy)).toMatchObject([{ Resources: [policy, user, '(no id)', '(no id)'] }]);
  expect(await found(key)).toEqual([
    {
      EventTime: '2026-11-24T12:00:00.000Z',
      ...{ EventRequestId: 'R-l', AccessKeyId: '', UserName: 'alice', SourceAddress: 'local' },
      ...{ Operation: 'UpdateAccessKey', Kind: 'write', Resources: [key, user], Reason: 'Inactive' },
      ...{ Status: 200, Result: 'OK', DurationMs: 0 },
    },
  ]);
});

it('gives each entry once, newest first, over pages, also of one millisecond', async () => {
  await write(25);
  const seen: string[] = [];
  let token: string | undefined;
  do {
    const page = await get({ MaxResults: 4, ...(token === undefined ? {} : { NextToken: token }) });
    seen.push(...ids(page));
    token = page.NextToken;
    // What is written meanwhile moves nothing.
    if (seen.length === 4) await write(2);
  } while (token !== undefined);
  expect(seen.slice(0, 25)).toEqual(Array.from({ length: 25 }, (_, at) => `R-${24 - at}`));
});

it('finds by time, both ends included, and knows wrong times and tokens', async () => {
  await write(1);
  const at = '2026-11-24T12:00:00Z';
  expect(ids(await get({ StartTime: at, EndTime: at }))).toEqual(['R-0']);
  expect(ids(await get({ StartTime: '2026-11-24T12:00:01Z' }))).toEqual([]);
  expect(ids(await get({ EndTime: '2026-11-24T11:59:59Z' }))).toEqual([]);
  expect(await bed.codeOf('GetAuditEvents', { EndTime: 'now' })).toBe('InvalidEndTime');
  expect(await bed.codeOf('GetAuditEvents', { NextToken: 'x' })).toBe('InvalidNextToken');
  expect(await bed.codeOf('GetAuditEvents', { RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
});

it('is led by an index, whatever it looks for', async () => {
  const { listAudit } = await import('../catalogue/audit-list.ts');
  const plans: string[] = [];
  const { db } = bed.catalogue;
  const explained = {
    executeQuery: async (query: { sql: string; parameters: readonly unknown[] }) => {
      const { CompiledQuery } = await import('kysely');
      const plan = CompiledQuery.raw(`EXPLAIN QUERY PLAN ${query.sql}`, [...query.parameters]);
      const { rows } = await db.executeQuery<{ detail: string }>(plan);
      plans.push(rows.map((row) => row.detail).join('; '));
      return { rows: [] };
    },
  } as unknown as typeof db;
  const page = { after: [NOW, '7'] as const, limit: 10 };
  await listAudit(explained, { requestId: 'R' }, page);
  await listAudit(explained, { from: 1, to: 2 }, page);
  await listAudit(explained, {}, { after: null, limit: 10 });
  await listAudit(explained, { resource: 'desktop/ecd-1' }, { after: null, limit: 10 });
  expect(plans[0]).toContain('audit_request');
  expect(plans[1]).toContain('audit_at');
  expect(plans[2]).toContain('audit_at');
  expect(plans.slice(1, 3).join()).not.toContain('TEMP B-TREE');
  // By the number of the row: only the newest are read, however long the log.
  expect(plans[3]).toContain('INTEGER PRIMARY KEY (rowid>?)');
});

it('finds what acted on one thing, and takes no part of its name for it', async () => {
  await write(3);
  expect(ids(await get({ Resource: 'desktop/ecd-1' }))).toEqual(['R-2', 'R-1', 'R-0']);
  expect(ids(await get({ Resource: 'desktop/ecd-1', MaxResults: 2 }))).toEqual(['R-2', 'R-1']);
  expect(ids(await get({ Resource: 'desktop/ecd' }))).toEqual([]);
  for (const Resource of ['desktop', 'desktop/"', '%', `desktop/${'x'.repeat(65)}`])
    await expect(get({ Resource })).rejects.toMatchObject({ publicCode: 'InvalidResource' });
});
