import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditRecord, readAudit } from '../catalogue/audit-rows.ts';
import { Catalogue } from '../catalogue/catalogue.ts';
import { createKey, listKeys, openKeySecrets } from '../catalogue/keys.ts';
import { type AuditEntry, AuditLog, CHEAP_PER_SECOND, rotateAudit } from './audit.ts';

let work: string;
let catalogue: Catalogue;
let now: number;
let warnings: object[];
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'openecd-audit-'));
  catalogue = Catalogue.open(join(work, 'catalogue.db'));
  now = 1_000_000;
  warnings = [];
});
afterEach(async () => {
  await catalogue.close();
  rmSync(work, { recursive: true, force: true });
});

const openLog = (reads = false) =>
  new AuditLog(catalogue, { reads, clock: () => now, log: { warn: (fields) => void warnings.push(fields) } });
const entry = (change: Partial<AuditEntry> = {}): AuditEntry => ({
  requestId: 'R',
  operation: 'CreateSnapshot',
  kind: 'write',
  accessKeyId: `LTAI${'a'.repeat(20)}`,
  userName: 'bob',
  resources: ['desktop/ecd-1'],
  source: '192.0.2.1',
  status: 200,
  code: 'OK',
  seconds: 0.0125,
  ...change,
});
async function all(since = 0): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for await (const record of readAudit(catalogue.db, since)) records.push(record);
  return records;
}

describe('the audit log', () => {
  it('holds writes and refusals, reads only if asked for', async () => {
    const log = openLog();
    log.record(entry());
    log.record(entry({ kind: 'read', operation: 'DescribeDesktops' }));
    log.record(entry({ kind: 'read', operation: 'DescribeDesktops', code: 'NoPermission', status: 403 }));
    await log.close();
    expect(await all()).toEqual([
      {
        Time: '1970-01-01T00:16:40.000Z',
        RequestId: 'R',
        AccessKeyId: `LTAI${'a'.repeat(20)}`,
        UserName: 'bob',
        Operation: 'CreateSnapshot',
        Kind: 'write',
        Resources: ['desktop/ecd-1'],
        SourceAddress: '192.0.2.1',
        Status: 200,
        Code: 'OK',
        DurationMs: 12.5,
      },
      expect.objectContaining({ Operation: 'DescribeDesktops', Code: 'NoPermission' }),
    ]);
    const reads = openLog(true);
    reads.record(entry({ kind: 'read' }));
    await reads.close();
    expect(await all()).toHaveLength(3);
    expect(await all(now + 1)).toEqual([]);
  });

  it('is written by itself soon after', async () => {
    openLog().record(entry());
    await expect.poll(async () => (await all()).length, { timeout: 5000 }).toBe(1);
  });

  it('writes no text that is no id: neither as key nor as resource', async () => {
    const log = openLog();
    const secret = 'abcdefghijklmnopqrstuvwxyz0123';
    log.record(entry({ accessKeyId: secret, userName: '' }));
    log.record(entry({ resources: [`desktop/${'s3cret '.repeat(3)}`, 'desktop/x\ny', 'snapshot/*', '*'] }));
    log.record(entry({ resources: Array.from({ length: 605 }, (_, i) => `desktop/ecd-${i}`) }));
    const refused = { code: 'NoPermission', status: 403 };
    log.record(
      entry({ ...refused, resources: Array.from({ length: 25 }, () => 'officesite/cn-hangzhou+os-1') }),
    );
    await log.close();
    const [claimed, odd, many, cheap] = await all();
    expect(claimed!.AccessKeyId).toBe('');
    expect(odd!.Resources).toEqual(['(no id)', '(no id)', 'snapshot/*', '*']);
    expect(many!.Resources.slice(599)).toEqual(['desktop/ecd-599', '(5 more)']);
    // A refusal costs nothing to bring about.
    expect(cheap!.Resources.slice(19)).toEqual(['officesite/cn-hangzhou+os-1', '(5 more)']);
    expect(JSON.stringify(await all())).not.toMatch(/s3cret|abcdefghij/);
  });

  it('cannot be washed away by refusals that cost nothing', async () => {
    const log = openLog();
    for (let i = 0; i < 1000; i++) {
      log.record(entry({ userName: '', code: 'SignatureDoesNotMatch', status: 400 }));
      log.record(entry({ code: 'Throttling.User', status: 400 }));
    }
    now += 1000;
    log.record(entry({ userName: '', code: 'SignatureDoesNotMatch', status: 400 }));
    await log.close();
    expect(await all()).toHaveLength(CHEAP_PER_SECOND + 1);
    expect(warnings).toEqual([{ dropped: 0, omitted: 2000 - CHEAP_PER_SECOND }]);
  });

  it('cannot be changed, and loses rows only from its old end', async () => {
    const log = openLog();
    for (let i = 0; i < 3; i++) log.record(entry({ requestId: `R${i}` }));
    await log.close();
    await expect(sql`UPDATE audit SET user_name = 'eve'`.execute(catalogue.db)).rejects.toThrow(
      'append-only',
    );
    for (const request of ['R1', 'R2'])
      await expect(
        catalogue.db.deleteFrom('audit').where('request_id', '=', request).execute(),
      ).rejects.toThrow('old end');
    expect((await all()).map((one) => one.RequestId)).toEqual(['R0', 'R1', 'R2']);
  });

  it('is rotated by age and by rows, in steps', async () => {
    const log = openLog();
    for (let i = 0; i < 1300; i++) {
      now++;
      log.record(entry({ requestId: String(i) }));
    }
    await log.close();
    await rotateAudit(catalogue, { maxRows: 1200, maxAgeMs: 1e9 }, now);
    expect((await all()).map((one) => one.RequestId)[0]).toBe('100');
    await rotateAudit(catalogue, { maxRows: 1200, maxAgeMs: 99 }, now);
    const left = (await all()).map((one) => one.RequestId);
    expect([left[0], left.length]).toEqual(['1200', 100]);
    await rotateAudit(catalogue, { maxRows: 1200, maxAgeMs: 99 }, now + 1000);
    expect(await all()).toEqual([]);
    await rotateAudit(catalogue, { maxRows: 1, maxAgeMs: 1 }, now);
  });

  it('outlives a dead catalogue without growing for ever', async () => {
    const log = openLog();
    const dead = Catalogue.open(join(work, 'other.db'));
    await sql`DROP TABLE audit`.execute(dead.db);
    const failing = new AuditLog(dead, {
      reads: false,
      clock: () => now,
      log: { warn: (f) => void warnings.push(f) },
    });
    for (let i = 0; i < 25_000; i++) failing.record(entry());
    await failing.close();
    await dead.close();
    expect(warnings.at(-1)).toEqual({ dropped: 25_000, omitted: 0 });
    await log.close();
  });

  it('notes when a key was used, at most once a minute', async () => {
    const box = await openKeySecrets(catalogue, join(work, 'secret.key'));
    const { AccessKeyId: id } = await createKey(catalogue.db, box);
    const used = async () => (await listKeys(catalogue.db))[0]!.lastUsedAt;
    const log = openLog();
    log.record(entry({ accessKeyId: id, userName: '', code: 'SignatureDoesNotMatch' }));
    await log.flush();
    expect(await used()).toBeNull();
    log.record(entry({ accessKeyId: id, kind: 'read' }));
    await log.flush();
    expect(await used()).toBe(1_000_000);
    now += 59_999;
    log.record(entry({ accessKeyId: id }));
    await log.flush();
    expect(await used()).toBe(1_000_000);
    now += 1;
    log.record(entry({ accessKeyId: id }));
    await log.close();
    expect(await used()).toBe(1_060_000);
  });
});
