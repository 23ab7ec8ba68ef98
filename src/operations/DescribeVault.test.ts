import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordTotals } from '../catalogue/vault-totals.ts';
import { VaultReport } from '../snapshots/vault-report.ts';
import type { Services } from './services.ts';
import { Bed, NOW } from './testing/bed.ts';

const DAY_MS = 24 * 60 * 60_000;

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

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
