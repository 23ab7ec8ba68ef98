import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordTotals } from '../catalogue/vault-totals.ts';
import { MOST_TURNS } from '../policies/outlook.ts';
import { VaultReport } from '../snapshots/vault-report.ts';
import type { Services } from './services.ts';
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

describe('DescribeVault', () => {
  const stats = { packs: 2, storedBytes: 300, objects: 5, chunks: 4, pages: 1, rawBytes: 900 };
  const vault = { id: 'v-1', chunkSize: 131072, stats: async () => stats, freeBytes: async () => 5000 };
  let now = 0;
  beforeEach(() => {
    now = 0;
    const report = new VaultReport(
      bed.catalogue,
      vault as never,
      () => NOW,
      () => now,
    );
    (bed.services as { vault: Services['vault'] }).vault = report;
  });
  const stored = (desktop: string, at: number, bytes: number) =>
    bed.snapshot({
      ...{ desktop_id: desktop, desktop_name: `name of ${desktop}`, disk_size_bytes: 1000, total_bytes: 100 },
      ...{ stored_bytes: bytes, archived_at: at, created_at: at - 10 },
    });

  it('adds up what is there, by desktop and over time', async () => {
    await stored('ecd-a', NOW - 2 * DAY_MS, 10);
    await stored('ecd-b', NOW - DAY_MS, 70);
    await stored('ecd-a', NOW, 20);
    await bed.snapshot({ status: 'FAILED', desktop_id: 'ecd-a' });
    await bed.image({ root: 'r:1', size_bytes: 4000 });
    await bed.image({ root: null, size_bytes: 4000 });
    const found = await bed.call('DescribeVault');
    expect(found.Vault).toEqual({
      ...{ StoredBytes: 300, UniqueBytes: 900, FreeBytes: 5000, ChunkCount: 4, PackCount: 2 },
      ...{ ImageCount: 1, ImageBytes: 4000, SnapshotCount: 3, LogicalBytes: 3000, ChangedBytes: 300 },
    });
    expect(found.History).toEqual([
      {
        Time: '2026-11-22T12:00:00Z',
        SnapshotCount: 1,
        LogicalBytes: 1000,
        ChangedBytes: 100,
        StoredBytes: 10,
      },
      {
        Time: '2026-11-23T12:00:00Z',
        SnapshotCount: 2,
        LogicalBytes: 2000,
        ChangedBytes: 200,
        StoredBytes: 80,
      },
      {
        Time: '2026-11-24T12:00:00Z',
        SnapshotCount: 3,
        LogicalBytes: 3000,
        ChangedBytes: 300,
        StoredBytes: 100,
      },
    ]);
    expect(found.Desktops).toMatchObject([
      { DesktopId: 'ecd-b', StoredBytes: 70, SnapshotCount: 1, DesktopStatus: 'Deleted' },
      { DesktopId: 'ecd-a', StoredBytes: 30, SnapshotCount: 2, DesktopName: 'name of ecd-a' },
    ]);
  });

  it('keeps the past when snapshots are deleted, and notes nothing while nothing changes', async () => {
    await stored('ecd-a', NOW - 3 * DAY_MS, 10);
    await stored('ecd-b', NOW - 3 * DAY_MS, 70);
    await recordTotals(bed.catalogue, NOW - 2 * DAY_MS);
    await recordTotals(bed.catalogue, NOW - DAY_MS);
    await bed.catalogue.db.deleteFrom('snapshots').where('desktop_id', '=', 'ecd-b').execute();
    await recordTotals(bed.catalogue, NOW - 3000);
    // A clock that was set back a little does not rewrite what was.
    await recordTotals(bed.catalogue, NOW - 60_000);
    const { History } = await bed.call('DescribeVault');
    expect(
      History.map((point: Record<string, unknown>) => [
        point['Time'],
        point['SnapshotCount'],
        point['StoredBytes'],
      ]),
    ).toEqual([
      ['2026-11-21T12:00:00Z', 1, 10],
      ['2026-11-22T12:00:00Z', 2, 80],
      ['2026-11-24T11:59:57Z', 1, 10],
      ['2026-11-24T12:00:00Z', 1, 10],
    ]);
  });

  it('goes on after a clock that was far ahead', async () => {
    await stored('ecd-a', NOW - DAY_MS, 10);
    await recordTotals(bed.catalogue, NOW + 400 * DAY_MS);
    await stored('ecd-a', NOW - 1000, 10);
    await recordTotals(bed.catalogue, NOW - 500);
    const { History } = await bed.call('DescribeVault');
    expect(History.at(-1)).toMatchObject({ Time: '2026-11-24T12:00:00Z', SnapshotCount: 2 });
  });

  it('gives what was noted over years as some hundred points', async () => {
    for (let n = 0; n < 1000; n++)
      await bed.catalogue.db
        .insertInto('vault_totals')
        .values({ at: NOW - (1000 - n) * DAY_MS, snapshots: n, logical: n, changed: n, stored: n })
        .execute();
    const { History } = await bed.call('DescribeVault');
    expect(History.length).toBeGreaterThan(50);
    expect(History.length).toBeLessThanOrEqual(201);
    expect(History.at(-2)).toMatchObject({ SnapshotCount: 999, StoredBytes: 999 });
  });

  it('gives the history of very many as some hundred points', async () => {
    for (let n = 0; n < 1000; n++) await stored('ecd-a', NOW - n * 60_000, 3);
    const { History } = await bed.call('DescribeVault');
    expect(History.length).toBeGreaterThan(100);
    expect(History.length).toBeLessThanOrEqual(201);
    expect(History.at(-1)).toMatchObject({
      Time: '2026-11-24T12:00:00Z',
      SnapshotCount: 1000,
      StoredBytes: 3000,
    });
  });

  it('leads through the desktops in pages, each once, also where they added the same', async () => {
    for (let n = 0; n < 7; n++) await stored(`ecd-${n}`, NOW, n < 4 ? 5 : 9);
    const ids: string[] = [];
    let token: string | undefined;
    do {
      const page = await bed.call('DescribeVault', {
        MaxResults: 2,
        ...(token === undefined ? {} : { NextToken: token }),
      });
      expect(page.DesktopCount).toBe(7);
      ids.push(...page.Desktops.map((one: { DesktopId: string }) => one.DesktopId));
      token = page.NextToken;
    } while (token !== undefined);
    expect(ids).toEqual(['ecd-6', 'ecd-5', 'ecd-4', 'ecd-3', 'ecd-2', 'ecd-1', 'ecd-0']);
  });

  it('shows what is being stored now, whatever is kept', async () => {
    await bed.call('DescribeVault');
    const id = await bed.snapshot({ status: 'PROGRESSING', total_bytes: 400, done_bytes: 100 });
    await bed.snapshot({ status: 'PROGRESSING', consistency: null });
    const { Jobs } = await bed.call('DescribeVault');
    expect(Jobs).toMatchObject([{ SnapshotId: id, Progress: '25%', TotalBytes: 400, DoneBytes: 100 }]);
    expect((await bed.call('DescribeVault', { RegionId: 'room-2' })).Jobs).toEqual([]);
  });

  it('reads the whole table again only when what it knows is old', async () => {
    await stored('ecd-a', NOW, 10);
    const seen = async () => (await bed.call('DescribeVault')).Vault.SnapshotCount;
    expect(await seen()).toBe(1);
    await stored('ecd-a', NOW, 10);
    now = 2999;
    expect(await seen()).toBe(1);
    now = 3001;
    expect(await seen()).toBe(2);
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
