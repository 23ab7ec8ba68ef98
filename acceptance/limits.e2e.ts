/**
 * What is refused because something is full, in use, under way or in another state: small settings, a disk that another
 * program has open, and a service that is held at a point. Each refusal in JSON and in XML.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { COMPLETE, DESKTOPS, NO_IMAGE, type Parameters } from './support/complete.ts';
import { Room } from './support/room.ts';

const BUNDLE = { id: 'small', name: 'Small', cpus: 1, memoryMib: 64, dataDiskGib: 0, image: 'demo' };
const SMALL = {
  desktops: { quota: 1, bundleQuota: 0, shutdownSeconds: 1 },
  policies: { quota: 0 },
  bundles: [BUNDLE],
};
const settings = (snapshots: object) => ({ ...SMALL, snapshots: { reserveBytes: 0, ...snapshots } });

let room: Room;
let desktop: string;
let snapshot: string;
const holders: ChildProcess[] = [];

beforeAll(async () => {
  room = await Room.open(settings({ quotaPerDisk: 2 }));
  const { DesktopId } = await room.client.ok('CreateDesktops', { BundleId: 'small' });
  desktop = (DesktopId as string[])[0]!;
  await room.until(desktop, 'Running');
});
afterEach(letGo);
afterAll(async () => {
  // One that is held does not end by itself.
  await room?.service.down('SIGKILL');
  await room?.close();
});

const one = (): Parameters => ({ 'DesktopId.1': desktop });
const wanted = (type = 'system'): Parameters => ({
  DesktopId: desktop,
  SnapshotName: 'limits',
  SourceDiskType: type,
});
const take = async () => String((await room.client.ok('CreateSnapshot', wanted()))['SnapshotId']);
const reset = (): Parameters => ({ SnapshotId: snapshot });
/** Of the bundle, with another image. */
const orderOf = (ImageId: string): Parameters => ({
  BundleId: 'small',
  DesktopAttachment: JSON.stringify({ ImageId }),
});
const image = (): Parameters => ({ DesktopId: desktop, ImageName: 'limits' });

/** The layers of the desktop's system disk, once all that is frozen is merged: the base, and the one that is written. */
async function merged(): Promise<Record<string, string>> {
  let layers: Record<string, string> = {};
  const kinds = async () => {
    const { Disks } = await room.client.ok('DescribeDisks', { DesktopId: desktop });
    const [disk] = Disks as { Layers: { Kind: string; LayerId?: string }[] }[];
    layers = Object.fromEntries(disk!.Layers.map(({ Kind, LayerId = '' }) => [Kind, LayerId]));
    return disk!.Layers.map(({ Kind }) => Kind).join();
  };
  await expect.poll(kinds, { timeout: 20_000 }).toMatch(/^(IMAGE,)?BASE,ACTIVE$/);
  return layers;
}

/** Every layer of every disk is open for writing in another program, as in an administrator's. */
async function hold(): Promise<void> {
  const disks = join(room.service.data, 'disks');
  const layers = async () =>
    (await readdir(disks, { recursive: true })).filter((name) => name.endsWith('.qcow2'));
  // A settle ends with its layer gone: base, active layer and the one prepared are left.
  await vi.waitUntil(async () => (await layers()).length === 3, { timeout: 20_000, interval: 50 });
  for (const name of await layers()) {
    const file = { driver: 'file', filename: join(disks, name) };
    const opened = `json:${JSON.stringify({ driver: 'qcow2', backing: null, file })}`;
    const holder = spawn('qemu-io', [opened], { stdio: ['pipe', 'pipe', 'inherit'] });
    holders.push(holder);
    holder.stdin.write('length\n');
    for (let said = ''; !said.includes('MiB'); )
      said += String((await once(holder.stdout, 'data', { signal: AbortSignal.timeout(20_000) }))[0]);
  }
  expect(holders.length).toBeGreaterThan(0);
}

async function letGo(): Promise<void> {
  for (const holder of holders.splice(0)) {
    const gone = once(holder, 'exit');
    holder.stdin!.end('quit\n');
    await gone;
  }
}

test('the number of desktops, bundles and policies', async () => {
  expect(await room.refused('CreateDesktops', { BundleId: 'small' })).toBe('403 QuotaExceed.Desktop');
  expect(await room.refused('CreateAutoSnapshotPolicy', COMPLETE['CreateAutoSnapshotPolicy']!)).toBe(
    '403 AutoSnapshotPolicy.QuotaExceed',
  );
  const { Images } = await room.client.ok('DescribeImages', {});
  const ImageId = String((Images as { ImageId: string }[])[0]!.ImageId);
  expect(await room.refused('CreateBundle', { ...COMPLETE['CreateBundle'], ImageId })).toBe(
    '403 QuotaExceed.Bundle',
  );
});

test('the number of office sites and of policy groups', async () => {
  const fill = async (action: string, more: (n: number) => Parameters) => {
    for (let n = 0; n < 1000; n += 20)
      await Promise.all(Array.from({ length: 20 }, (_, k) => room.client.call(action, more(n + k))));
  };
  await fill('CreateSimpleOfficeSite', (n) => ({ OfficeSiteName: `site-${n}` }));
  expect(await room.refused('CreateSimpleOfficeSite', { OfficeSiteName: 'one-more' })).toBe(
    '403 QuotaExceed.OfficeSite',
  );
  await fill('CreatePolicyGroup', (n) => ({ Name: `group ${n}` }));
  expect(await room.refused('CreatePolicyGroup', { Name: 'one more' })).toBe('403 QuotaExceed.PolicyGroup');
});

test('the number of tags, and desktops that cannot be shared out or have no image', async () => {
  const tagged = { ResourceType: DESKTOPS, 'ResourceId.1': desktop };
  const tags = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`Tag.${n + 1}.Key`, `key ${n}`]));
  await room.client.ok('TagResources', { ...tagged, ...tags });
  expect(await room.refused('TagResources', { ...tagged, 'Tag.1.Key': 'one more' })).toBe(
    '403 QuotaExceed.Tag',
  );
  const users = { UserAssignMode: 'PER_USER', 'EndUserId.1': 'alice', 'EndUserId.2': 'bob' };
  expect(await room.refused('CreateDesktops', { BundleId: 'small', Amount: '3', ...users })).toBe(
    '400 InvalidAmount.NotTimesOfUsers',
  );
  expect(await room.refused('CreateDesktops', orderOf(NO_IMAGE))).toBe('404 InvalidImageId.NotFound');
});

/** What holds the disks of a running desktop first is refused for the same reasons, and stops nothing. */
async function holdingIsRefused(refusal: string): Promise<void> {
  for (const action of ['StopDesktops', 'RebootDesktops'])
    expect(await room.refused(action, { ...one(), CreateSnapshot: 'true' })).toBe(refusal);
  expect((await room.until(desktop, 'Running'))['DesktopStatus']).toBe('Running');
}

test('disks of a running desktop that cannot be held', async () => {
  const taken = [await take(), await take()];
  await Promise.all(taken.map((id) => room.accomplished(id)));
  await holdingIsRefused('403 QuotaExceed.Snapshot');
  await room.client.ok('DeleteSnapshot', { 'SnapshotId.1': taken[0]!, 'SnapshotId.2': taken[1]! });
  await room.restart(settings({ reserveBytes: 2 ** 52 }));
  await holdingIsRefused('403 OperationDenied.InsufficientSpace');
  await room.restart(settings({ maxWaitingLayers: 1 }), 'archive.flushed=stall');
  const early = await take();
  await holdingIsRefused('403 QuotaExceed.WaitingLayers');
  await room.restart(settings({}));
  await room.accomplished(early);
  const [disks, away] = [join(room.service.data, 'disks'), join(room.service.data, '../away')];
  const [disk] = await readdir(disks);
  await rename(join(disks, disk!), away);
  await holdingIsRefused('403 OperationDenied.SnapshotFailed');
  await rename(away, join(disks, disk!));
  await room.restart(settings({}), 'reset.intended=stall');
  await room.client.ok('ResetSnapshot', { SnapshotId: early, StopDesktop: 'true' });
  await holdingIsRefused('409 OperationConflict');
  await room.restart(settings({ quotaPerDisk: 2 }));
  await room.until(desktop, 'Stopped');
  await room.client.ok('DeleteSnapshot', { 'SnapshotId.1': early });
  await room.client.ok('StartDesktops', one());
  await room.until(desktop, 'Running');
});

test('a disk that is not there, and commands that the status does not allow', async () => {
  expect(await room.refused('CreateSnapshot', wanted('data'))).toBe('404 InvalidSourceDiskType.NotFound');
  expect(await room.refused('StartDesktops', one())).toBe('403 IncorrectDesktopStatus');
  await room.client.ok('StopDesktops', { ...one(), ForceStop: 'true' });
  await room.until(desktop, 'Stopped');
  expect(await room.refused('StopDesktops', one())).toBe('403 IncorrectDesktopStatus');
});

test('a disk that another program has open, and one whose files are not there', async () => {
  snapshot = await take();
  await room.accomplished(snapshot);
  await hold();
  expect(await room.refused('CreateSnapshot', wanted())).toBe('403 OperationDenied.DiskInUse');
  expect(await room.refused('CreateImage', image())).toBe('403 OperationDenied.DiskInUse');
  expect(await room.refused('ResetSnapshot', reset())).toBe('403 OperationDenied.DiskInUse');
  await letGo();
  const [disks, away] = [join(room.service.data, 'disks'), join(room.service.data, '../away')];
  const [disk] = await readdir(disks);
  await rename(join(disks, disk!), away);
  expect(await room.refused('CreateSnapshot', wanted())).toBe('403 OperationDenied.SnapshotFailed');
  expect(await room.refused('CreateImage', image())).toBe('403 OperationDenied.SnapshotFailed');
  await rename(away, join(disks, disk!));
  expect((await room.accomplished(await take()))['Status']).toBe('ACCOMPLISHED');
});

test('a reset that would write, and finds too little space', async () => {
  await room.restart(settings({}));
  const { ACTIVE: active } = await merged();
  const [disk] = await readdir(join(room.service.data, 'disks'));
  const file = { driver: 'file', filename: join(room.service.data, 'disks', disk!, `${active}.qcow2`) };
  // As the guest would write: what was held before is then nowhere but in the vault.
  const write = spawn('qemu-io', [
    ...['-c', 'write -P 1 0 1M', `json:${JSON.stringify({ driver: 'qcow2', backing: null, file })}`],
  ]);
  expect((await once(write, 'exit'))[0]).toBe(0);
  const later = await take();
  await room.accomplished(later);
  await merged();
  await room.restart(settings({ reserveBytes: 2 ** 52 }));
  expect(await room.refused('ResetSnapshot', reset())).toBe('403 OperationDenied.InsufficientSpace');
  // One that writes nothing needs none, and the disk is nobody's.
  await room.client.ok('ResetSnapshot', { SnapshotId: later });
  await room.restart(settings({ quotaPerDisk: 2 }));
  await room.client.ok('ResetSnapshot', reset());
  await room.client.ok('DeleteSnapshot', { 'SnapshotId.1': later });
});

test('the number of snapshots of a disk, and the space that is kept free', async () => {
  expect(await room.refused('CreateSnapshot', wanted())).toBe('403 QuotaExceed.Snapshot');
  await room.restart({
    ...settings({ reserveBytes: 2 ** 52 }),
    desktops: { ...SMALL.desktops, quota: 2 },
  });
  for (const [action, parameters] of [
    ['CreateSnapshot', wanted()],
    ['CreateImage', image()],
    ['CreateDesktops', { BundleId: 'small' }],
  ] as const)
    expect(await room.refused(action, parameters)).toBe('403 OperationDenied.InsufficientSpace');
});

test('layers that wait for the vault, a snapshot that is not stored yet, and an image that is not made', async () => {
  const more = { ...SMALL.desktops, quota: 9, bundleQuota: 9 };
  await room.restart(
    { ...settings({ maxWaitingLayers: 1 }), desktops: more },
    'archive.flushed=stall,image.opened=stall',
  );
  const made = await room.client.ok('CreateImage', { SnapshotId: snapshot, ImageName: 'half made' });
  const ImageId = String(made['ImageId']);
  expect(await room.refused('CreateBundle', { ...COMPLETE['CreateBundle'], ImageId })).toBe(
    '403 IncorrectImageStatus',
  );
  expect(await room.refused('CreateDesktops', orderOf(ImageId))).toBe('403 IncorrectImageStatus');
  expect(await room.refused('RebuildDesktops', { ...one(), ImageId })).toBe('403 IncorrectImageStatus');
  const early = await take();
  expect(await room.refused('CreateSnapshot', wanted())).toBe('403 QuotaExceed.WaitingLayers');
  expect(await room.refused('CreateImage', image())).toBe('403 QuotaExceed.WaitingLayers');
  expect(await room.refused('ResetSnapshot', { SnapshotId: early })).toBe('403 InvalidSnapshotId.NotReady');
});

test('a disk that is being reset', async () => {
  await room.restart(settings({}), 'reset.intended=stall');
  await room.client.ok('ResetSnapshot', reset());
  expect(await room.refused('CreateSnapshot', wanted())).toBe('409 OperationConflict');
  expect(await room.refused('CreateImage', image())).toBe('409 OperationConflict');
  expect(await room.refused('ResetSnapshot', reset())).toBe('409 OperationConflict');
});

test('a desktop that is Starting, and one that is deleted', async () => {
  await room.restart(settings({}), 'desktop.start.opening=stall');
  await room.client.ok('StartDesktops', one());
  expect(await room.until(desktop, 'Starting')).toBeTruthy();
  // Until the reset is done that the service before has promised.
  for (let tries = 0; tries < 100; tries++) {
    if ((await room.client.call('CreateSnapshot', wanted())).code !== 'OperationConflict') break;
    await new Promise((r) => setTimeout(r, 100));
  }
  expect(await room.refused('CreateSnapshot', wanted())).toBe('403 IncorrectDesktopStatus');
  expect(await room.refused('CreateImage', image())).toBe('403 IncorrectDesktopStatus');
  expect(await room.refused('StartDesktops', one())).toBe('403 IncorrectDesktopStatus');
  await room.client.ok('DeleteDesktops', one());
  expect(await room.refused('ResetSnapshot', reset())).toBe('404 InvalidDesktopId.NotFound');
});
