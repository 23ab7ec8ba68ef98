/** Every command that changes who may do what leaves its rows in the audit log, with no secret in them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AuditRecord } from '../catalogue/audit-rows.ts';
import { Catalogue } from '../catalogue/catalogue.ts';
import { DataDir } from '../data-dir.ts';
import { ensureAdminKey } from './admin-key.ts';
import { runCli } from './testing/run-cli.ts';
import { localUser } from './told.ts';

let work: string;
let data: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'oe-told-'));
  data = join(work, 'd');
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const SUDO = { SUDO_USER: 'alice' };
const run = (words: string, env: Record<string, string> = SUDO) =>
  runCli([...words.split(' '), '--data', data, '--json'], { env });
const ok = async (words: string) => {
  const result = await run(words);
  expect([words, result.code, result.stderr]).toEqual([words, 0, '']);
  return JSON.parse(result.stdout);
};
const exported = async (): Promise<AuditRecord[]> => {
  const { stdout } = await runCli(['audit', 'export', '--data', data]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as AuditRecord);
};
/** What has been written since it was asked last. */
let seen = 0;
beforeEach(() => {
  seen = 0;
});
const told = async () => {
  const fresh = (await exported()).slice(seen);
  seen += fresh.length;
  return fresh.map((row) => [
    ...[row.Operation, ...row.Resources],
    ...(row.Reason === undefined ? [] : [`(${row.Reason})`]),
  ]);
};
const policy = () => {
  const path = join(work, 'policy.json');
  const statement = { Effect: 'Allow', Action: 'ecd:Describe*', Resource: '*' };
  writeFileSync(path, JSON.stringify({ Version: '1', Statement: [statement] }));
  return path;
};

it('each names what it has done, on whom and on which key', async () => {
  const secrets: string[] = [];
  const key = async (words: string) => {
    const made = await ok(words);
    secrets.push(made.AccessKeySecret, ...(made.SecurityToken === undefined ? [] : [made.SecurityToken]));
    return made.AccessKeyId as string;
  };
  const first = await key('key create');
  expect(await told()).toEqual([['CreateAccessKey', `key/${first}`, 'user/Administrator']]);
  const [bob, long] = ['bob@example.com', 'look-'.padEnd(128, 'x')];
  await ok(`user create ${bob}`);
  expect(await told()).toEqual([['CreateUser', `user/${bob}`]]);
  const bobs = await key(`key create --user ${bob}`);
  const rotated = await key(`key rotate ${bobs}`);
  const kept = await key(`key rotate --keep ${rotated}`);
  expect(await told()).toEqual([
    ['CreateAccessKey', `key/${bobs}`, `user/${bob}`],
    ['UpdateAccessKey', `key/${bobs}`, `user/${bob}`, '(Inactive)'],
    ['CreateAccessKey', `key/${rotated}`, `user/${bob}`],
    ['CreateAccessKey', `key/${kept}`, `user/${bob}`],
  ]);
  await ok(`key enable ${bobs}`);
  await ok(`key disable ${bobs}`);
  await ok(`key delete ${bobs}`);
  expect(await told()).toEqual([
    ['UpdateAccessKey', `key/${bobs}`, `user/${bob}`, '(Active)'],
    ['UpdateAccessKey', `key/${bobs}`, `user/${bob}`, '(Inactive)'],
    ['DeleteAccessKey', `key/${bobs}`, `user/${bob}`],
  ]);
  const lent = await key(`key temporary --user ${bob} --seconds 60`);
  const link = await ok(`console link --user ${bob} --endpoint http://127.0.0.1:8787`);
  secrets.push(decodeURIComponent(link.Url.split('#link=')[1]));
  expect(await told()).toEqual([
    ['AssumeRole', `key/${lent}`, `user/${bob}`],
    ['GetSigninToken', `user/${bob}`],
  ]);
  await ok(`access-policy create ${long} --file ${policy()}`);
  await ok(`access-policy create ${long} --replace --file ${policy()}`);
  await ok(`access-policy attach ${long} --user ${bob}`);
  await ok(`access-policy detach ${long} --user ${bob}`);
  await ok(`access-policy delete ${long}`);
  expect(await told()).toEqual([
    ['CreatePolicy', `accesspolicy/${long}`],
    ['CreatePolicyVersion', `accesspolicy/${long}`],
    ['AttachPolicyToUser', `accesspolicy/${long}`, `user/${bob}`],
    ['DetachPolicyFromUser', `accesspolicy/${long}`, `user/${bob}`],
    ['DeletePolicy', `accesspolicy/${long}`],
  ]);
  await ok(`user delete ${bob}`);
  const [deleted, ...none] = await told();
  expect(none).toEqual([]);
  expect(deleted!.slice(0, 2)).toEqual(['DeleteUser', `user/${bob}`]);
  expect(deleted!.slice(2).sort()).toEqual([kept, lent, rotated].map((id) => `key/${id}`).sort());

  const rows = await exported();
  for (const row of rows)
    expect(row).toMatchObject({
      ...{ UserName: 'alice', SourceAddress: 'local', AccessKeyId: '', Kind: 'write' },
      ...{ Status: 200, Code: 'OK' },
    });
  expect(secrets.filter((one) => one.length < 10)).toEqual([]);
  for (const secret of secrets) expect(JSON.stringify(rows)).not.toContain(secret);
  // One command, one id.
  expect(new Set(rows.map((row) => row.RequestId)).size).toBe(rows.length - 1);
});

it('a command that changes nothing leaves none', async () => {
  await ok('key create');
  await told();
  for (const words of [
    ...['user list', 'key list', 'access-policy list', 'key create --user eve', 'key delete LTAInone'],
    ...['key disable LTAInone', 'key enable LTAInone', 'key rotate LTAInone', 'user delete eve'],
    ...['user create a/b', 'access-policy attach none --user Administrator', 'access-policy delete none'],
    ...['access-policy detach none --user Administrator', `access-policy create a.b --file ${policy()}`],
    ...['key temporary --user eve --seconds 60', 'console link --user eve --endpoint http://127.0.0.1:1'],
  ])
    await run(words);
  expect(await told()).toEqual([]);
});

it('a change whose row cannot be written is not made', async () => {
  await ok('key create');
  const catalogue = Catalogue.open(DataDir.open(data, { create: false }).catalogue);
  await sql`CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END`.execute(
    catalogue.db,
  );
  await catalogue.close();
  for (const words of ['key create', 'user create bob', 'key temporary --user Administrator --seconds 60'])
    expect((await run(words)).code).not.toBe(0);
  expect(await ok('key list')).toHaveLength(1);
  expect(await ok('user list')).toHaveLength(1);
});

it("the first start's key has its row, once", async () => {
  const dir = DataDir.open(data, { create: true });
  const catalogue = Catalogue.open(dir.catalogue);
  expect(await ensureAdminKey(dir, catalogue, {})).toBe(true);
  expect(await ensureAdminKey(dir, catalogue, {})).toBe(false);
  await catalogue.close();
  const { AccessKeyId: id, AccessKeySecret: secret } = JSON.parse(readFileSync(dir.adminKey, 'utf8'));
  expect(await told()).toEqual([['CreateAccessKey', `key/${id}`, 'user/Administrator']]);
  const rows = await exported();
  expect(rows[0]).toMatchObject({ UserName: userInfo().username, SourceAddress: 'local' });
  expect(JSON.stringify(rows)).not.toContain(secret);
});

it('who did it is whom sudo speaks for, else the user of the process', () => {
  const { username } = userInfo();
  expect(localUser({ SUDO_USER: 'alice' })).toBe('alice');
  expect(localUser({})).toBe(username);
  for (const SUDO_USER of ['', 'a b', 'a\nb', 'x'.repeat(300)])
    expect(localUser({ SUDO_USER })).toBe(username);
});
