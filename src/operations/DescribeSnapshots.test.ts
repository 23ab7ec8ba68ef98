import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bed, NOW } from './testing/bed.ts';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

const ids = async (filter: object): Promise<string[]> =>
  (await bed.call('DescribeSnapshots', filter)).Snapshots.map((s: { SnapshotId: string }) => s.SnapshotId);

const one = async () => (await bed.call('DescribeSnapshots')).Snapshots[0];

describe('the filters of DescribeSnapshots', () => {
  it('find by id, desktop and region; what is unknown gives an empty list', async () => {
    const desktop = await bed.desktop({ name: 'lab' });
    const a = await bed.snapshot({ desktop_id: desktop });
    const b = await bed.snapshot();
    const elsewhere = await bed.snapshot({ region_id: 'room-2' });
    expect(await ids({})).toEqual([b, a]);
    expect(await ids({ SnapshotId: a })).toEqual([a]);
    expect(await ids({ SnapshotId: elsewhere })).toEqual([]);
    expect(await ids({ RegionId: 'room-2' })).toEqual([elsewhere]);
    expect(await ids({ DesktopId: desktop })).toEqual([a]);
    expect(await ids({ DesktopId: desktop, RegionId: 'room-2' })).toEqual([]);
    expect(await ids({ DesktopId: 'ecd-unknown' })).toEqual([]);
    expect(await bed.call('DescribeSnapshots', { SnapshotId: 's-unknown' })).toEqual({ Snapshots: [] });
    expect(await bed.codeOf('DescribeSnapshots', { RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
  });

  it('find names whole, letter by letter, or with * for any part', async () => {
    const a = await bed.snapshot({ name: 'week 1 [a?]' });
    const b = await bed.snapshot({ name: 'Week 1 [b?]' });
    expect(await ids({ SnapshotName: 'week 1 [a?]' })).toEqual([a]);
    expect(await ids({ SnapshotName: 'week 1' })).toEqual([]);
    expect(await ids({ SnapshotName: '*eek 1*' })).toEqual([b, a]);
    expect(await ids({ SnapshotName: 'week*' })).toEqual([a]);
    expect(await ids({ SnapshotName: '*[a?]' })).toEqual([a]);
    expect(await ids({ SnapshotName: '*[b]*' })).toEqual([]);
    expect(await ids({ SnapshotName: '%' })).toEqual([]);
  });

  it('find by the name a desktop has now', async () => {
    const desktop = await bed.desktop({ name: 'new name' });
    const a = await bed.snapshot({ desktop_id: desktop, desktop_name: 'old name' });
    await bed.snapshot();
    expect(await ids({ DesktopName: 'new name' })).toEqual([a]);
    expect(await ids({ DesktopName: 'new*' })).toEqual([a]);
    expect(await ids({ DesktopName: 'old name' })).toEqual([]);
  });

  it('find by disk, type, creator and system', async () => {
    const data = await bed.snapshot({ disk_type: 'data' });
    const auto = await bed.snapshot({ type: 'AUTO' });
    const bob = await bed.snapshot({ creator: 'bob' });
    const windows = await bed.snapshot({ os_type: 'Windows' });
    expect(await ids({ SourceDiskType: 'Data' })).toEqual([data]);
    expect(await ids({ SourceDiskType: 'System' })).toEqual([windows, bob, auto]);
    expect(await ids({ SnapshotType: 'auto' })).toEqual([auto]);
    expect(await ids({ SnapshotType: 'user' })).toEqual([windows, bob, data]);
    expect(await ids({ SnapshotType: 'all' })).toEqual([windows, bob, auto, data]);
    expect(await ids({ Creator: 'bob' })).toEqual([bob]);
    expect(await ids({ OsType: 'Windows' })).toEqual([windows]);
    expect(await ids({ OsType: 'Linux', Creator: 'alice', SnapshotType: 'user' })).toEqual([data]);
  });

  it('hold both ends of the time that is asked for', async () => {
    const at = (text: string) => bed.snapshot({ created_at: Date.parse(text) });
    const a = await at('2026-01-01T00:00:00.000Z');
    const b = await at('2026-01-01T00:00:01.999Z');
    const c = await at('2026-01-01T00:00:02.000Z');
    expect(await ids({ StartTime: '2026-01-01T00:00:00Z', EndTime: '2026-01-01T00:00:01Z' })).toEqual([b, a]);
    expect(await ids({ StartTime: '2026-01-01T00:00:02Z' })).toEqual([c]);
    expect(await ids({ EndTime: '2026-01-01T00:00:00Z' })).toEqual([a]);
  });

  it.each(['yesterday', '2026-01-01', '2026-01-01T00:00Z', '2026-11-31T06:32:31Z', '2026-01-01T24:00:00Z'])(
    'refuse the time %s',
    async (time) => {
      expect(await bed.codeOf('DescribeSnapshots', { StartTime: time })).toBe('InvalidStartTime');
      expect(await bed.codeOf('DescribeSnapshots', { EndTime: time })).toBe('InvalidEndTime');
    },
  );
});

describe('what DescribeSnapshots shows', () => {
  it('is every field of a finished snapshot', async () => {
    const desktop = await bed.desktop({ name: 'lab', status: 'Stopped' });
    const id = await bed.snapshot({
      desktop_id: desktop,
      description: 'with all tools',
      disk_type: 'data',
      disk_size_bytes: 3 * 1024 ** 3 + 1,
      consistency: 'filesystem',
      created_at: Date.parse('2026-11-24T11:22:33.999Z'),
      archived_at: Date.parse('2026-11-24T11:23:00Z'),
      total_bytes: 10,
      done_bytes: 10,
      stored_bytes: 7,
    });
    expect(await one()).toEqual({
      SnapshotId: id,
      SnapshotName: 'before update',
      Description: 'with all tools',
      SnapshotType: 'USER',
      Status: 'ACCOMPLISHED',
      Progress: '100%',
      RemainTime: 0,
      CreationTime: '2026-11-24T11:22:33Z',
      SourceDiskType: 'DATA',
      SourceDiskSize: '4',
      DesktopId: desktop,
      DesktopName: 'lab',
      DesktopStatus: 'Stopped',
      DiskStatus: 'Available',
      Creator: 'alice',
      ProtocolType: 'ASP',
      OsType: 'Linux',
      VolumeEncryptionEnabled: false,
      Consistency: 'filesystem',
      StoredBytes: 7,
      ChangedBytes: 10,
      ArchivedTime: '2026-11-24T11:23:00Z',
    });
  });

  it.each([
    ['deleted', 'Deleted'],
    ['unknown', undefined],
  ])('is a desktop that is %s', async (_, status) => {
    const desktop = status === undefined ? 'ecd-x' : await bed.desktop({ status: 'Deleted', name: 'then' });
    await bed.snapshot({ desktop_id: desktop, desktop_name: 'then' });
    expect(await one()).toMatchObject({
      DesktopName: 'then',
      DesktopStatus: 'Deleted',
      DiskStatus: 'Deleted',
    });
  });

  it.each([
    // total, done, elapsed s, progress, remaining s
    [null, 0, 10, '0%', -1],
    [1000, 0, 10, '0%', -1],
    [1000, 379, 10, '37%', 17],
    [1000, 1000, 10, '99%', 0],
    [1000, 999, 10, '99%', 1],
    [0, 0, 10, '0%', -1],
    [2 ** 50, 1, 3600, '0%', 2 ** 31 - 1],
  ])(
    'is the progress of %s bytes with %s done after %s s',
    async (total, done, elapsed, progress, remain) => {
      await bed.snapshot({
        status: 'PROGRESSING',
        total_bytes: total,
        done_bytes: done,
        created_at: NOW - elapsed * 1000,
      });
      expect(await one()).toMatchObject({ Progress: progress, RemainTime: remain, Status: 'PROGRESSING' });
    },
  );

  it('is no 100% for what has failed', async () => {
    await bed.snapshot({ status: 'FAILED', total_bytes: 5, done_bytes: 5, consistency: null });
    const view = await one();
    expect(view).toMatchObject({ Status: 'FAILED', Progress: '99%', RemainTime: 0 });
    expect(view).not.toHaveProperty('Consistency');
    expect(view).not.toHaveProperty('StoredBytes');
  });
});
