/**
 * Every operation through the door, in JSON and in XML, with a blank disk for a guest: what needs no system inside.
 *
 * The answers that are no success are asserted one by one; all of them go into COVERAGE.md.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from './support/client.ts';
import {
  COMPLETE,
  DESKTOPS,
  NO_DESKTOP,
  NO_POLICY,
  NO_SNAPSHOT,
  type Parameters,
} from './support/complete.ts';
import { OPERATIONS } from './support/operations.ts';
import { REFUSALS } from './support/refusals.ts';
import { BOTH, Room } from './support/room.ts';
import type { Service } from './support/service.ts';

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
    expect(await refused(action, { ...COMPLETE[action], MaxResults: wrong })).toBe('400 InvalidMaxResults');
  expect(await refused(action, { ...COMPLETE[action], NextToken: 'nonsense' })).toBe('400 InvalidNextToken');
});

test.each(REFUSALS)('%s with %j is refused: %s', async (action, change, refusal) => {
  expect(await refused(action, { ...COMPLETE[action], ...change })).toBe(refusal);
});

test('what is not offered is told apart from what does not exist', async () => {
  expect(await refused('HibernateDesktops', { 'DesktopId.1': NO_DESKTOP })).toBe('403 UnsupportedOperation');
  expect(await refused('CopySnapshot', {})).toBe('404 InvalidAction.NotFound');
});

test('the metadata describe every operation, without a key', async () => {
  const base = `${service.url}/meta/v1/products/ecd/versions/2020-09-30`;
  const docs = (await (await fetch(`${base}/api-docs.json`)).json()) as {
    apis: Record<string, { parameters: { name: string }[] }>;
    endpoints: unknown[];
  };
  expect(Object.keys(docs.apis).sort()).toEqual(Object.keys(OPERATIONS).sort());
  expect(docs.endpoints).toEqual([{ regionId: 'cn-hangzhou', endpoint: service.host }]);
  const names = docs.apis['TagResources']!.parameters.map((parameter) => parameter.name);
  expect(names).toEqual(['RegionId', 'ResourceType', 'ResourceId', 'Tag']);
  const one = await fetch(`${base}/apis/TagResources/api.json`);
  expect(await one.json()).toEqual(docs.apis['TagResources']);
  const again = await fetch(`${base}/apis/TagResources/api.json`, {
    headers: { 'if-none-match': one.headers.get('etag') ?? '' },
  });
  expect(again.status).toBe(304);
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
  const OfficeSiteId = (await call('CreateSimpleOfficeSite', { OfficeSiteName: 'room' })).id('OfficeSiteId');
  const rule = { 'AuthorizeAccessPolicyRule.1.CidrIp': '10.0.0.0/8' };
  const PolicyGroupId = (await call('CreatePolicyGroup', { Clipboard: 'READ', ...rule })).id('PolicyGroupId');
  await call('ModifyPolicyGroup', { PolicyGroupId, Name: 'plain', Watermark: 'on' });
  await call('DescribeOfficeSites', { 'OfficeSiteId.1': OfficeSiteId });
  await call('DescribePolicyGroups', { 'PolicyGroupId.1': PolicyGroupId });
  const groups = await client.ok('DescribePolicyGroups', { 'PolicyGroupId.1': PolicyGroupId });
  expect(groups['DescribePolicyGroups']).toMatchObject([
    {
      Name: 'plain',
      Clipboard: 'read',
      Watermark: 'on',
      AuthorizeAccessPolicyRules: [{ CidrIp: '10.0.0.0/8' }],
    },
  ]);
  const office = { OfficeSiteId, PolicyGroupId };
  const tag = { 'Tag.1.Key': 'class', 'Tag.1.Value': '5 b' };
  const wanted = { BundleId: 'bundle_demo', Amount: '1', SnapshotPolicyId: policyId, ...office, ...tag };
  const desktopId = (await call('CreateDesktops', wanted)).id('DesktopId');
  const one = { 'DesktopId.1': desktopId };
  expect(desktopId).toMatch(/^ecd-[a-z0-9]{17}$/);
  await until(desktopId, 'Running');
  await call('DescribeDesktops', one);
  await call('DescribeDesktopInfo', one);
  expect((await client.ok('DescribeDesktops', one))['Desktops']).toMatchObject([
    {
      ...office,
      OfficeSiteName: 'room',
      PolicyGroupName: 'plain',
      Tags: [{ Key: 'class', Value: '5 b' }],
    },
  ]);
  const tagged = { ResourceType: DESKTOPS, 'ResourceId.1': desktopId };
  await call('TagResources', { ...tagged, 'Tag.1.Key': '借 lent', 'Tag.1.Value': '' });
  await call('ListTagResources', tagged);
  expect((await client.ok('ListTagResources', tagged))['TagResources']).toMatchObject([
    { ResourceId: desktopId, TagKey: '借 lent', TagValue: '' },
    { ResourceId: desktopId, TagKey: 'class', TagValue: '5 b' },
  ]);
  await call('UntagResources', { ...tagged, 'TagKey.1': 'class' });
  expect((await client.ok('DescribeDesktops', tag))['Desktops']).toEqual([]);
  expect(await refused('DeleteOfficeSites', { 'OfficeSiteId.1': OfficeSiteId })).toBe(
    '403 OperationDenied.OfficeSiteInUse',
  );
  expect(await refused('DeletePolicyGroups', { 'PolicyGroupId.1': PolicyGroupId })).toBe(
    '403 OperationDenied.PolicyGroupInUse',
  );
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
  await call('PreviewAutoSnapshotPolicy', { PolicyId: policyId });
  await call('DescribeDisks', { DesktopId: desktopId });
  await call('DescribeVault', {});
  await call('ModifyDesktopName', { DesktopId: desktopId, NewDesktopName: 'renamed' });
  const first = await call('GetConnectionTicket', { DesktopId: desktopId });
  const again = await call('GetConnectionTicket', { TaskId: first.id('TaskId') });
  expect([first, again].map((answer) => answer.id('TaskStatus'))).toEqual(['FINISHED', 'FINISHED']);
  expect(again.id('TaskId')).toBe(first.id('TaskId'));
  expect(first.id('Ticket')).toMatch(/^[A-Za-z0-9+/]{128}$/);
  expect(again.id('Ticket')).not.toBe(first.id('Ticket'));
  const picture = await call('GetDesktopScreenshot', { DesktopId: desktopId, MaxSize: '200' });
  const png = Buffer.from(picture.id('Screenshot'), 'base64');
  expect(png.toString('latin1', 1, 4)).toBe('PNG');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([
    Number(picture.id('Width')),
    Number(picture.id('Height')),
  ]);
  expect(Number(picture.id('Width'))).toBe(200);
  // The guest has no agent: the command waits, and is stopped before it is sent.
  const InvokeId = (await call('RunCommand', { ...COMPLETE['RunCommand'], ...one })).id('InvokeId');
  expect(await refused('StopInvocation', { InvokeId, 'DesktopId.1': NO_DESKTOP })).toBe(
    '404 InvalidDesktopId.NotFound',
  );
  await call('StopInvocation', { InvokeId, ...one });
  expect((await client.ok('DescribeInvocations', { InvokeId }))['Invocations']).toMatchObject([
    { InvocationStatus: 'Stopped' },
  ]);

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

  await call('RebootDesktops', { ...one, CreateSnapshot: 'true' });
  await until(desktopId, 'Running');
  await call('StopDesktops', { ...one, ForceStop: 'true', CreateSnapshot: 'true' });
  await until(desktopId, 'Stopped');
  const held = { DesktopId: desktopId, SnapshotName: 'before stop *' };
  const disks = (await client.ok('DescribeSnapshots', held))['Snapshots'] as Record<string, unknown>[];
  expect(disks.map((one) => one['SourceDiskType']).sort()).toEqual(['DATA', 'DATA', 'SYSTEM', 'SYSTEM']);
  expect(disks.map((one) => one['Consistency'])).toEqual(['crash', 'crash', 'crash', 'crash']);
  expect(await refused('RebootDesktops', one)).toBe('403 IncorrectDesktopStatus');
  expect(await refused('RunCommand', { ...COMPLETE['RunCommand'], ...one })).toBe(
    '403 IncorrectDesktopStatus',
  );
  expect(await refused('GetConnectionTicket', { DesktopId: desktopId })).toBe('403 IncorrectDesktopStatus');
  expect(await refused('GetDesktopScreenshot', { DesktopId: desktopId })).toBe('403 IncorrectDesktopStatus');
  const failed = await call('GetConnectionTicket', { TaskId: first.id('TaskId') });
  expect(failed.id('TaskCode')).toBe('IncorrectDesktopStatus');
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
  await call('DeleteOfficeSites', { 'OfficeSiteId.1': OfficeSiteId });
  await call('DeletePolicyGroups', { 'PolicyGroupId.1': PolicyGroupId });
  await call('GetAuditEvents', {});
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
