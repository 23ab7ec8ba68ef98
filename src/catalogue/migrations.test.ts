import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readAudit } from './audit-rows.ts';
import { Catalogue } from './catalogue.ts';
import { listDesktops } from './desktops.ts';
import { POLICY_DEEDS } from './migrations/policy-deeds.ts';
import { MIGRATIONS } from './migrations.ts';
import { policiesInUse } from './policies.ts';
import { automaticSnapshots, desktopsWithExpired } from './policy-runs.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openecd-migrations-'));
  file = join(folder, 'catalogue.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A catalogue as the first version left it, with a desktop, its disk and two snapshots. */
function versionOne(): void {
  const database = new DatabaseSync(file);
  for (const statement of MIGRATIONS[0]!) database.exec(statement);
  database.exec(`PRAGMA user_version = 1;
    INSERT INTO desktops VALUES ('ecd-1', 'lab', 'lab', 'cn-hangzhou', 'Stopped', 1, 0, 'b', 'm', '', '', '[]',
      'PostPaid', 1, 256, 'none', 'bios', '', 'u', 'alice', 1000, NULL, NULL, NULL, NULL, '');
    INSERT INTO disks VALUES ('d-1', 'ecd-1', 'system', 1024, 'l', NULL, NULL, NULL);
    INSERT INTO snapshots VALUES ('s-1', 'mine', '', 'cn-hangzhou', 'ecd-1', 'lab', 'd-1', 'system', 1024, 'Linux', 'USER',
      'ACCOMPLISHED', '', 'alice', 'crash', 2000, 3000, NULL, NULL, 1, 1, 1);
    INSERT INTO snapshots VALUES ('s-2', 'auto', '', 'cn-hangzhou', 'ecd-1', 'lab', 'd-1', 'system', 1024, 'Linux', 'AUTO',
      'ACCOMPLISHED', '', 'alice', 'crash', 2000, 3000, NULL, NULL, 1, 1, 1);`);
  database.close();
}

it('a catalogue of version 1 is brought to the newest one, with all that is in it, once', async () => {
  versionOne();
  for (let opened = 0; opened < 2; opened++) {
    const catalogue = Catalogue.open(file);
    const rows = await catalogue.db.selectFrom('snapshots').selectAll().orderBy('id').execute();
    expect(rows).toMatchObject([
      { id: 's-1', created_at: 2000, stored_bytes: 1, policy_id: null, expires_at: null },
      { id: 's-2', type: 'AUTO', policy_id: null, expires_at: null },
    ]);
    const filter = { regionId: 'cn-hangzhou' };
    expect(await listDesktops(catalogue.db, filter, { after: null, limit: 10 })).toMatchObject([
      { id: 'ecd-1', name: 'lab', snapshot_policy_id: null },
    ]);
    // Whatever was there before policies were is nothing that a policy may delete.
    expect(await automaticSnapshots(catalogue.db, 'ecd-1')).toEqual([]);
    expect(await desktopsWithExpired(catalogue.db, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    expect(await policiesInUse(catalogue.db)).toEqual([]);
    await catalogue.close();
  }
  const database = new DatabaseSync(file);
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length });
  expect(database.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
  database.close();
});

it('rows of the audit log from before policies had any are shown as they were', async () => {
  const database = new DatabaseSync(file);
  const before = MIGRATIONS.slice(0, MIGRATIONS.indexOf(POLICY_DEEDS));
  for (const statement of before.flat()) database.exec(statement);
  database.exec(`PRAGMA user_version = ${before.length};
    INSERT INTO audit VALUES (7, 0, 'R', '', 'bob', 'StopDesktops', 'write', '["desktop/ecd-1"]', '', 200, 'OK', 5000)`);
  database.close();
  const catalogue = Catalogue.open(file);
  expect(await Array.fromAsync(readAudit(catalogue.db, 0))).toEqual([
    {
      ...{ Time: '1970-01-01T00:00:00.000Z', RequestId: 'R', AccessKeyId: '', UserName: 'bob' },
      ...{ Operation: 'StopDesktops', Kind: 'write', Resources: ['desktop/ecd-1'], SourceAddress: '' },
      ...{ Status: 200, DurationMs: 5, Code: 'OK' },
    },
  ]);
  await catalogue.close();
});

it('a migrated catalogue has the same tables as a new one', () => {
  const shape = (path: string) => {
    const database = new DatabaseSync(path);
    const names = database.prepare('SELECT type, name FROM sqlite_schema ORDER BY type, name').all();
    const columns = names.map(({ name }) => database.prepare(`PRAGMA table_info("${name}")`).all());
    database.close();
    return JSON.stringify([names, columns]);
  };
  versionOne();
  const fresh = join(folder, 'fresh.db');
  for (const path of [file, fresh]) void Catalogue.open(path).close();
  expect(shape(file)).toBe(shape(fresh));
});

it('a catalogue of a newer program is refused and left as it is', () => {
  versionOne();
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  database.close();
  expect(() => Catalogue.open(file)).toThrow(expect.objectContaining({ code: 'Catalogue.FormatUnknown' }));
});
