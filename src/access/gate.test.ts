/** Temporary credentials, limits and the audit log through a real door, by signed requests. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SDK_NAMES, sdk } from '../../acceptance/support/sdk.ts';
import { signByParameters } from '../../acceptance/support/signer.ts';
import type { NewKey } from '../catalogue/keys.ts';
import { AccessDoor, type AccessDoorOptions } from './testing/access-door.ts';
import { callAt, keyOf, onDesktop, SNAPSHOT } from './testing/calls.ts';

let door: AccessDoor;
afterEach(() => door.close());

const open = async (options?: AccessDoorOptions) => {
  door = await new AccessDoor().start(options);
  return door;
};
const call = (key: NewKey, action: string, parameters?: Record<string, string>) =>
  callAt(door.host, key, action, parameters);
const codeOf = async (...of: Parameters<typeof call>) => (await call(...of)).code;

describe('temporary credentials', () => {
  test.each(SDK_NAMES)('work through %s, and are refused for what is wrong with them', async (name) => {
    await open();
    await door.user('bob', onDesktop('*', 'ecd:Describe*'));
    const made = await door.temporary('bob', 60, {
      Effect: 'Allow',
      Action: 'ecd:DescribeDesktops',
      Resource: '*',
    });
    const ended = await door.temporary('bob', -60);
    const send = async (key: NewKey, securityToken: string, action = 'DescribeDesktops') => {
      try {
        const answer = await sdk(name, door.host, { ...keyOf(key), securityToken })(action, {
          RegionId: 'cn-hangzhou',
        });
        return answer['TotalCount'] === 0 ? 'OK' : 'odd';
      } catch (error) {
        return (error as { code: string }).code.replace(/Error$/, '');
      }
    };
    expect(await send(made, made.SecurityToken)).toBe('OK');
    expect(await send(made, made.SecurityToken, 'DescribeSnapshots')).toBe('NoPermission');
    expect(await send(ended, ended.SecurityToken)).toBe('InvalidSecurityToken.Expired');
    expect(await send(made, ended.SecurityToken)).toBe('InvalidSecurityToken.MismatchWithAccessKey');
    expect(await send(made, 'CAISnonsense+/=')).toBe('InvalidSecurityToken.Malformed');
    expect(await send(await door.admin(), made.SecurityToken)).toBe(
      'InvalidSecurityToken.MismatchWithAccessKey',
    );
    expect(await codeOf(made, 'DescribeDesktops')).toBe('MissingSecurityToken');
    const used = (await door.audited()).find((one) => one.Operation === 'DescribeSnapshots');
    expect([used?.UserName, used?.AccessKeyId]).toEqual(['bob', made.AccessKeyId]);
  });

  test('name themselves in a refusal, in XML too', async () => {
    await open();
    await door.user('bob', onDesktop('*'));
    const made = await door.temporary('bob', 60, { Effect: 'Deny', Action: '*', Resource: '*' });
    const request = signByParameters(
      keyOf(made),
      'DescribeDesktops',
      { RegionId: 'cn-hangzhou', SecurityToken: made.SecurityToken },
      { method: 'GET', format: 'XML' },
    );
    const text = await (await fetch(`http://${door.host}${request.target}`)).text();
    expect(text).toContain('<Code>NoPermission</Code>');
    expect(text).toContain(
      `<AccessDeniedDetail><AuthAction>ecd:DescribeDesktops</AuthAction><AuthPrincipalType>AssumedRoleUser</AuthPrincipalType><AuthPrincipalOwnerId>100</AuthPrincipalOwnerId><AuthPrincipalDisplayName>bob:${made.AccessKeyId}</AuthPrincipalDisplayName><NoPermissionType>ExplicitDeny</NoPermissionType><PolicyType>SessionPolicy</PolicyType></AccessDeniedDetail>`,
    );
  });
});

test('too many requests are refused, with the time to wait, and can be sent again', async () => {
  let now = Date.now();
  await open({ limits: { userPerSecond: 2, apiPerSecond: 3 }, clock: () => now });
  const [bob, admin] = [await door.user('bob'), await door.admin()];
  expect(await codeOf(admin, 'DescribeRegions')).toBe('OK');
  expect(await codeOf(admin, 'DescribeRegions')).toBe('OK');
  const refused = await call(admin, 'DescribeRegions');
  expect([refused.status, refused.code, refused.headers.get('x-acs-retry-after')]).toEqual([
    400,
    'Throttling.User',
    '500',
  ]);
  expect(await codeOf(bob, 'DescribeRegions')).toBe('NoPermission');
  const busy = await call(bob, 'DescribeRegions');
  expect([busy.code, busy.headers.get('x-acs-retry-after')]).toEqual(['Throttling.Api', '334']);
  now += 500;
  const again = await call(admin, 'DescribeRegions');
  expect([again.code, again.headers.get('x-acs-retry-after')]).toEqual(['OK', null]);
});

test('a flood that is refused costs the catalogue a few commits, and none of it can be sent again', async () => {
  const now = Date.now();
  await open({ limits: { userPerSecond: 20, apiPerSecond: 0 }, clock: () => now });
  const { catalogue } = door.bed;
  const [bob, admin] = [await door.user('bob'), await door.admin()];
  const [alone, together] = [vi.spyOn(catalogue.db, 'insertInto'), vi.spyOn(catalogue, 'transaction')];
  const wanted = { DesktopId: 'ecd-a', ...SNAPSHOT };
  const flood = (key: NewKey) =>
    Promise.all(Array.from({ length: 120 }, () => codeOf(key, 'CreateSnapshot', wanted)));
  const codes = (await Promise.all([flood(bob), flood(admin)])).flat();
  const count = (code: string) => codes.filter((one) => one === code).length;
  expect([count('OK'), count('NoPermission'), count('Throttling.User')]).toEqual([20, 20, 200]);
  // 20 that are served; the others share: 242 otherwise.
  expect(alone.mock.calls.length + together.mock.calls.length).toBeLessThan(120);
  expect(await catalogue.db.selectFrom('nonces').selectAll().execute()).toHaveLength(240);
});

describe('the audit log', () => {
  test('tells who did what, on what, and how it ended', async () => {
    await open();
    const [bob, admin] = [await door.user('bob'), await door.admin()];
    const snapshot = await door.bed.snapshot({ desktop_id: 'ecd-a' });
    await call(admin, 'CreateSnapshot', { DesktopId: 'ecd-a', ...SNAPSHOT });
    await call(admin, 'DescribeDesktops');
    await call(admin, 'ResetSnapshot', { SnapshotId: snapshot });
    const refused = await call(bob, 'DescribeDesktops');
    await call({ ...bob, AccessKeySecret: 'wrong' }, 'DescribeDesktops');
    const shown = (await door.audited()).map((one) => [
      one.UserName,
      one.AccessKeyId,
      one.Operation,
      one.Kind,
      one.Resources,
      one.SourceAddress,
      one.Status,
      one.Code,
    ]);
    const by = (key: NewKey, user: string) => [user, key.AccessKeyId];
    expect(shown).toEqual([
      [
        ...by(admin, 'Administrator'),
        'CreateSnapshot',
        'write',
        ['desktop/ecd-a', expect.stringMatching(/^snapshot\/s-/)],
        '127.0.0.1',
        200,
        'OK',
      ],
      [
        ...by(admin, 'Administrator'),
        'ResetSnapshot',
        'write',
        [`snapshot/${snapshot}`, 'desktop/ecd-a'],
        '127.0.0.1',
        200,
        'OK',
      ],
      [...by(bob, 'bob'), 'DescribeDesktops', 'read', ['desktop/*'], '127.0.0.1', 403, 'NoPermission'],
      [...by(bob, ''), 'DescribeDesktops', 'read', [], '127.0.0.1', 400, 'SignatureDoesNotMatch'],
    ]);
    const records = await door.audited();
    expect(records[2]!.RequestId).toBe(refused.body.RequestId);
    expect(records[0]!.DurationMs).toBeGreaterThan(0);
  });

  test('names the snapshots that were made before desktops went down', async () => {
    await open();
    const admin = await door.admin();
    const DesktopId = await door.bed.desktop();
    await door.bed.disk(DesktopId, 'system', 2 ** 30);
    await door.bed.disk(DesktopId, 'data', 2 ** 30);
    let n = 0;
    door.bed.answers.set('take', () => `s-${n++}`);
    for (const action of ['StopDesktops', 'RebootDesktops'])
      await call(admin, action, { 'DesktopId.1': DesktopId, CreateSnapshot: 'true' });
    await call(admin, 'StopDesktops', { 'DesktopId.1': DesktopId });
    const [desktop, made] = [`desktop/${DesktopId}`, 'snapshot/new'];
    expect((await door.audited()).map((one) => [one.Operation, one.Code, one.Resources])).toEqual([
      ['StopDesktops', 'OK', [desktop, made, 'snapshot/s-0', 'snapshot/s-1']],
      ['RebootDesktops', 'OK', [desktop, made, 'snapshot/s-2', 'snapshot/s-3']],
      ['StopDesktops', 'OK', [desktop]],
    ]);
  });

  test('and the log hold no secret and no value of a parameter', async () => {
    await open({ auditReads: true });
    const [bob, admin] = [await door.user('bob'), await door.admin()];
    const made = await door.temporary('bob', 60);
    const marks = Array.from({ length: 6 }, () => `hidden${randomUUID()}`);
    const command = {
      Type: 'RunShellScript',
      CommandContent: `echo ${marks[0]}`,
      ContentEncoding: 'PlainText',
    };
    await call(admin, 'RunCommand', { ...command, 'DesktopId.1': 'ecd-a' });
    await call(bob, 'RunCommand', { ...command, 'DesktopId.1': `ecd ${marks[1]}` });
    await call(admin, 'CreateSnapshot', {
      DesktopId: 'ecd-a',
      ...SNAPSHOT,
      SnapshotName: marks[2]!,
      Description: marks[3]!,
    });
    await call(admin, 'DescribeSnapshots', { SnapshotName: marks[4]!, SecurityToken: marks[5]! });
    // Somebody who takes the secret for the id, and one who sends both.
    await call({ AccessKeyId: admin.AccessKeySecret, AccessKeySecret: 'x' }, 'DescribeRegions');
    await call(made, 'DescribeRegions', {
      SecurityToken: made.SecurityToken,
      Unknown: admin.AccessKeySecret,
    });
    door.bed.answers.set('take', () => {
      throw new TypeError('broken');
    });
    expect((await call(admin, 'CreateSnapshot', { DesktopId: 'ecd-a', ...SNAPSHOT })).status).toBe(500);
    const records = await door.audited();
    expect(records).toHaveLength(7);
    const everything = JSON.stringify(records) + door.logged.join('\n');
    expect(everything).toContain('broken');
    for (const secret of [
      ...marks,
      admin.AccessKeySecret,
      bob.AccessKeySecret,
      made.AccessKeySecret,
      made.SecurityToken,
    ])
      expect(everything).not.toContain(secret);
  });
});

test('the check costs the Administrator next to nothing', async () => {
  await open();
  const { RightsTable } = await import('./rights.ts');
  const table = new RightsTable(door.bed.catalogue, '100', Date.now);
  const principal = { accessKeyId: 'LTAIa', userName: 'Administrator' };
  await table.rightsOf(principal);
  const rounds = 100_000;
  const started = performance.now();
  let full = 0;
  for (let i = 0; i < rounds; i++) {
    const rights = table.rightsOf(principal);
    if (!(rights instanceof Promise) && rights.full) full++;
  }
  expect(full).toBeGreaterThan(rounds * 0.99);
  expect(((performance.now() - started) / rounds) * 1000).toBeLessThan(10);
});
