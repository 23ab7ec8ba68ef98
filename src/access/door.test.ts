/** Rights through a real door, by signed requests. */
import { afterEach, describe, expect, test } from 'vitest';
import type { NewKey } from '../catalogue/keys.ts';
import { EcdError } from '../errors.ts';
import { AccessDoor, type AccessDoorOptions } from './testing/access-door.ts';
import { type Answered, callAt, onDesktop, SNAPSHOT } from './testing/calls.ts';

let door: AccessDoor;
afterEach(() => door.close());

const open = async (options?: AccessDoorOptions) => {
  door = await new AccessDoor().start(options);
  return door;
};
const call = (key: NewKey, action: string, parameters?: Record<string, string>) =>
  callAt(door.host, key, action, parameters);
const codeOf = async (...of: Parameters<typeof call>) => (await call(...of)).code;

describe('rights', () => {
  test('of a user without policies are none, of the Administrator all', async () => {
    await open();
    const [bob, admin] = [await door.user('bob'), await door.admin()];
    for (const action of ['DescribeRegions', 'DescribeDesktops', 'CreateSnapshot', 'DeleteDesktops'])
      expect(await codeOf(bob, action)).toBe('NoPermission');
    expect(await codeOf(admin, 'DescribeRegions')).toBe('OK');
    expect(await codeOf(admin, 'CreateSnapshot', { DesktopId: 'ecd-a', ...SNAPSHOT })).toBe('OK');
    expect(door.bed.calls.map((one) => one.what)).toEqual(['take']);
  });

  test('to look at everything are none to the audit log, which has a right of its own', async () => {
    await open();
    const allow = (Action: string[], Resource = '*') => ({ Effect: 'Allow' as const, Action, Resource });
    const [bob, eve] = [
      await door.user('bob', allow(['ecd:Describe*', 'ecd:List*'])),
      await door.user('eve', allow(['ecd:GetAuditEvents'], 'acs:ecd:*:*:audit/*')),
    ];
    const ofDesktops = await door.user('dan', allow(['ecd:*'], 'acs:ecd:*:*:desktop/*'));
    expect(await codeOf(ofDesktops, 'DescribeDesktops')).toBe('OK');
    expect(await codeOf(ofDesktops, 'GetAuditEvents')).toBe('NoPermission');
    expect(await codeOf(bob, 'DescribeSnapshots')).toBe('OK');
    expect(await codeOf(bob, 'GetAuditEvents')).toBe('NoPermission');
    expect(await codeOf(eve, 'GetAuditEvents')).toBe('OK');
  });

  test('on one desktop reach that desktop, by every operation that names it, and nothing else', async () => {
    await open();
    const [mine, other] = [await door.bed.desktop(), await door.bed.desktop()];
    const [ofMine, ofOther] = [
      await door.bed.snapshot({ desktop_id: mine }),
      await door.bed.snapshot({ desktop_id: other }),
    ];
    const bob = await door.user('bob', onDesktop(mine), {
      Effect: 'Allow',
      Action: 'ecd:ResetSnapshot',
      Resource: 'acs:ecd:*:*:snapshot/*',
    });
    const both = { 'DesktopId.1': mine, 'DesktopId.2': other };
    const invoked = [{ desktop_id: mine }, { desktop_id: other, output: Buffer.from('of another') }];
    await door.bed.invocation({}, invoked);
    for (const [action, parameters, code] of [
      ['CreateSnapshot', { DesktopId: mine, ...SNAPSHOT }, 'OK'],
      ['CreateSnapshot', { DesktopId: other, ...SNAPSHOT }, 'NoPermission'],
      ['StopDesktops', { 'DesktopId.1': mine }, 'OK'],
      ['StopDesktops', { DesktopId: mine }, 'OK'],
      ['StopDesktops', { DesktopId: `["${mine}"]` }, 'OK'],
      ['StopDesktops', both, 'NoPermission'],
      ['StopDesktops', { DesktopId: `["${mine}","${other}"]` }, 'NoPermission'],
      ['StartDesktops', both, 'NoPermission'],
      ['RebootDesktops', both, 'NoPermission'],
      ['DeleteDesktops', both, 'NoPermission'],
      ['RunCommand', { ...both, Type: 'RunShellScript', CommandContent: 'ls' }, 'NoPermission'],
      ['ModifyDesktopName', { DesktopId: other, NewDesktopName: 'mine' }, 'NoPermission'],
      ['ModifyDesktopName', { DesktopId: mine, NewDesktopName: 'mine' }, 'OK'],
      ['GetConnectionTicket', { DesktopId: mine }, 'OK'],
      ['GetConnectionTicket', { DesktopId: other }, 'NoPermission'],
      ['GetConnectionTicket', { TaskId: 'none' }, 'NoPermission'],
      ['DescribeDesktops', { 'DesktopId.1': mine }, 'OK'],
      ['DescribeDesktops', {}, 'NoPermission'],
      ['DescribeDesktops', { 'DesktopId.1': '' }, 'NoPermission'],
      ['DescribeDesktops', { DesktopId: '*' }, 'NoPermission'],
      ['DescribeSnapshots', { DesktopId: mine }, 'OK'],
      ['DescribeSnapshots', {}, 'NoPermission'],
      ['DescribeSnapshots', { DesktopId: mine, SnapshotId: ofOther }, 'NoPermission'],
      ['DeleteSnapshot', { 'SnapshotId.1': ofMine }, 'NoPermission'],
      ['ResetSnapshot', { SnapshotId: ofMine }, 'OK'],
      ['ResetSnapshot', { SnapshotId: ofOther }, 'NoPermission'],
      ['DescribeInvocations', {}, 'NoPermission'],
      ['CreateDesktops', { BundleId: 'bundle_demo' }, 'NoPermission'],
      ['DescribeBundles', {}, 'NoPermission'],
      ['DescribeImages', {}, 'NoPermission'],
      ['DescribeRegions', {}, 'NoPermission'],
    ] as const)
      expect([action, parameters, await codeOf(bob, action, parameters)]).toEqual([action, parameters, code]);

    const answer = await call(bob, 'DescribeInvocations', { DesktopId: mine, IncludeOutput: 'true' });
    expect(answer.code).toBe('OK');
    const desktops = answer.body.Invocations[0].InvokeDesktops as { DesktopId: string }[];
    expect(desktops.map((one) => one.DesktopId)).toEqual([mine]);
    expect(answer.text).not.toContain(Buffer.from('of another').toString('base64'));
  });

  test('are taken away by a Deny, also by way of a snapshot, and a listing does not show what is denied', async () => {
    await open();
    const denied = await door.bed.desktop();
    const snapshot = await door.bed.snapshot({ desktop_id: denied });
    const free = await door.bed.snapshot({ desktop_id: await door.bed.desktop() });
    const bob = await door.user(
      'bob',
      { Effect: 'Allow', Action: '*', Resource: '*' },
      onDesktop(denied, 'ecd:*', 'Deny'),
    );
    expect(await codeOf(bob, 'StopDesktops', { 'DesktopId.1': denied })).toBe('NoPermission');
    expect(await codeOf(bob, 'ResetSnapshot', { SnapshotId: snapshot })).toBe('NoPermission');
    expect(await codeOf(bob, 'ResetSnapshot', { SnapshotId: free })).toBe('OK');
    for (const [action, parameters, code] of [
      ['DescribeSnapshots', {}, 'NoPermission'],
      ['DescribeSnapshots', { SnapshotId: snapshot }, 'NoPermission'],
      ['DescribeSnapshots', { SnapshotId: free }, 'OK'],
      ['DescribeSnapshots', { SnapshotId: 's-none' }, 'NoPermission'],
      ['DescribeVault', {}, 'NoPermission'],
      ['CreateImage', { SnapshotId: snapshot, ImageName: 'theirs' }, 'NoPermission'],
      ['CreateImage', { 'SnapshotIds.1': snapshot, ImageName: 'theirs' }, 'NoPermission'],
      ['DeleteSnapshot', { 'SnapshotId.1': free, 'SnapshotId.2': snapshot }, 'NoPermission'],
      ['DeleteSnapshot', { 'SnapshotId.1': free }, 'OK'],
    ] as const)
      expect([action, parameters, await codeOf(bob, action, parameters)]).toEqual([action, parameters, code]);
    expect(await codeOf(bob, 'DescribeDesktops')).toBe('NoPermission');
    expect(await codeOf(bob, 'DescribeRegions')).toBe('OK');
    expect(await codeOf(bob, 'CreateDesktops', { BundleId: 'bundle_none' })).toBe(
      'InvalidDesktopBundle.NotFound',
    );
    const refused = await call(bob, 'StopDesktops', { 'DesktopId.1': denied });
    expect(refused.body.AccessDeniedDetail).toEqual({
      AuthAction: 'ecd:StopDesktops',
      AuthPrincipalType: 'SubUser',
      AuthPrincipalOwnerId: '100',
      AuthPrincipalDisplayName: 'bob',
      NoPermissionType: 'ExplicitDeny',
      PolicyType: 'AccountLevelIdentityBasedPolicy',
    });
  });

  test('a Deny of a snapshot refuses the listing of its desktop, and one beside an Allow needs nothing more', async () => {
    await open();
    const desktop = await door.bed.desktop();
    const [hidden, shown] = [
      await door.bed.snapshot({ desktop_id: desktop }),
      await door.bed.snapshot({ desktop_id: desktop }),
    ];
    const onSnapshot = (id: string, Effect = 'Allow') => ({
      ...{ Effect, Action: 'ecd:*', Resource: `acs:ecd:*:*:snapshot/${id}` },
    });
    const bob = await door.user('bob', onDesktop('*'), onSnapshot('*'), onSnapshot(hidden, 'Deny'));
    expect(await codeOf(bob, 'DescribeSnapshots', { DesktopId: desktop })).toBe('NoPermission');
    expect(await codeOf(bob, 'DescribeDisks', { DesktopId: desktop })).toBe('NoPermission');
    expect(await codeOf(bob, 'DescribeSnapshots', { SnapshotId: shown })).toBe('OK');
    // Another desktop shows nothing of it.
    const other = await door.bed.desktop();
    expect(await codeOf(bob, 'DescribeSnapshots', { DesktopId: other })).toBe('OK');
    expect(await codeOf(bob, 'DescribeDisks', { DesktopId: other })).toBe('OK');
    // Who is denied nothing needs no right to what is shown beside.
    const eve = await door.user('eve', onSnapshot('*'));
    expect(await codeOf(eve, 'DescribeSnapshots')).toBe('OK');
    expect(await codeOf(eve, 'DeleteSnapshot', { 'SnapshotId.1': shown })).toBe('OK');
  });

  test('a Deny of a desktop reaches the policies that it has, one of all snapshots the making of one', async () => {
    await open();
    const admin = await door.admin();
    const [denied, free] = [await door.bed.desktop(), await door.bed.desktop()];
    const policies: string[] = [];
    for (const desktop of [denied, free]) {
      const nightly = { PolicyName: 'nightly', CronExpression: '0 0 2 ? * 1-7', RetentionDays: '3' };
      const PolicyId = String((await call(admin, 'CreateAutoSnapshotPolicy', nightly)).body.PolicyId);
      await call(admin, 'ApplyAutoSnapshotPolicy', { PolicyId, 'DesktopId.1': desktop });
      policies.push(PolicyId);
    }
    const all = { Effect: 'Allow', Action: '*', Resource: '*' };
    const bob = await door.user('bob', all, onDesktop(denied, 'ecd:*', 'Deny'));
    // It names whatever desktops have a policy, and their snapshots; without one it names nothing.
    const ofSnapshots = { Effect: 'Deny', Action: '*', Resource: 'acs:ecd:*:*:snapshot/s-1' };
    const [dan, ann] = [await door.user('dan', all, ofSnapshots), await door.user('ann', all)];
    const PolicyId = policies[1]!;
    const thought = { CronExpression: '0 0 2 ? * 1-7' };
    for (const [who, code] of [
      [bob, 'NoPermission'],
      [dan, 'NoPermission'],
      [ann, 'OK'],
    ] as const) {
      expect(await codeOf(who, 'PreviewAutoSnapshotPolicy', { PolicyId })).toBe(code);
      expect(await codeOf(who, 'PreviewAutoSnapshotPolicy', thought)).toBe('OK');
    }
    for (const [at, code] of ['NoPermission', 'OK'].entries()) {
      const PolicyId = policies[at]!;
      expect(await codeOf(bob, 'ModifyAutoSnapshotPolicy', { PolicyId, RetentionDays: '1' })).toBe(code);
      expect(await codeOf(bob, 'DeleteAutoSnapshotPolicy', { 'PolicyId.1': PolicyId })).toBe(code);
    }
    const snapshots = { Effect: 'Deny', Action: 'ecd:CreateSnapshot', Resource: 'acs:ecd:*:*:snapshot/*' };
    const eve = await door.user('eve', all, snapshots);
    expect(await codeOf(eve, 'CreateSnapshot', { DesktopId: free, ...SNAPSHOT })).toBe('NoPermission');
  });

  test('are checked before parameters: who may not, learns nothing of them', async () => {
    await open();
    const bob = await door.user('bob', onDesktop('ecd-a', 'ecd:CreateSnapshot'));
    expect(await codeOf(bob, 'CreateSnapshot', { DesktopId: 'ecd-a' })).toBe('MissingSnapshotName');
    expect(await codeOf(bob, 'RunCommand', { DesktopId: 'ecd-a' })).toBe('NoPermission');
    expect(await codeOf(bob, 'CreateSnapshot', { RegionId: '', DesktopId: 'ecd-a' })).toBe('MissingRegionId');
  });

  test('look at the source address', async () => {
    await open();
    const from = (network: string) => ({
      ...onDesktop('*'),
      Condition: { IpAddress: { 'acs:SourceIp': network } },
    });
    const near = await door.user('near', from('127.0.0.0/8'));
    const far = await door.user('far', from('10.0.0.0/8'));
    expect(await codeOf(near, 'DescribeDesktops')).toBe('OK');
    expect(await codeOf(far, 'DescribeDesktops')).toBe('NoPermission');
  });
});

test('a refusal does not tell whether anything exists', async () => {
  await open();
  const desktop = await door.bed.desktop();
  const snapshot = await door.bed.snapshot({ desktop_id: desktop });
  const image = await door.bed.image();
  const bob = await door.user('bob', onDesktop('ecd-mine'), {
    Effect: 'Allow',
    Action: 'ecd:ResetSnapshot',
    Resource: 'acs:ecd:*:*:snapshot/*',
  });
  // The fakes answer as the real services do for what is not there.
  for (const what of ['take', 'stop', 'reset', 'rename', 'remove', 'run'])
    door.bed.answers.set(what, () => {
      throw new EcdError('InvalidDesktopId.NotFound');
    });
  const stripped = ({ status, body }: Answered) => {
    const { RequestId: _, Recommend: __, ...rest } = body as Record<string, unknown>;
    return { status, rest };
  };
  for (const [action, withId] of [
    ['CreateSnapshot', (id: string) => ({ DesktopId: id, ...SNAPSHOT })],
    ['StopDesktops', (id: string) => ({ 'DesktopId.1': id })],
    ['DeleteDesktops', (id: string) => ({ 'DesktopId.1': id })],
    ['ModifyDesktopName', (id: string) => ({ DesktopId: id, NewDesktopName: 'x' })],
    ['DescribeDesktops', (id: string) => ({ 'DesktopId.1': id })],
    ['DescribeSnapshots', (id: string) => ({ DesktopId: id })],
    ['DescribeInvocations', (id: string) => ({ DesktopId: id })],
  ] as const) {
    const there = stripped(await call(bob, action, withId(desktop)));
    expect(there.rest['Code']).toBe('NoPermission');
    expect(there.status).toBe(403);
    expect(stripped(await call(bob, action, withId('ecd-nothing')))).toEqual(there);
  }
  for (const [action, name, there] of [
    ['ResetSnapshot', 'SnapshotId', snapshot],
    ['DeleteSnapshot', 'SnapshotId.1', snapshot],
    ['DescribeSnapshots', 'SnapshotId', snapshot],
    ['DescribeImages', 'ImageId.1', image],
  ] as const) {
    const answer = stripped(await call(bob, action, { [name]: there }));
    expect([action, answer.rest['Code']]).toEqual([action, 'NoPermission']);
    expect(stripped(await call(bob, action, { [name]: 's-nothing' }))).toEqual(answer);
  }
  expect(door.bed.calls).toEqual([]);
});

test('a ticket, its hash and a Password stand in no log and in no record of the audit', async () => {
  await open({ auditReads: true });
  const DesktopId = await door.bed.desktop();
  const key = await door.admin();
  const { body } = await call(key, 'GetConnectionTicket', { DesktopId, Password: 'pass-0d5c9b41' });
  await call(key, 'GetConnectionTicket', { DesktopId: 'ecd-none', Password: 'pass-0d5c9b41' });
  const [row] = await door.bed.catalogue.db.selectFrom('tickets').selectAll().execute();
  const records = await door.audited();
  expect(records.map((record) => [record.Operation, record.Kind, record.Code, record.Resources])).toEqual([
    ['GetConnectionTicket', 'write', 'OK', [`desktop/${DesktopId}`]],
    ['GetConnectionTicket', 'write', 'InvalidDesktopId.NotFound', ['desktop/ecd-none']],
  ]);
  const written = JSON.stringify([records, door.logged]);
  for (const secret of [body.Ticket, row!.hash, 'pass-0d5c9b41', key.AccessKeySecret]) {
    expect(secret.length).toBeGreaterThan(10);
    expect(written).not.toContain(secret);
  }
});

test('a secret in the log fails the close of a door, in whichever test of it', async () => {
  await open();
  const leaking = await new AccessDoor().start();
  const key = await leaking.admin();
  leaking.logged.push(`before ${key.AccessKeySecret} after`);
  await expect(leaking.close()).rejects.toThrow(/must not:\nAccessKeySecret in the log$/);
});
