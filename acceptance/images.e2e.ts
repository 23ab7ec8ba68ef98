/** Images made of snapshots and of desktops, through the door, in JSON and in XML. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOTH, Room } from './support/room.ts';

let room: Room;
beforeAll(async () => {
  room = await Room.open();
});
afterAll(() => room?.close());

/** A desktop gets its system disk anew from another image, then its own, with a snapshot of before kept. */
async function rebuilt(desktopId: string, imageId: string): Promise<void> {
  const one = { 'DesktopId.1': desktopId };
  const running = await room.client.ok('RebuildDesktops', one);
  expect(running['RebuildResults']).toEqual([
    {
      ...{ DesktopId: desktopId, Code: 'IncorrectDesktopStatus' },
      Message: 'The current status of the desktop does not support this operation.',
    },
  ]);
  await room.client.ok('StopDesktops', one);
  await room.until(desktopId, 'Stopped');
  const taken = { DesktopId: desktopId, SnapshotName: 'before', SourceDiskType: 'system' };
  const snapshotId = String((await room.client.ok('CreateSnapshot', taken))['SnapshotId']);
  for (const [at, options] of BOTH.entries()) {
    const wanted = at === 0 ? { ...one, ImageId: imageId } : one;
    const answer = await room.client.call('RebuildDesktops', wanted, options);
    expect(answer.code, answer.text).toBe('OK');
    expect(answer.text).toContain('success');
  }
  const { Desktops } = await room.client.ok('DescribeDesktops', { 'ImageId.1': imageId });
  expect(Desktops).toMatchObject([{ DesktopId: desktopId, DesktopStatus: 'Stopped' }]);
  expect(await room.accomplished(snapshotId)).toMatchObject({ Status: 'ACCOMPLISHED' });
  await room.client.ok('ResetSnapshot', { SnapshotId: snapshotId });
  const after = { ...one, AfterStatus: 'Running' };
  for (let tries = 0; ; tries++) {
    const { RebuildResults } = await room.client.ok('RebuildDesktops', after);
    const { Code } = (RebuildResults as { Code: string }[])[0]!;
    if (Code === 'success') break;
    // The reset goes on for a moment.
    expect([Code, tries < 100]).toEqual(['OperationConflict', true]);
    await new Promise((r) => setTimeout(r, 100));
  }
  await room.until(desktopId, 'Running');
  await room.client.ok('DeleteSnapshot', { 'SnapshotId.1': snapshotId });
}

test('images from their making to their end', async () => {
  const { DesktopId } = await room.client.ok('CreateDesktops', { BundleId: 'bundle_demo', Amount: '1' });
  const desktopId = (DesktopId as string[])[0]!;
  await room.until(desktopId, 'Running');
  expect(await room.refused('CreateImage', { DesktopId: desktopId, DiskType: 'ALL' })).toBe(
    '400 InvalidDiskType',
  );
  const images: string[] = [];
  for (const [at, options] of BOTH.entries()) {
    const taken = { DesktopId: desktopId, SnapshotName: 'for an image', SourceDiskType: 'system' };
    const snapshotId = String((await room.client.ok('CreateSnapshot', taken))['SnapshotId']);
    const early = await room.client.call('CreateImage', { SnapshotId: snapshotId }, options);
    expect(['OK', 'InvalidSnapshotId.NotReady']).toContain(early.code);
    await room.accomplished(snapshotId);
    for (const from of [{ DesktopId: desktopId }, { SnapshotId: snapshotId }]) {
      const wanted = { ...from, ImageName: `gold ${at}`, Description: 'a b 中<&>' };
      const answer = await room.client.call('CreateImage', wanted, options);
      expect(answer.code, answer.text).toBe('OK');
      images.push(/\bm-[a-z0-9]{17}\b/.exec(answer.text)![0]);
    }
    const deleted = { 'SnapshotId.1': snapshotId };
    expect((await room.client.call('DeleteSnapshot', deleted, options)).code).toBe('OK');
    const changed = { ImageId: images[0]!, Name: `renamed ${at}` };
    expect((await room.client.call('ModifyImageAttribute', changed, options)).code).toBe('OK');
  }
  for (const [at, imageId] of images.entries()) {
    expect(await room.made(imageId)).toMatchObject({
      Status: 'Available',
      Progress: '100%',
      Name: at === 0 ? 'renamed 1' : `gold ${at < 2 ? 0 : 1}`,
      Description: 'a b 中<&>',
      OsType: 'LINUX',
      Size: 1,
    });
  }
  const snapshots = await room.client.ok('DescribeSnapshots', { DesktopId: desktopId });
  expect(snapshots['Snapshots']).toEqual([]);

  const bundles: string[] = [];
  for (const options of BOTH) {
    const sizes = { RootDiskSizeGib: '1', 'UserDiskSizeGib.1': '0', DesktopType: 'ecd.basic.small' };
    const order = { ImageId: images[1]!, BundleName: 'own <&>', Language: 'zh-CN', ...sizes };
    const answer = await room.client.call('CreateBundle', order, options);
    expect(answer.code, answer.text).toBe('OK');
    bundles.push(/\bb-[a-z0-9]{17}\b/.exec(answer.text)![0]);
  }
  const { Bundles } = await room.client.ok('DescribeBundles', { BundleType: 'CUSTOM' });
  expect(Bundles).toMatchObject([{ ImageId: images[1] }, { BundleName: 'own <&>', Language: 'zh-CN' }]);
  const third = (
    (await room.client.ok('CreateDesktops', { BundleId: bundles[0]! }))['DesktopId'] as string[]
  )[0]!;
  await room.until(third, 'Running');
  await room.client.ok('DeleteDesktops', { 'DesktopId.1': third });
  await room.until(third, 'Deleted');
  for (const [at, options] of BOTH.entries()) {
    const one = { 'BundleId.1': bundles[at]! };
    expect((await room.client.call('DeleteBundles', one, options)).code).toBe('OK');
  }

  const wanted = { BundleId: 'bundle_demo', DesktopAttachment: JSON.stringify({ ImageId: images[0]! }) };
  const second = ((await room.client.ok('CreateDesktops', wanted))['DesktopId'] as string[])[0]!;
  await room.until(second, 'Running');
  const { Desktops } = await room.client.ok('DescribeDesktops', { 'ImageId.1': images[0]! });
  expect(Desktops).toMatchObject([{ DesktopId: second }]);
  expect(await room.refused('DeleteImages', { 'ImageId.1': images[1], 'ImageId.2': images[0] })).toBe(
    '403 OperationDenied.ImageInUse',
  );
  await rebuilt(second, images[1]!);
  await room.client.ok('DeleteDesktops', { 'DesktopId.1': desktopId, 'DesktopId.2': second });
  await room.until(desktopId, 'Deleted');
  await room.until(second, 'Deleted');
  for (const [at, options] of BOTH.entries()) {
    const two = { 'ImageId.1': images[2 * at]!, 'ImageId.2': images[2 * at + 1]! };
    let answer = await room.client.call('DeleteImages', two, options);
    // The disks of a deleted desktop go a moment after it.
    for (let tries = 0; answer.code === 'OperationDenied.ImageInUse' && tries < 100; tries++) {
      await new Promise((r) => setTimeout(r, 100));
      answer = await room.client.call('DeleteImages', two, options);
    }
    expect(answer.code, answer.text).toBe('OK');
  }
  const left = (await room.client.ok('DescribeImages', {}))['Images'] as Record<string, unknown>[];
  expect(left.filter((image) => images.includes(String(image['ImageId'])))).toEqual([]);
});
