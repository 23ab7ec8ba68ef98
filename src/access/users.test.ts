import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalogue } from '../catalogue/catalogue.ts';
import { createKey, deleteKey, KeyStore, listKeys, openKeySecrets } from '../catalogue/keys.ts';
import { MIGRATIONS } from '../catalogue/migrations.ts';
import { createTemporaryKey, forgetTemporaryKeys } from '../catalogue/temporary-keys.ts';
import { RightsTable } from './rights.ts';
import {
  attachPolicy,
  createUser,
  deletePolicy,
  deleteUser,
  detachPolicy,
  listPolicies,
  listUsers,
  putPolicy,
  requireUser,
} from './users.ts';

let work: string;
let catalogue: Catalogue;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'openecd-users-'));
  catalogue = Catalogue.open(join(work, 'catalogue.db'));
});
afterEach(async () => {
  await catalogue.close();
  rmSync(work, { recursive: true, force: true });
});

const keySecrets = () => openKeySecrets(catalogue, join(work, 'secret.key'));
const documentOf = (action: string, resource = '*', effect = 'Allow') =>
  JSON.stringify({ Version: '1', Statement: [{ Effect: effect, Action: action, Resource: resource }] });
const wish = { operation: 'CreateSnapshot', regionId: 'r', sourceAddress: '192.0.2.1', secure: true };

describe('users and policies', () => {
  it('begin with the Administrator, who stays, and two policies that stay', async () => {
    expect((await listUsers(catalogue.db)).map((user) => user.name)).toEqual(['Administrator']);
    expect((await listPolicies(catalogue.db)).map(({ name, type }) => [name, type])).toEqual([
      ['AliyunECDFullAccess', 'System'],
      ['AliyunECDReadOnlyAccess', 'System'],
    ]);
    await expect(catalogue.transaction((trx) => deleteUser(trx, 'Administrator'))).rejects.toThrow(
      'built in',
    );
    await expect(catalogue.transaction((trx) => deletePolicy(trx, 'AliyunECDFullAccess'))).rejects.toThrow(
      'built in',
    );
    await expect(
      catalogue.transaction((trx) =>
        putPolicy(trx, { name: 'AliyunECDFullAccess', document: documentOf('*') }, { replace: true }),
      ),
    ).rejects.toThrow('built in');
  });

  it('are made once, attached, and go as a whole', async () => {
    await catalogue.transaction((trx) => createUser(trx, 'bob', 'the night shift', () => 1000));
    await expect(catalogue.transaction((trx) => createUser(trx, 'bob'))).rejects.toThrow('already');
    for (const name of ['', 'a b', 'x'.repeat(65), 'a/b'])
      await expect(catalogue.transaction((trx) => createUser(trx, name))).rejects.toThrow(
        'no name of a user',
      );
    await catalogue.transaction((trx) => putPolicy(trx, { name: 'p', document: documentOf('ecd:*') }));
    await expect(
      catalogue.transaction((trx) => putPolicy(trx, { name: 'p', document: documentOf('*') })),
    ).rejects.toThrow('already');
    await expect(
      catalogue.transaction((trx) => putPolicy(trx, { name: 'q', document: '{}' })),
    ).rejects.toThrow('wrong at the document');
    await expect(
      catalogue.transaction((trx) => putPolicy(trx, { name: 'a b', document: documentOf('*') })),
    ).rejects.toThrow('no name');
    await catalogue.transaction((trx) => attachPolicy(trx, 'p', 'bob'));
    await catalogue.transaction((trx) => attachPolicy(trx, 'p', 'bob'));
    await expect(catalogue.transaction((trx) => attachPolicy(trx, 'p', 'eve'))).rejects.toThrow(
      'no user eve',
    );
    await expect(catalogue.transaction((trx) => attachPolicy(trx, 'q', 'bob'))).rejects.toThrow(
      'no policy q',
    );
    await expect(catalogue.transaction((trx) => deletePolicy(trx, 'p'))).rejects.toThrow('attached to bob');
    const box = await keySecrets();
    await createKey(catalogue.db, box, { userName: 'bob' });
    await createTemporaryKey(catalogue.db, box, { userName: 'bob', seconds: 60 });
    expect(await listUsers(catalogue.db)).toEqual([
      expect.objectContaining({ name: 'Administrator', keys: 0, policies: [] }),
      { name: 'bob', comments: 'the night shift', created_at: 1000, keys: 2, policies: ['p'] },
    ]);
    expect(await catalogue.transaction((trx) => deleteUser(trx, 'bob'))).toHaveLength(2);
    expect(await listKeys(catalogue.db)).toEqual([]);
    await expect(requireUser(catalogue.db, 'bob')).rejects.toThrow('no user bob');
    await catalogue.transaction((trx) => deletePolicy(trx, 'p'));
    await expect(catalogue.transaction((trx) => detachPolicy(trx, 'p', 'bob'))).rejects.toThrow(
      'not attached',
    );
  });

  it('are at most 20 for a user', async () => {
    await catalogue.transaction((trx) => createUser(trx, 'bob'));
    for (let i = 0; i <= 20; i++)
      await catalogue.transaction((trx) => putPolicy(trx, { name: `p${i}`, document: documentOf('*') }));
    for (let i = 0; i < 20; i++) await catalogue.transaction((trx) => attachPolicy(trx, `p${i}`, 'bob'));
    await expect(catalogue.transaction((trx) => attachPolicy(trx, 'p20', 'bob'))).rejects.toThrow(
      '20 policies',
    );
    expect((await listUsers(catalogue.db)).find((user) => user.name === 'bob')?.policies).toHaveLength(20);
  });
});

describe('an older catalogue', () => {
  it('keeps its keys, which become the Administrator’s', async () => {
    const file = join(work, 'old.db');
    const old = new DatabaseSync(file);
    for (const statement of MIGRATIONS[0]!) old.exec(statement);
    old.exec(
      "INSERT INTO access_keys VALUES ('LTAIold', 'sealed', 'someone', 'Active', 5); PRAGMA user_version = 1",
    );
    old.close();
    const opened = Catalogue.open(file);
    try {
      expect(await listKeys(opened.db)).toEqual([
        {
          accessKeyId: 'LTAIold',
          userName: 'Administrator',
          status: 'Active',
          createdAt: 5,
          lastUsedAt: null,
          expiresAt: null,
        },
      ]);
    } finally {
      await opened.close();
    }
  });
});

describe('rights', () => {
  const codeOf = async (
    table: RightsTable,
    principal: Parameters<RightsTable['rightsOf']>[0],
    operation?: string,
  ) => {
    const rights = await table.rightsOf(principal);
    try {
      rights.require({ ...wish, resources: ['desktop/a'], ...(operation ? { operation } : {}) });
      return 'Allow';
    } catch (error) {
      return (error as { details: Record<string, string> }).details['noPermissionType'];
    }
  };

  it('are seen to change within a second, also by another process, and end with the user', async () => {
    let now = 50_000;
    const table = new RightsTable(catalogue, '100', () => now);
    const bob = { accessKeyId: 'LTAIbob', userName: 'bob' };
    await catalogue.transaction((trx) => createUser(trx, 'bob'));
    expect(await codeOf(table, bob)).toBe('ImplicitDeny');
    const other = Catalogue.open(join(work, 'catalogue.db'));
    await other.transaction((trx) => attachPolicy(trx, 'AliyunECDFullAccess', 'bob'));
    await other.close();
    now += 999;
    expect(await codeOf(table, bob)).toBe('ImplicitDeny');
    now += 1;
    expect(await codeOf(table, bob)).toBe('Allow');
    await catalogue.transaction((trx) =>
      putPolicy(trx, {
        name: 'no',
        document: documentOf('ecd:Create*', 'acs:ecd:*:*:desktop/a', 'Deny'),
      }),
    );
    await catalogue.transaction((trx) => attachPolicy(trx, 'no', 'bob'));
    now += 1000;
    expect(await codeOf(table, bob)).toBe('ExplicitDeny');
    expect(await codeOf(table, bob, 'StopDesktops')).toBe('Allow');
    await catalogue.transaction((trx) => deleteUser(trx, 'bob'));
    now += 1000;
    expect(await codeOf(table, bob, 'StopDesktops')).toBe('ImplicitDeny');
    await catalogue.transaction((trx) => createUser(trx, 'bob'));
    await catalogue.transaction((trx) => attachPolicy(trx, 'AliyunECDFullAccess', 'bob'));
    now -= 3_600_000;
    expect(await codeOf(table, bob)).toBe('Allow');
  });

  it('of the Administrator need no policy; temporary credentials can only narrow', async () => {
    const table = new RightsTable(catalogue, '100', () => 0);
    const admin = { accessKeyId: 'a', userName: 'Administrator' };
    const full = await table.rightsOf(admin);
    expect(full.full).toBe(true);
    expect(table.rightsOf(admin)).toBe(full);
    expect((await table.rightsOf({ ...admin, accessKeyId: 'b', sessionPolicy: null })).full).toBe(true);
    const narrow = { ...admin, accessKeyId: 'c', sessionPolicy: documentOf('ecd:Describe*') };
    expect(await codeOf(table, narrow)).toBe('ImplicitDeny');
    expect(await codeOf(table, narrow, 'DescribeDesktops')).toBe('Allow');
    await catalogue.transaction((trx) => createUser(trx, 'bob'));
    const wide = { accessKeyId: 'd', userName: 'bob', sessionPolicy: documentOf('*') };
    expect(await codeOf(table, wide)).toBe('ImplicitDeny');
  });

  it('that cannot be read allow nothing', async () => {
    await catalogue.transaction((trx) => createUser(trx, 'bob'));
    await catalogue.transaction((trx) => putPolicy(trx, { name: 'p', document: documentOf('*') }));
    await catalogue.transaction((trx) => attachPolicy(trx, 'p', 'bob'));
    await catalogue.db
      .updateTable('access_policies')
      .set({ document: '{' })
      .where('name', '=', 'p')
      .execute();
    const table = new RightsTable(catalogue, '100', () => 0);
    await expect(table.rightsOf({ accessKeyId: 'x', userName: 'bob' })).rejects.toMatchObject({
      code: 'AccessPolicy.Malformed',
    });
  });
});

describe('temporary credentials', () => {
  it('hold no token and no secret in the catalogue, are found with their end, and are forgotten a day later', async () => {
    const box = await keySecrets();
    const made = await createTemporaryKey(catalogue.db, box, {
      userName: 'Administrator',
      seconds: 60,
      clock: () => 1_000_500,
    });
    expect(made.AccessKeyId).toMatch(/^STS\.[A-Za-z0-9]{24}$/);
    expect(made.Expiration).toBe('1970-01-01T00:17:40Z');
    const row = JSON.stringify(await catalogue.db.selectFrom('access_keys').selectAll().execute());
    expect(row).not.toContain(made.SecurityToken);
    expect(row).not.toContain(made.AccessKeySecret);
    const store = new KeyStore(catalogue, box);
    const key = (await store.find(made.AccessKeyId))!;
    expect(key.secret).toBe(made.AccessKeySecret);
    expect(key.temporary?.expiresAt).toBe(1_060_000);
    expect(store.tokenFault(key, made.SecurityToken)).toBeNull();
    const other = await createTemporaryKey(catalogue.db, box, { userName: 'Administrator', seconds: 60 });
    expect(store.tokenFault(key, other.SecurityToken)).toBe('MismatchWithAccessKey');
    const changed = `${made.SecurityToken[0] === 'A' ? 'B' : 'A'}${made.SecurityToken.slice(1)}`;
    for (const token of [changed, made.SecurityToken.slice(0, -4), `${made.SecurityToken} `, '中文', 'x'])
      expect(store.tokenFault(key, token)).toBe('Malformed');
    const permanent = await createKey(catalogue.db, box);
    const plain = (await store.find(permanent.AccessKeyId))!;
    expect(store.tokenFault(plain, made.SecurityToken)).toBe('MismatchWithAccessKey');
    await forgetTemporaryKeys(catalogue, 1_060_000 + 86_400_000);
    expect((await listKeys(catalogue.db)).map((one) => one.accessKeyId)).toContain(made.AccessKeyId);
    await forgetTemporaryKeys(catalogue, 1_060_001 + 86_400_000);
    const left = (await listKeys(catalogue.db)).map((one) => one.accessKeyId);
    expect(left.sort()).toEqual([other.AccessKeyId, permanent.AccessKeyId].sort());
    await deleteKey(catalogue.db, other.AccessKeyId);
    await expect(deleteKey(catalogue.db, other.AccessKeyId)).rejects.toThrow('not found');
  });
});
