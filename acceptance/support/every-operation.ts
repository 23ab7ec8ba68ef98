/**
 * One client calls every operation with success, on a desktop from its making to its end. The names are awkward and the
 * lists long, so that a client whose signature, encoding or lists are misread cannot pass.
 */
import { expect } from 'vitest';
import { DESKTOPS, NO_SNAPSHOT } from './complete.ts';
import type { Fields, Room } from './room.ts';
import type { SdkCall } from './sdk.ts';

export const NAME = "a b*~!'()/中文+&=";
const TWELVE = Array.from({ length: 12 }, (_, at) => at + 1);
/** Flat parameters of a list with twelve items. */
export const twelve = (field: (item: number) => Record<string, string>): Record<string, string> =>
  Object.assign({}, ...TWELVE.map(field));
const PATIENCE_MS = 60_000;

type Call = (action: string, parameters?: Record<string, string>) => Promise<Fields>;
const first = (value: unknown) => String([value].flat()[0]);
const items = (answer: Fields, list: string) => answer[list] as Fields[];

/** Gives the operations that have succeeded. */
export async function everyOperation(room: Room, send: SdkCall): Promise<ReadonlySet<string>> {
  const done = new Set<string>();
  const call: Call = async (action, parameters = {}) => {
    const answer = await send(action, { RegionId: 'cn-hangzhou', ...parameters });
    done.add(action);
    return answer;
  };
  for (const action of ['DescribeRegions', 'DescribeBundles', 'DescribeImages', 'DescribeInvocations'])
    await call(action);
  const office = await offices(call);
  const PolicyId = await policies(call);
  const made = await call('CreateDesktops', {
    BundleId: 'bundle_demo',
    SnapshotPolicyId: PolicyId,
    ...office,
  });
  const DesktopId = first(made['DesktopId']);
  await room.until(DesktopId, 'Running');
  await running(call, DesktopId, PolicyId, office);
  const SnapshotId = await snapshots(room, call, DesktopId);
  const ImageId = await images(room, call, SnapshotId);
  await stopped(room, call, DesktopId, SnapshotId);
  const list = twelve((at) => ({ [`SnapshotId.${at}`]: at === 12 ? SnapshotId : NO_SNAPSHOT }));
  await call('DeleteSnapshot', list);
  expect(items(await call('DescribeSnapshots', { DesktopId }), 'Snapshots')).toEqual([]);
  await call('DeleteDesktops', { 'DesktopId.1': DesktopId });
  await room.until(DesktopId, 'Deleted');
  await call('DeleteAutoSnapshotPolicy', { 'PolicyId.1': PolicyId });
  await call('DeleteOfficeSites', { 'OfficeSiteId.1': office.OfficeSiteId });
  await call('DeletePolicyGroups', { 'PolicyGroupId.1': office.PolicyGroupId });
  await call('DeleteImages', { 'ImageId.1': ImageId });
  await audited(call);
  return done;
}

/** The log is written a moment after the answer. */
async function audited(call: Call): Promise<void> {
  const newest = async () => items(await call('GetAuditEvents', { MaxResults: '1' }), 'AuditEvents')[0];
  await expect.poll(newest).toMatchObject({ Operation: 'DeleteImages', Result: 'OK', Kind: 'write' });
}

/** An office site and a policy group, as they come back. */
async function offices(call: Call) {
  const OfficeSiteId = first(
    (await call('CreateSimpleOfficeSite', { OfficeSiteName: '中文-site' }))['OfficeSiteId'],
  );
  const rules = twelve((at) => ({
    [`AuthorizeAccessPolicyRule.${at}.CidrIp`]: `10.${at}.0.0/16`,
    [`AuthorizeAccessPolicyRule.${at}.Description`]: `${NAME} ${at}`,
  }));
  const group = await call('CreatePolicyGroup', { Name: NAME, ...rules });
  const PolicyGroupId = first(group['PolicyGroupId']);
  await call('ModifyPolicyGroup', { PolicyGroupId, Clipboard: 'readwrite' });
  const described = await call('DescribePolicyGroups', { 'PolicyGroupId.1': PolicyGroupId });
  const [shown] = items(described, 'DescribePolicyGroups');
  expect(shown).toMatchObject({ Name: NAME, Clipboard: 'readwrite' });
  const wanted = TWELVE.map((at) => ({ CidrIp: `10.${at}.0.0/16`, Description: `${NAME} ${at}` }));
  expect(shown!['AuthorizeAccessPolicyRules']).toMatchObject(wanted);
  const sites = await call('DescribeOfficeSites', { 'OfficeSiteId.1': OfficeSiteId });
  expect(items(sites, 'OfficeSites')).toMatchObject([{ Name: '中文-site' }]);
  return { OfficeSiteId, PolicyGroupId };
}

async function policies(call: Call): Promise<string> {
  const policy = { PolicyName: NAME, RetentionDays: '3', CronExpression: '0 0 2 ? * 1-7' };
  const PolicyId = first((await call('CreateAutoSnapshotPolicy', policy))['PolicyId']);
  await call('ModifyAutoSnapshotPolicy', { PolicyId, RetentionDays: '180' });
  const described = await call('DescribeAutoSnapshotPolicy', { PolicyId });
  expect(items(described, 'AutoSnapshotPolicies')).toMatchObject([
    { PolicyName: NAME, CronExpression: policy.CronExpression, RetentionDays: '180' },
  ]);
  const { Runs } = await call('PreviewAutoSnapshotPolicy', { PolicyId });
  expect(Runs).toHaveLength(10);
  return PolicyId;
}

async function running(
  call: Call,
  DesktopId: string,
  PolicyId: string,
  office: Record<string, string>,
): Promise<void> {
  const one = { 'DesktopId.1': DesktopId };
  await call('CancelAutoSnapshotPolicy', { ...one, PolicyId });
  await call('ApplyAutoSnapshotPolicy', { ...one, PolicyId });
  await call('ModifyDesktopName', { DesktopId, NewDesktopName: '中文-1' });
  const tagged = { ResourceType: DESKTOPS, 'ResourceId.1': DesktopId };
  await call(
    'TagResources',
    twelve((at) => ({ ...tagged, [`Tag.${at}.Key`]: `k${at}`, [`Tag.${at}.Value`]: NAME })),
  );
  expect(items(await call('ListTagResources', tagged), 'TagResources')).toHaveLength(12);
  await call('UntagResources', { ...tagged, 'TagKey.1': 'k1' });
  const [desktop] = items(await call('DescribeDesktops', one), 'Desktops');
  expect(desktop).toMatchObject({ ...office, DesktopName: '中文-1', SnapshotPolicyId: PolicyId });
  expect(desktop!['Tags']).toHaveLength(11);
  expect(items(await call('DescribeDesktopInfo', one), 'Desktops')).toHaveLength(1);
  expect(await call('GetConnectionTicket', { DesktopId })).toMatchObject({ TaskStatus: 'FINISHED' });
  const picture = await call('GetDesktopScreenshot', { DesktopId, MaxSize: '64' });
  expect(String(picture['Screenshot'])).toMatch(/^iVBORw0KGgo/);
  // The guest has no agent: the command waits, and is stopped before it is sent.
  const command = { ...one, Type: 'RunShellScript', CommandContent: `echo "${NAME}"` };
  const InvokeId = first((await call('RunCommand', command))['InvokeId']);
  await call('StopInvocation', { InvokeId });
  const asked = { InvokeId, ContentEncoding: 'PlainText' };
  expect(items(await call('DescribeInvocations', asked), 'Invocations')).toMatchObject([
    { CommandContent: command.CommandContent, InvocationStatus: 'Stopped' },
  ]);
}

async function snapshots(room: Room, call: Call, DesktopId: string): Promise<string> {
  const wanted = { DesktopId, SnapshotName: NAME, SourceDiskType: 'SYSTEM', Description: NAME };
  const SnapshotId = first((await call('CreateSnapshot', wanted))['SnapshotId']);
  await room.accomplished(SnapshotId);
  const found = items(await call('DescribeSnapshots', { DesktopId, SnapshotName: NAME }), 'Snapshots');
  expect(found).toMatchObject([{ SnapshotId, SnapshotName: NAME, Description: NAME }]);
  expect(items(await call('DescribeVault'), 'Desktops')).toBeDefined();
  expect(items(await call('DescribeDisks', { DesktopId }), 'Disks').length).toBeGreaterThan(0);
  return SnapshotId;
}

async function images(room: Room, call: Call, SnapshotId: string): Promise<string> {
  const ImageId = first((await call('CreateImage', { SnapshotId, ImageName: NAME }))['ImageId']);
  expect(await room.made(ImageId)).toMatchObject({ Status: 'Available', Name: NAME });
  await call('ModifyImageAttribute', { ImageId, Description: NAME });
  const sizes = { DesktopType: 'ecd.basic.small', RootDiskSizeGib: '1', 'UserDiskSizeGib.1': '0' };
  const bundle = await call('CreateBundle', { ImageId, BundleName: NAME, ...sizes });
  await call('DeleteBundles', { 'BundleId.1': first(bundle['BundleId']) });
  return ImageId;
}

async function stopped(room: Room, call: Call, DesktopId: string, SnapshotId: string): Promise<void> {
  const one = { 'DesktopId.1': DesktopId };
  await call('RebootDesktops', one);
  await room.until(DesktopId, 'Running');
  await call('StopDesktops', { ...one, ForceStop: 'true' });
  await room.until(DesktopId, 'Stopped');
  await call('ResetSnapshot', { SnapshotId });
  // The reset goes on for a moment.
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    const [result] = items(await call('RebuildDesktops', one), 'RebuildResults');
    if (result!['Code'] === 'success') break;
    expect(result!['Code']).toBe('OperationConflict');
    expect(Date.now()).toBeLessThan(deadline);
    await new Promise((r) => setTimeout(r, 100));
  }
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    const error = await call('StartDesktops', one).then(
      () => null,
      (e: unknown) => e as { code?: string },
    );
    if (error === null) break;
    expect(error.code).toMatch(/^OperationConflict/);
    expect(Date.now()).toBeLessThan(deadline);
    await new Promise((r) => setTimeout(r, 100));
  }
  await room.until(DesktopId, 'Running');
}
