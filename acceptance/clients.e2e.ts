/** The real npm clients of the public service against the running service: each calls every operation, and is refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everyOperation, NAME, twelve } from './support/every-operation.ts';
import { OPERATIONS } from './support/operations.ts';
import { refusalOf } from './support/refusal.ts';
import { Room } from './support/room.ts';
import { type Key, SDK_NAMES, sdk } from './support/sdk.ts';
import { Service } from './support/service.ts';

const REGION = { RegionId: 'cn-hangzhou' };
let room: Room;
let service: Service;
/** A service that answers one request a second. */
let slow: Service;
/** Of a user without rights; of the Administrator; that have ended. */
let powerless: Key;
let temporary: Key;
let ended: Key;

beforeAll(async () => {
  room = await Room.open();
  ({ service } = room);
  slow = await Service.start({ settings: { limits: { userPerSecond: 1 } } });
  await service.command('user', 'create', 'bob');
  powerless = await service.newKey('key', 'create', '--user', 'bob');
  const temporaryFor = (seconds: number) =>
    service.newKey('key', 'temporary', '--user', 'Administrator', '--seconds', String(seconds));
  ended = await temporaryFor(1);
  temporary = await temporaryFor(3600);
  await new Promise((done) => setTimeout(done, 2_000));
});
afterAll(async () => {
  await slow?.close();
  await room?.close();
});

describe.each(SDK_NAMES)('%s', (name) => {
  const call = (action: string, parameters: Record<string, string> = {}, key = service.key) =>
    sdk(name, service.host, key)(action, { ...REGION, ...parameters });
  const refused = async (action: string, parameters: Record<string, string> = {}, key = service.key) => {
    const { status, code } = await refusalOf(name, call(action, parameters, key));
    return `${status} ${code}`;
  };

  test('finds the address of this server', async () => {
    expect((await call('DescribeRegions'))['Regions']).toMatchObject([
      { RegionId: 'cn-hangzhou', RegionEndpoint: service.host },
    ]);
  });

  test('does every operation, with awkward names and lists of twelve', async () => {
    const done = await everyOperation(room, sdk(name, service.host, service.key));
    expect([...done].sort()).toEqual(Object.keys(OPERATIONS).sort());
  });

  test('works with temporary credentials, and learns what is wrong with others', async () => {
    const rules = twelve((at) => ({ [`AuthorizeAccessPolicyRule.${at}.CidrIp`]: `10.${at}.0.0/16` }));
    const made = await call('CreatePolicyGroup', { Name: NAME, ...rules }, temporary);
    const id = { 'PolicyGroupId.1': String(made['PolicyGroupId']) };
    const { DescribePolicyGroups: groups } = await call('DescribePolicyGroups', id, temporary);
    expect(groups).toMatchObject([{ Name: NAME, AuthorizeAccessPolicyRules: { length: 12 } }]);
    await call('DeletePolicyGroups', id, temporary);
    const { securityToken = '', ...half } = temporary;
    const wrong = { ...temporary, accessKeySecret: half.accessKeySecret.toLowerCase() };
    for (const [key, refusal] of [
      [{ ...temporary, securityToken: securityToken.slice(4) }, '400 InvalidSecurityToken.Malformed'],
      [
        { ...temporary, securityToken: ended.securityToken! },
        '400 InvalidSecurityToken.MismatchWithAccessKey',
      ],
      [half, '400 MissingSecurityToken'],
      [ended, '400 InvalidSecurityToken.Expired'],
      [wrong, '400 SignatureDoesNotMatch'],
    ] as const)
      expect(await refused('DescribeRegions', {}, key)).toBe(refusal);
  });

  test('learns why it is refused', async () => {
    const none = { SnapshotId: 's-00000000000000000000' };
    const named = { SnapshotName: 'auto', SourceDiskType: 'system' };
    const DesktopId = 'ecd-00000000000000000';
    for (const [action, parameters, refusal] of [
      ['DescribeRestorePoints', {}, '404 InvalidAction.NotFound'],
      ['HibernateDesktops', {}, '403 UnsupportedOperation'],
      ['DescribeSnapshots', { RegionId: 'mars' }, '404 InvalidRegionId.NotFound'],
      ['DescribeSnapshots', { MaxResults: '101' }, '400 InvalidMaxResults'],
      ['CreateSnapshot', { DesktopId }, '400 MissingSnapshotName'],
      ['CreateSnapshot', { DesktopId, ...named }, '400 InvalidSnapshotName.Malformed'],
      ['ResetSnapshot', none, '404 InvalidSnapshotId.NotFound'],
      ['DeleteBundles', { 'BundleId.1': 'bundle_demo' }, '403 OperationDenied.SystemBundle'],
    ] as const)
      expect(await refused(action, parameters)).toBe(refusal);
    const unknown = { accessKeyId: 'nobody', accessKeySecret: 'x' };
    expect(await refused('DescribeRegions', {}, unknown)).toBe('404 InvalidAccessKeyId.NotFound');
    const wrong = { ...service.key, accessKeySecret: 'x' };
    expect(await refused('DescribeRegions', {}, wrong)).toBe('400 SignatureDoesNotMatch');
    expect(await refused('DescribeDesktops', {}, powerless)).toBe('403 NoPermission');
  });

  test('learns that it is too fast', async () => {
    const quick = sdk(name, slow.host, slow.key);
    const ends = await Promise.allSettled([1, 2, 3].map(() => quick('DescribeRegions', REGION)));
    const failed = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    expect(failed.length).toBeGreaterThan(0);
    for (const error of failed) {
      expect(await refusalOf(name, Promise.reject(error))).toMatchObject({ code: 'Throttling.User' });
      // The only one that reads how long to wait.
      if (name === 'openapi-core') expect(error.retryAfter).toBeGreaterThan(0);
    }
  });
});
