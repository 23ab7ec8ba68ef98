/** What a policy does by itself on a running service, what commands change beside it, and how the audit log tells of it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fields, Room } from './support/room.ts';

const MINUTE_MS = 60_000;

let room: Room;
beforeAll(async () => {
  // One of the two disks' snapshots is one too many.
  room = await Room.open({ policies: { jitterSeconds: 0, maxAutoPerDesktop: 1, timeZone: 'UTC' } });
});
afterAll(() => room?.close());

test('a policy takes both disks, deletes what is too much, and the audit log names policy, desktop and snapshots', async () => {
  const { DesktopId } = await room.client.ok('CreateDesktops', { BundleId: 'bundle_demo' });
  const desktop = (DesktopId as string[])[0]!;
  await room.until(desktop, 'Running');
  // Once a day, in a minute at most: nothing comes between what is done and what is asked.
  const point = new Date(Math.ceil((Date.now() + 5_000) / MINUTE_MS) * MINUTE_MS);
  const CronExpression = `0 ${point.getUTCMinutes()} ${point.getUTCHours()} * * ?`;
  const schedule = { PolicyName: 'once', CronExpression, RetentionDays: '1' };
  const PolicyId = String((await room.client.ok('CreateAutoSnapshotPolicy', schedule))['PolicyId']);
  await room.client.ok('ApplyAutoSnapshotPolicy', { PolicyId, 'DesktopId.1': desktop });
  const told = async () => {
    const asked = { Resource: `snapshotpolicy/${PolicyId}` };
    const { AuditEvents } = await room.client.ok('GetAuditEvents', asked);
    return (AuditEvents as Fields[]).filter((one) => one['PolicyId'] === PolicyId).toReversed();
  };
  await expect.poll(async () => (await told()).length, { timeout: 90_000, interval: 500 }).toBe(3);
  const [system, data, gone] = await told();
  const by = { PolicyId, UserName: 'Administrator', AccessKeyId: '', SourceAddress: '', Result: 'OK' };
  const named = [`desktop/${desktop}`, expect.stringMatching(/^snapshot\/s-/), `snapshotpolicy/${PolicyId}`];
  for (const made of [system, data])
    expect(made).toMatchObject({ ...by, Operation: 'CreateSnapshot', Resources: named });
  expect(gone).toMatchObject({ ...by, Operation: 'DeleteSnapshot', Resources: system!['Resources'] });
  expect(gone!['Reason']).toMatch(/^The desktop had 2 automatic snapshots and may have 1/);
  const { Snapshots } = await room.client.ok('DescribeSnapshots', { DesktopId: desktop });
  const left = (Snapshots as Fields[]).map((one) => [`snapshot/${one['SnapshotId']}`, one['SnapshotName']]);
  const day = point.toISOString().slice(0, 10).replaceAll('-', '');
  expect(left).toEqual([[(data!['Resources'] as string[])[1], `auto2.0_${day}_${PolicyId}`]]);
  const exported = (await room.service.command('audit', 'export')).trim().split('\n');
  const lines = exported.map((line) => JSON.parse(line) as Fields).filter((line) => 'PolicyId' in line);
  expect(lines.map((line) => [line['Operation'], line['Resources'], line['Code']])).toEqual(
    [system, data, gone].map((one) => [one!['Operation'], one!['Resources'], 'OK']),
  );
});

test('desktops that are stopped with a snapshot of their disks name those snapshots', async () => {
  const { DesktopId } = await room.client.ok('CreateDesktops', { BundleId: 'bundle_demo' });
  const desktop = (DesktopId as string[])[0]!;
  await room.until(desktop, 'Running');
  const stop = { 'DesktopId.1': desktop, ForceStop: 'true', CreateSnapshot: 'true' };
  const { RequestId } = await room.client.ok('StopDesktops', stop);
  const { Snapshots } = await room.client.ok('DescribeSnapshots', { DesktopId: desktop });
  const ids = (Snapshots as Fields[]).map((one) => `snapshot/${one['SnapshotId']}`);
  expect(ids).toHaveLength(2);
  const told = async () => {
    const asked = { EventRequestId: String(RequestId) };
    const { AuditEvents } = await room.client.ok('GetAuditEvents', asked);
    return ((AuditEvents as Fields[])[0]?.['Resources'] as string[] | undefined)?.toSorted();
  };
  await expect.poll(told).toEqual([`desktop/${desktop}`, ...ids, 'snapshot/new'].toSorted());
});

test('the audit log tells who made the key of the first start, and who may do what since', async () => {
  const made = async (Resource: string) => {
    const { AuditEvents } = await room.client.ok('GetAuditEvents', { Resource });
    return (AuditEvents as Fields[]).map((one) => one['Operation']);
  };
  await room.service.command('user', 'create', 'eve');
  await room.service.command('key', 'create', '--user', 'eve');
  expect(await made('user/eve')).toEqual(['CreateAccessKey', 'CreateUser']);
  expect(await made('user/Administrator')).toEqual(['CreateAccessKey']);
  const exported = (await room.service.command('audit', 'export')).trim().split('\n');
  const local = exported
    .map((line) => JSON.parse(line) as Fields)
    .filter((line) => line['SourceAddress'] === 'local');
  expect(local).toHaveLength(3);
  for (const line of local) expect(line['UserName']).not.toBe('');
});
