/** Users, keys, access policies and the audit log on the command line, as an administrator uses them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditLog } from '../access/audit.ts';
import { Catalogue } from '../catalogue/catalogue.ts';
import { DataDir } from '../data-dir.ts';
import { runCli } from './testing/run-cli.ts';

let work: string;
let data: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'oe-access-'));
  data = join(work, 'd');
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

/** Runs a command on the data directory; gives its JSON. */
const ok = async (words: string) => {
  const result = await runCli([...words.split(' '), '--data', data, '--json']);
  expect(result.stderr).toBe('');
  expect(result.code).toBe(0);
  return JSON.parse(result.stdout);
};
const fails = async (words: string) => {
  const result = await runCli([...words.split(' '), '--data', data]);
  expect(result.code).not.toBe(0);
  expect(result.stdout).toBe('');
  return result.stderr;
};
const file = (document: unknown) => {
  const path = join(work, 'policy.json');
  writeFileSync(path, JSON.stringify(document));
  return path;
};
const ALLOW = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'ecd:Describe*', Resource: '*' }] };

describe('users, keys and access policies', () => {
  it('are made, shown, attached and taken away', async () => {
    const first = await ok('key create');
    await ok('user create bob');
    const bobs = await ok('key create --user bob');
    expect(await fails('key create --user eve')).toContain('There is no user eve');
    expect(await fails('user create bob')).toContain('already');
    await ok(`access-policy create look --file ${file(ALLOW)}`);
    expect(await ok('access-policy show look')).toEqual({ PolicyName: 'look', PolicyDocument: ALLOW });
    const bad = file({ Version: '1', Statement: [{ Effect: 'Allow', Action: 'nonsense', Resource: '*' }] });
    expect(await fails(`access-policy create bad --file ${bad}`)).toMatch(
      /wrong at Statement\[0\]\.Action: 'nonsense' is no action/,
    );
    expect(await fails(`access-policy create look --file ${file(ALLOW)}`)).toContain('--replace');
    await ok(`access-policy create look --replace --file ${file(ALLOW)}`);
    expect(await fails(`access-policy create x --file ${join(work, 'none')}`)).toContain('cannot be read');
    await ok('access-policy attach look --user bob');
    expect(await ok('user list')).toEqual([
      expect.objectContaining({ UserName: 'Administrator', Keys: 1 }),
      expect.objectContaining({ UserName: 'bob', Keys: 1, Policies: ['look'] }),
    ]);
    expect(await fails('access-policy delete look')).toContain('attached to bob');
    await ok('access-policy detach look --user bob');
    await ok('access-policy delete look');
    expect((await ok('access-policy list')).map((one: { PolicyName: string }) => one.PolicyName)).toEqual([
      'AliyunECDFullAccess',
      'AliyunECDReadOnlyAccess',
    ]);

    const rotated = await ok(`key rotate ${bobs.AccessKeyId}`);
    const kept = await ok(`key rotate --keep ${rotated.AccessKeyId}`);
    const states = async () =>
      Object.fromEntries(
        (await ok('key list')).map((key: Record<string, string>) => [
          key['AccessKeyId'],
          `${key['UserName']} ${key['Status']}`,
        ]),
      );
    expect(await states()).toEqual({
      [first.AccessKeyId]: 'Administrator Active',
      [bobs.AccessKeyId]: 'bob Inactive',
      [rotated.AccessKeyId]: 'bob Active',
      [kept.AccessKeyId]: 'bob Active',
    });
    await ok(`key delete ${bobs.AccessKeyId}`);
    expect(await fails(`key delete ${bobs.AccessKeyId}`)).toContain('not found');
    expect(await fails(`key rotate ${bobs.AccessKeyId}`)).toContain('not found');
    expect(await ok('user delete bob')).toEqual({ UserName: 'bob', DeletedKeys: 2 });
    expect(await states()).toEqual({ [first.AccessKeyId]: 'Administrator Active' });
    expect(await fails('user delete Administrator')).toContain('built in');
  });

  it('can be lent for a while', async () => {
    await ok('key create');
    const made = await ok(`key temporary --user Administrator --seconds 60 --policy-file ${file(ALLOW)}`);
    expect(Object.keys(made)).toEqual(['AccessKeyId', 'AccessKeySecret', 'SecurityToken', 'Expiration']);
    const text = await runCli([
      'key',
      'temporary',
      '--data',
      data,
      '--user',
      'Administrator',
      '--seconds',
      '60',
    ]);
    expect(text.stdout).toMatch(
      /^AccessKeyId {6}STS\..*\nAccessKeySecret {2}\w+\nSecurityToken {4}\S+\nExpiration {7}20/,
    );
    const listed = await ok('key list');
    expect(listed.at(1)).toMatchObject({ AccessKeyId: made.AccessKeyId, Expiration: made.Expiration });
    expect(JSON.stringify(listed)).not.toContain(made.SecurityToken);
    for (const seconds of ['0', '43201', '1.5', 'x'])
      expect(await fails(`key temporary --user Administrator --seconds ${seconds}`)).toContain('--seconds');
    expect(await fails('key temporary --user eve --seconds 60')).toContain('no user eve');
    expect(
      await fails(`key temporary --user Administrator --seconds 60 --policy-file ${file({})}`),
    ).toContain('wrong at the document');
    expect(await fails(`key rotate ${made.AccessKeyId}`)).toContain('temporary');
  });

  it('say apart what the policies of snapshots are', async () => {
    const { stdout } = await runCli(['access-policy', 'create', '--help']);
    expect(stdout).toContain('`openecd policy` is about automatic snapshots');
  });
});

describe('audit export', () => {
  it('prints one line for each entry, from a time on', async () => {
    const catalogue = Catalogue.open(DataDir.open(data, { create: true }).catalogue);
    let now = Date.parse('2026-11-23T23:59:59Z');
    const log = new AuditLog(catalogue, { reads: false, clock: () => now, log: { warn: () => {} } });
    for (const requestId of ['R1', 'R2']) {
      const who = { accessKeyId: '', userName: 'bob', source: '', resources: [] };
      log.record({ ...who, requestId, operation: 'X', kind: 'write', status: 200, code: 'OK', seconds: 0 });
      now += 1000;
    }
    await log.close();
    await catalogue.close();
    const lines = async (...words: string[]) => {
      const { code, stdout } = await runCli(['audit', 'export', '--data', data, ...words]);
      expect(code).toBe(0);
      return stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line).RequestId);
    };
    expect(await lines()).toEqual(['R1', 'R2']);
    expect(await lines('--since', '2026-11-24')).toEqual(['R2']);
    expect(await lines('--since', '2026-11-24T00:00:01Z')).toEqual([]);
    expect(await fails('audit export --since yesterday')).toContain('--since yesterday is no time');
  });
});
