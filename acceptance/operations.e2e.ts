/**
 * Every operation through the door, in JSON and in XML, with a blank disk for a guest: what needs no system inside.
 *
 * The answers that are no success are asserted one by one; all of them go into COVERAGE.md.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from './support/client.ts';
import { OPERATIONS } from './support/operations.ts';
import { BOTH, type Parameters, Room } from './support/room.ts';
import type { Service } from './support/service.ts';

const NO_DESKTOP = 'ecd-00000000000000000';
const NO_POLICY = 'sp-00000000000000000';
const NO_IMAGE = 'm-00000000000000000';
const NO_SNAPSHOT = 's-00000000000000000000';

let room: Room;
let service: Service;
let client: Client;

beforeAll(async () => {
  room = await Room.open();
  ({ service, client } = room);
});
afterAll(() => room?.close());

const refused = (action: string, parameters: Parameters) => room.refused(action, parameters);
const until = (desktopId: string, status: string) => room.until(desktopId, status);
const accomplished = (snapshotId: string) => room.accomplished(snapshotId);

// What must be there for each operation.
const COMPLETE: Record<string, Parameters> = {
  CreateSnapshot: { DesktopId: NO_DESKTOP, SnapshotName: 'name', SourceDiskType: 'system' },
  DeleteSnapshot: { 'SnapshotId.1': NO_SNAPSHOT },
  ResetSnapshot: { SnapshotId: NO_SNAPSHOT },
  CreateAutoSnapshotPolicy: { PolicyName: 'nightly', RetentionDays: '3', CronExpression: '0 0 2 ? * 1-7' },
  ModifyAutoSnapshotPolicy: { PolicyId: NO_POLICY },
  DeleteAutoSnapshotPolicy: { 'PolicyId.1': NO_POLICY },
  ApplyAutoSnapshotPolicy: { PolicyId: NO_POLICY, 'DesktopId.1': NO_DESKTOP },
  CancelAutoSnapshotPolicy: { 'DesktopId.1': NO_DESKTOP },
  CreateDesktops: { BundleId: 'bundle_demo', Amount: '1' },
  StartDesktops: { 'DesktopId.1': NO_DESKTOP },
  StopDesktops: { 'DesktopId.1': NO_DESKTOP },
  RebootDesktops: { 'DesktopId.1': NO_DESKTOP },
  DeleteDesktops: { 'DesktopId.1': NO_DESKTOP },
  ModifyDesktopName: { DesktopId: NO_DESKTOP, NewDesktopName: 'name' },
  RebuildDesktops: { 'DesktopId.1': NO_DESKTOP },
  CreateBundle: {
    ...{ ImageId: NO_IMAGE, DesktopType: 'ecd.basic.small', RootDiskSizeGib: '4', 'UserDiskSizeGib.1': '0' },
  },
  DeleteBundles: { 'BundleId.1': 'b-00000000000000000' },
  CreateImage: { DesktopId: NO_DESKTOP },
  ModifyImageAttribute: { ImageId: NO_IMAGE },
  DeleteImages: { 'ImageId.1': NO_IMAGE },
  RunCommand: { 'DesktopId.1': NO_DESKTOP, Type: 'RunShellScript', CommandContent: 'true' },
};

const having = (code: string) =>
  Object.keys(OPERATIONS).filter((action) => OPERATIONS[action]!.includes(code));

test.each(Object.keys(OPERATIONS))('%s demands its region', async (action) => {
  expect(await refused(action, { ...COMPLETE[action], RegionId: undefined })).toBe('400 MissingRegionId');
});

test.each(having('InvalidRegionId.NotFound'))('%s demands a region that is served', async (action) => {
  expect(await refused(action, { ...COMPLETE[action], RegionId: 'mars' })).toBe(
    '404 InvalidRegionId.NotFound',
  );
});

test.each(having('InvalidMaxResults'))('%s pages within limits', async (action) => {
  for (const wrong of ['101', '-1', 'x', '1.5'])
    expect(await refused(action, { MaxResults: wrong })).toBe('400 InvalidMaxResults');
  expect(await refused(action, { NextToken: 'nonsense' })).toBe('400 InvalidNextToken');
});

test.each([
  ['CreateSnapshot', { SnapshotName: 'x' }, '400 InvalidSnapshotName.Malformed'],
  ['CreateSnapshot', { SnapshotName: 'x'.repeat(129) }, '400 InvalidSnapshotName.Malformed'],
  ['CreateSnapshot', { SnapshotName: 'auto-1' }, '400 InvalidSnapshotName.Malformed'],
  ['CreateSnapshot', { SnapshotName: 'a\nb' }, '400 InvalidSnapshotName.Malformed'],
  ['CreateSnapshot', { SnapshotName: '😀'.repeat(128) }, '404 InvalidDesktopId.NotFound'],
  ['CreateSnapshot', { SnapshotName: 'Automatic' }, '404 InvalidDesktopId.NotFound'],
  ['CreateSnapshot', { Description: '😀'.repeat(129) }, '400 InvalidDescription.Malformed'],
  ['CreateSnapshot', { SourceDiskType: 'both' }, '400 InvalidSourceDiskType.Malformed'],
  ['CreateSnapshot', { SourceDiskType: 'SYSTEM' }, '404 InvalidDesktopId.NotFound'],
  ['CreateSnapshot', { DesktopId: undefined }, '400 MissingDesktopId'],
  ['CreateSnapshot', { SourceDiskType: undefined }, '400 MissingSourceDiskType'],
  ['DeleteSnapshot', { 'SnapshotId.1': undefined }, '400 MissingSnapshotId'],
  ['ResetSnapshot', {}, '404 InvalidSnapshotId.NotFound'],
  ['ResetSnapshot', { StopDesktop: 'perhaps' }, '400 InvalidStopDesktop'],
  ['CreateAutoSnapshotPolicy', { PolicyName: 'x' }, '400 InvalidSnapshotPolicyName.Malformed'],
  ['CreateAutoSnapshotPolicy', { RetentionDays: '181' }, '400 InvalidRetentionDays.Malformed'],
  ['CreateAutoSnapshotPolicy', { CronExpression: '0 2 * * *' }, '400 InvalidCronExpression.Malformed'],
  ['CreateAutoSnapshotPolicy', { DiskType: 'both' }, '400 InvalidDiskType'],
  ['ModifyAutoSnapshotPolicy', {}, '404 InvalidAutoSnapshotPolicyId.NotFound'],
  ['ModifyAutoSnapshotPolicy', { PolicyName: 'http://x' }, '400 InvalidSnapshotPolicyName.Malformed'],
  ['ModifyAutoSnapshotPolicy', { RetentionDays: '0' }, '400 InvalidRetentionDays.Malformed'],
  ['ModifyAutoSnapshotPolicy', { CronExpression: 'daily' }, '400 InvalidCronExpression.Malformed'],
  ['ApplyAutoSnapshotPolicy', {}, '404 InvalidAutoSnapshotPolicyId.NotFound'],
  ['CancelAutoSnapshotPolicy', {}, '404 InvalidDesktopId.NotFound'],
  ['CancelAutoSnapshotPolicy', { PolicyId: NO_POLICY }, '404 InvalidAutoSnapshotPolicyId.NotFound'],
  ['CreateDesktops', { SnapshotPolicyId: NO_POLICY }, '404 InvalidAutoSnapshotPolicyId.NotFound'],
  ['DescribeSnapshots', { StartTime: 'yesterday' }, '400 InvalidStartTime'],
  ['DescribeDesktops', { DesktopStatus: 'Asleep' }, '400 InvalidDesktopStatus'],
  ['CreateDesktops', { Amount: '0' }, '400 InvalidAmount'],
  ['CreateDesktops', { BundleId: 'b-00000000000000000' }, '404 InvalidDesktopBundle.NotFound'],
  ['CreateDesktops', { DesktopName: '1 bad name' }, '400 InvalidDesktopName.Malformed'],
  ['ModifyDesktopName', { NewDesktopName: '' }, '400 MissingNewDesktopName'],
  ['ModifyDesktopName', { NewDesktopName: 'http://x' }, '400 InvalidDesktopName.Malformed'],
  ['ModifyDesktopName', {}, '404 InvalidDesktopId.NotFound'],
  ['StartDesktops', {}, '404 InvalidDesktopId.NotFound'],
  ['StopDesktops', {}, '404 InvalidDesktopId.NotFound'],
  ['RebootDesktops', {}, '404 InvalidDesktopId.NotFound'],
  ['DeleteDesktops', {}, '404 InvalidDesktopId.NotFound'],
  ['RebuildDesktops', { ImageId: NO_IMAGE }, '404 InvalidImageId.NotFound'],
  ['RebuildDesktops', { AfterStatus: 'Asleep' }, '400 InvalidAfterStatus'],
  ['RebuildDesktops', { 'DesktopId.1': undefined }, '400 MissingDesktopId'],
  ['CreateBundle', {}, '404 InvalidImageId.NotFound'],
  ['CreateBundle', { DesktopType: 'none' }, '400 InvalidDesktopType'],
  ['CreateBundle', { RootDiskSizeGib: undefined }, '400 MissingRootDiskSizeGib'],
  ['CreateBundle', { Description: 'x'.repeat(257) }, '400 InvalidDescription.Malformed'],
  ['DeleteBundles', {}, '404 InvalidDesktopBundle.NotFound'],
  ['DeleteBundles', { 'BundleId.2': 'bundle_demo' }, '403 OperationDenied.SystemBundle'],
  ['CreateImage', {}, '404 InvalidDesktopId.NotFound'],
  ['CreateImage', { DesktopId: undefined }, '400 MissingDesktopId'],
  ['CreateImage', { ImageName: 'x' }, '400 InvalidImageName.Malformed'],
  ['CreateImage', { Description: 'x'.repeat(257) }, '400 InvalidDescription.Malformed'],
  ['CreateImage', { SnapshotId: NO_SNAPSHOT }, '404 InvalidSnapshotId.NotFound'],
  ['CreateImage', { 'SnapshotIds.1': 's-1', 'SnapshotIds.2': 's-2' }, '400 InvalidSnapshotIds'],
  ['CreateImage', { 'DataSnapshotIds.1': NO_SNAPSHOT }, '400 InvalidDataSnapshotIds'],
  ['CreateImage', { AutoCleanUserdata: 'true' }, '400 InvalidAutoCleanUserdata'],
  ['CreateImage', { DiskType: 'data' }, '400 InvalidDiskType'],
  ['ModifyImageAttribute', { Name: 'new' }, '404 InvalidImageId.NotFound'],
  ['ModifyImageAttribute', { Name: 'x' }, '400 InvalidImageName.Malformed'],
  ['ModifyImageAttribute', { Description: 'x'.repeat(257) }, '400 InvalidDescription.Malformed'],
  ['ModifyImageAttribute', { ImageId: undefined }, '400 MissingImageId'],
  ['DeleteImages', {}, '404 InvalidImageId.NotFound'],
  ['DeleteImages', { 'ImageId.1': undefined }, '400 MissingImageId'],
  ['RunCommand', {}, '404 InvalidDesktopId.NotFound'],
  ['RunCommand', { Type: 'RunPerl' }, '400 InvalidType'],
] as [string, Parameters, string][])('%s with %j is refused: %s', async (action, change, refusal) => {
  expect(await refused(action, { ...COMPLETE[action], ...change })).toBe(refusal);
});

test.each(BOTH)('a desktop from its making to its end, in $format', async (options) => {
  const call = async (action: string, parameters: Parameters) => {
    const answer = await client.call(action, parameters, options);
    expect(answer.code, `${answer.text}\n${service.log.slice(-2000)}`).toBe('OK');
    expect(answer.format).toBe(options.format);
    const id = (name: string) =>
      options.format === 'JSON'
        ? String([answer.body[name]].flat()[0])
        : (new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer.text)?.[1] ?? '');
    return { ...answer, id };
  };
  for (const action of ['DescribeRegions', 'DescribeBundles', 'DescribeImages', 'DescribeInvocations'])
    await call(action, {});
  const policy = { PolicyName: '每晚 nightly', RetentionDays: '3', CronExpression: '0 0 2 ? * 2/2' };
  const policyId = (await call('CreateAutoSnapshotPolicy', policy)).id('PolicyId');
  expect(policyId).toMatch(/^sp-[a-z0-9]{17}$/);
  const wanted = { BundleId: 'bundle_demo', Amount: '1', SnapshotPolicyId: policyId };
  const desktopId = (await call('CreateDesktops', wanted)).id('DesktopId');
  const one = { 'DesktopId.1': desktopId };
  expect(desktopId).toMatch(/^ecd-[a-z0-9]{17}$/);
  await until(desktopId, 'Running');
  await call('DescribeDesktops', one);
  await call('DescribeAutoSnapshotPolicy', { PolicyId: policyId });
  await call('CancelAutoSnapshotPolicy', { ...one, PolicyId: policyId });
  expect(await refused('ApplyAutoSnapshotPolicy', { PolicyId: policyId, 'DesktopId.1': NO_DESKTOP })).toBe(
    '404 InvalidDesktopId.NotFound',
  );
  await call('ApplyAutoSnapshotPolicy', { ...one, PolicyId: policyId });
  await call('ModifyAutoSnapshotPolicy', { PolicyId: policyId, RetentionDays: '180', DiskType: 'system' });
  const changed = await client.ok('DescribeAutoSnapshotPolicy', { PolicyId: policyId });
  expect(changed['AutoSnapshotPolicies']).toMatchObject([
    { ...policy, RetentionDays: '180', DiskType: 'SYSTEM', TimePoints: '["2"]', DesktopNum: 1 },
  ]);
  const { Desktops } = await client.ok('DescribeDesktops', { SnapshotPolicyId: policyId });
  expect(Desktops).toMatchObject([{ DesktopId: desktopId, SnapshotPolicyName: policy.PolicyName }]);
  await call('ModifyDesktopName', { DesktopId: desktopId, NewDesktopName: 'renamed' });
  await call('RunCommand', { ...COMPLETE['RunCommand'], ...one });

  const snapshot = { DesktopId: desktopId, SnapshotName: 'a b 中<&>', SourceDiskType: 'SYSTEM' };
  const snapshotId = (await call('CreateSnapshot', snapshot)).id('SnapshotId');
  expect(snapshotId).toMatch(/^s-[a-z0-9]{20}$/);
  await call('DescribeSnapshots', { SnapshotId: snapshotId });
  expect(await accomplished(snapshotId)).toMatchObject({
    Status: 'ACCOMPLISHED',
    Progress: '100%',
    SnapshotName: 'a b 中<&>',
    SourceDiskType: 'SYSTEM',
    DesktopId: desktopId,
    DesktopName: 'renamed',
  });
  const data = await call('CreateSnapshot', { ...snapshot, SourceDiskType: 'data' });
  await accomplished(data.id('SnapshotId'));
  expect(await refused('ResetSnapshot', { SnapshotId: snapshotId })).toBe('403 IncorrectDesktopStatus');

  await call('RebootDesktops', one);
  await until(desktopId, 'Running');
  await call('StopDesktops', { ...one, ForceStop: 'true' });
  await until(desktopId, 'Stopped');
  expect(await refused('RebootDesktops', one)).toBe('403 IncorrectDesktopStatus');
  expect(await refused('RunCommand', { ...COMPLETE['RunCommand'], ...one })).toBe(
    '403 IncorrectDesktopStatus',
  );
  await call('ResetSnapshot', { SnapshotId: snapshotId });
  for (let tries = 0; (await client.call('StartDesktops', one, options)).status !== 200; tries++) {
    expect(tries).toBeLessThan(300);
    await new Promise((r) => setTimeout(r, 100));
  }
  await until(desktopId, 'Running');
  await call('DeleteSnapshot', { 'SnapshotId.1': snapshotId, 'SnapshotId.2': NO_SNAPSHOT });
  expect((await client.ok('DescribeSnapshots', { SnapshotId: snapshotId }))['Snapshots']).toEqual([]);
  await call('DeleteAutoSnapshotPolicy', { 'PolicyId.1': policyId, 'PolicyId.2': NO_POLICY });
  await call('DeleteDesktops', one);
  await until(desktopId, 'Deleted');
});

test('a request that was answered cannot be sent again, not even to a service that was started again', async () => {
  const { signByParameters } = await import('./support/signer.ts');
  const signed = signByParameters(service.key, 'DeleteSnapshot', {
    RegionId: 'cn-hangzhou',
    SnapshotId: NO_SNAPSHOT,
  });
  expect((await client.send(signed)).status).toBe(200);
  expect((await client.send(signed)).code).toBe('SignatureNonceUsed');
  expect(await service.down()).toBe(0);
  await service.up();
  client = room.client = service.client();
  expect((await client.send(signed)).code).toBe('SignatureNonceUsed');
});
