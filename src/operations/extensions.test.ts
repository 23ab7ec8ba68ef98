import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MOST_TURNS } from '../policies/outlook.ts';
import { Bed, NOW, REGION } from './testing/bed.ts';

const DAY_MS = 24 * 60 * 60_000;
const GIB = 1024 ** 3;
const NIGHTLY = {
  PolicyName: 'nightly',
  RetentionDays: 3,
  CronExpression: '0 0 2 ? * 1-7',
  DiskType: 'SYSTEM',
};

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

async function bound(count: number, policy: object = NIGHTLY): Promise<{ id: string; desktops: string[] }> {
  const id = (await bed.call('CreateAutoSnapshotPolicy', policy)).PolicyId as string;
  const desktops: string[] = [];
  for (let n = 0; n < count; n++) {
    const desktop = await bed.desktop();
    await bed.disk(desktop, 'system', GIB);
    await bed.disk(desktop, 'data', GIB);
    desktops.push(desktop);
  }
  await bed.call('ApplyAutoSnapshotPolicy', { PolicyId: id, DesktopId: desktops });
  return { id, desktops };
}

describe('PreviewAutoSnapshotPolicy', () => {
  const preview = (parameters: object) => bed.call('PreviewAutoSnapshotPolicy', parameters);

  it('says the next ten runs in UTC and in the time zone of the settings', async () => {
    const found = await preview({ CronExpression: '0 30 2,14 ? * 4' });
    expect(found.TimeZone).toBe('UTC+8');
    expect(found.Runs).toHaveLength(10);
    // 24 November 2026 is a Tuesday, 20:00 in UTC+8.
    expect(found.Runs.slice(0, 3)).toEqual([
      { Time: '2026-11-24T18:30:00Z', LocalTime: '2026-11-25T02:30:00' },
      { Time: '2026-11-25T06:30:00Z', LocalTime: '2026-11-25T14:30:00' },
      { Time: '2026-12-01T18:30:00Z', LocalTime: '2026-12-02T02:30:00' },
    ]);
  });

  it('without a policy shows what one desktop would have', async () => {
    const found = await preview({ CronExpression: '0 0 2 ? * 1-7', RetentionDays: 3, DiskType: 'SYSTEM' });
    expect(found).toMatchObject({ DesktopNum: 0, PreviewedDesktopNum: 0, MaxAutoPerDesktop: 30 });
    expect(found.Days).toHaveLength(31);
    expect(found.Days[1]).toEqual({ Day: '2026-11-25', Made: 1, Deleted: 0, Held: 1 });
    expect(found.Days[10]).toEqual({ Day: '2026-12-04', Made: 1, Deleted: 1, Held: 3 });
    expect(found.Events[0]).not.toHaveProperty('DesktopId');
  });

  it('of a policy shows what its desktops have, lose and get, and why', async () => {
    const { id, desktops } = await bound(2);
    const old = { type: 'AUTO' as const, policy_id: id, desktop_id: desktops[0]!, expires_at: NOW + 1000 };
    const goes = await bed.snapshot({ ...old, name: 'auto2.0_old' });
    await bed.snapshot({ desktop_id: desktops[0]! });
    const found = await preview({ PolicyId: id });
    expect(found).toMatchObject({ DesktopNum: 2, PreviewedDesktopNum: 2 });
    expect(found.Events[0]).toMatchObject({
      Action: 'delete',
      DesktopId: desktops[0],
      SnapshotId: goes,
      Reason: 'Its retention ended at 2026-11-24T12:00:01Z.',
    });
    expect(found.EventCount).toBe(found.Events.length);
    const gone = found.Events.filter((event: { SnapshotId?: string }) => event.SnapshotId !== undefined);
    expect(gone).toHaveLength(1);
    // Three days of both desktops stay.
    expect(found.Days.at(-2)).toMatchObject({ Made: 2, Deleted: 2, Held: 6 });
  });

  it('shows a change before it is made', async () => {
    const { id } = await bound(1);
    const found = await preview({ PolicyId: id, RetentionDays: 10, DiskType: 'ALL' });
    expect(found.Days.at(-2)).toMatchObject({ Made: 2, Deleted: 2, Held: 20 });
    expect((await bed.call('DescribeAutoSnapshotPolicy')).AutoSnapshotPolicies[0].RetentionDays).toBe('3');
  });

  it('has an end, also of a schedule that runs every minute and of a thousand desktops', async () => {
    const often = await preview({ CronExpression: '0 * * * * ?' });
    expect(Date.parse(often.EndTime) - NOW).toBeLessThanOrEqual((MOST_TURNS + 1) * 60_000);
    expect(often.Events).toHaveLength(1000);
    expect(often.EventCount).toBeGreaterThan(1000);
    const { id } = await bound(250, { ...NIGHTLY, CronExpression: '0 0 2,14 ? * 1-7' });
    const many = await preview({ PolicyId: id });
    expect(many.DesktopNum).toBe(250);
    expect(many.PreviewedDesktopNum).toBe(33);
    expect(Date.parse(many.EndTime) - NOW).toBe(30 * DAY_MS);
  });

  it('refuses what cannot be read, and a policy of another region', async () => {
    const { id } = await bound(1);
    expect(await bed.codeOf('PreviewAutoSnapshotPolicy', {})).toBe('MissingCronExpression');
    const wrong = { CronExpression: 'daily' };
    expect(await bed.codeOf('PreviewAutoSnapshotPolicy', wrong)).toBe('InvalidCronExpression.Malformed');
    const elsewhere = { RegionId: 'room-2', PolicyId: id };
    expect(await bed.codeOf('PreviewAutoSnapshotPolicy', elsewhere)).toBe(
      'InvalidAutoSnapshotPolicyId.NotFound',
    );
  });
});

describe('DescribeDisks', () => {
  it('shows each stack from the golden image to the active layer, with what holds it', async () => {
    const image = await bed.image({ name: 'gold' });
    const desktop = await bed.desktop();
    const disk = await bed.disk(desktop, 'system', 3 * GIB + 1);
    const { db } = bed.catalogue;
    const layer = { disk_id: disk, image_id: null, created_at: NOW, frozen_at: NOW, root: null };
    const rows = [
      { ...layer, id: 'l-base', parent_id: null, image_id: image, state: 'frozen' as const, root: 'r:1' },
      { ...layer, id: 'l-one', parent_id: 'l-base', state: 'frozen' as const, root: 'r:2' },
      { ...layer, id: 'l-top', parent_id: 'l-one', state: 'active' as const, frozen_at: null },
      { ...layer, id: 'l-next', parent_id: 'l-top', state: 'prepared' as const, frozen_at: null },
      { ...layer, id: 'l-side', parent_id: 'l-base', state: 'frozen' as const },
    ];
    await db.insertInto('layers').values(rows).execute();
    await db
      .updateTable('disks')
      .set({ active_layer: 'l-top', settling_layer: 'l-one' })
      .where('id', '=', disk)
      .execute();
    const own = { desktop_id: desktop, disk_id: disk };
    const settled = await bed.snapshot({ ...own, name: 'settled', root: 'r:1' });
    const held = await bed.snapshot({ ...own, name: 'held', type: 'AUTO', layer_id: 'l-one', root: 'r:2' });
    await bed.snapshot({ ...own, name: 'of long ago', root: 'r:0' });
    bed.answers.set('allocated', () => ({ image: 900, layers: [500, 20, 4, null] }));
    const { Disks } = await bed.call('DescribeDisks', { DesktopId: desktop });
    expect(Disks).toHaveLength(1);
    expect(Disks[0]).toMatchObject({ DiskId: disk, DiskType: 'SYSTEM', DiskSize: 4, SizeBytes: 3 * GIB + 1 });
    const frozen = { Merging: false, FrozenTime: '2026-11-24T12:00:00Z' };
    const of = (id: string, name: string, type: string) => [
      { SnapshotId: id, SnapshotName: name, SnapshotType: type },
    ];
    expect(Disks[0].Layers).toEqual([
      {
        ...{ Kind: 'IMAGE', ImageId: image, ImageName: 'gold', AllocatedBytes: 900 },
        ...{ Stored: true, Merging: false, Snapshots: [] },
      },
      {
        ...{ Kind: 'BASE', LayerId: 'l-base', AllocatedBytes: 500, Stored: true, ...frozen },
        Snapshots: of(settled, 'settled', 'USER'),
      },
      {
        ...{ Kind: 'FROZEN', LayerId: 'l-one', AllocatedBytes: 20, Stored: true, ...frozen, Merging: true },
        Snapshots: of(held, 'held', 'AUTO'),
      },
      { Kind: 'ACTIVE', LayerId: 'l-top', AllocatedBytes: 4, Stored: false, Merging: false, Snapshots: [] },
      { Kind: 'ASIDE', LayerId: 'l-side', Stored: false, ...frozen, Snapshots: [] },
    ]);
    const [call] = bed.calls;
    expect(call!.args[0]).toMatchObject({ imageId: image, layers: ['l-base', 'l-one', 'l-top', 'l-side'] });
  });

  it('of a deleted desktop, or one elsewhere, says that it is not there', async () => {
    const gone = await bed.desktop({ status: 'Deleted' });
    const there = await bed.desktop({ region_id: 'room-2' });
    for (const DesktopId of [gone, there, 'ecd-none'])
      expect(await bed.codeOf('DescribeDisks', { DesktopId, RegionId: REGION })).toBe(
        'InvalidDesktopId.NotFound',
      );
  });
});
