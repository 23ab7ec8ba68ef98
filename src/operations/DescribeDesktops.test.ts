import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bed, REGION } from './testing/bed.ts';

const GIB = 1024 ** 3;
let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

const ids = async (filter: object): Promise<string[]> =>
  (await bed.call('DescribeDesktops', filter)).Desktops.map((d: { DesktopId: string }) => d.DesktopId);

describe('the filters of DescribeDesktops', () => {
  it('find by id, name and region; what is unknown gives an empty list', async () => {
    const a = await bed.desktop({ name: 'lab-1' });
    const b = await bed.desktop({ name: 'Lab-2' });
    const there = await bed.desktop({ region_id: 'room-2' });
    expect(await ids({})).toEqual([b, a]);
    expect(await ids({ RegionId: 'room-2' })).toEqual([there]);
    expect(await ids({ DesktopId: [a, there, 'ecd-x'] })).toEqual([a]);
    expect(await bed.call('DescribeDesktops', { DesktopId: ['ecd-x'] })).toEqual({
      TotalCount: 0,
      Desktops: [],
    });
    expect(await ids({ DesktopName: 'lab-1' })).toEqual([a]);
    expect(await ids({ DesktopName: 'lab*' })).toEqual([a]);
    expect(await ids({ DesktopName: '*ab-*' })).toEqual([b, a]);
    expect(await bed.codeOf('DescribeDesktops', { RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
  });

  it('find by status; deleted ones only if asked for', async () => {
    const running = await bed.desktop();
    const stopped = await bed.desktop({ status: 'Stopped' });
    const deleted = await bed.desktop({ status: 'Deleted' });
    expect(await ids({})).toEqual([stopped, running]);
    expect(await ids({ DesktopId: [deleted] })).toEqual([]);
    expect(await ids({ DesktopStatus: 'Stopped' })).toEqual([stopped]);
    expect(await ids({ DesktopStatus: 'Deleted' })).toEqual([deleted]);
    expect(await ids({ DesktopStatusList: ['Running', 'Deleted'] })).toEqual([deleted, running]);
    expect(await ids({ DesktopStatus: 'Stopped', DesktopStatusList: ['Running'] })).toEqual([]);
    expect(await ids({ DesktopStatus: 'Expired' })).toEqual([]);
  });

  it('find by users', async () => {
    const none = await bed.desktop();
    const bob = await bed.desktop({ end_user_ids: '["bob"]' });
    const both = await bed.desktop({ end_user_ids: '["bob","eve"]' });
    expect(await ids({ EndUserId: ['eve', 'zoe'] })).toEqual([both]);
    expect(await ids({ EndUserId: ['bob'] })).toEqual([both, bob]);
    expect(await ids({ UserName: 'eve' })).toEqual([both]);
    expect(await ids({ UserName: 'eve', EndUserId: ['bob'] })).toEqual([both]);
    expect(await ids({ ExcludedEndUserId: ['eve'] })).toEqual([bob, none]);
    expect(await ids({ EndUserId: ['bob'], ExcludedEndUserId: ['eve'] })).toEqual([bob]);
  });

  it('find by what they were made with', async () => {
    const linux = await bed.image();
    const windows = await bed.image({ os_type: 'Windows' });
    const a = await bed.desktop({ image_id: linux, office_site_id: 'site', charge_type: 'PrePaid' });
    const b = await bed.desktop({ image_id: windows, policy_group_id: 'pg', bundle_id: 'other' });
    expect(await ids({ OfficeSiteId: 'site' })).toEqual([a]);
    expect(await ids({ DirectoryId: 'site' })).toEqual([a]);
    expect(await ids({ DirectoryId: 'site', OfficeSiteId: 'other' })).toEqual([]);
    expect(await ids({ PolicyGroupId: 'pg' })).toEqual([b]);
    expect(await ids({ ChargeType: 'PrePaid' })).toEqual([a]);
    expect(await ids({ SubPayType: 'prePaid' })).toEqual([a]);
    expect(await ids({ SubPayType: 'postPaid' })).toEqual([b]);
    expect(await ids({ SubPayType: 'postPaid', ChargeType: 'PrePaid' })).toEqual([]);
    expect(await ids({ OsTypes: ['Windows'] })).toEqual([b]);
    expect(await ids({ OsTypes: ['Windows', 'Linux'] })).toEqual([b, a]);
    expect(await ids({ ImageId: [linux] })).toEqual([a]);
    expect(await ids({ DesktopType: 'ecd.basic.small' })).toEqual([a]);
    expect(await ids({ DesktopType: 'unknown' })).toEqual([]);
  });

  it.each([
    { GroupId: 'x' },
    { DesktopGroupId: 'x' },
    { ExpiredTime: '2026-12-31T15:59:59Z' },
    { SnapshotPolicyId: 'x' },
    { GpuInstanceGroupId: 'x' },
    { QosRuleId: 'x' },
    { ResourceGroupId: 'x' },
    { OnlyDesktopGroup: true },
    { ProtocolType: 'HDX' },
    { ManagementFlag: 'Updating' },
    { SubPayType: 'duration' },
    { SubPayType: 'monthPackage' },
  ])('give nothing for what no desktop has: %j', async (filter) => {
    await bed.desktop();
    expect(await ids(filter)).toEqual([]);
  });

  it.each([
    { OnlyDesktopGroup: false },
    { FilterDesktopGroup: true },
    { ProtocolType: 'ASP' },
    { ManagementFlag: 'NoFlag' },
    { QueryFotaUpdate: true },
    { FillResourceGroup: true },
    { MultiResource: false },
    { IncludeAutoSnapshotPolicy: true },
  ])('give all for what all desktops are: %j', async (filter) => {
    const id = await bed.desktop();
    expect(await ids(filter)).toEqual([id]);
  });
});

describe('the pages of DescribeDesktops', () => {
  it('follow NextToken', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.unshift(await bed.desktop());
    const first = await bed.call('DescribeDesktops', { MaxResults: 2 });
    expect(first).toMatchObject({ TotalCount: 5 });
    expect(first).not.toHaveProperty('PageNumber');
    const second = await bed.call('DescribeDesktops', { MaxResults: 2, NextToken: first.NextToken });
    const third = await bed.call('DescribeDesktops', { MaxResults: 2, NextToken: second.NextToken });
    const all = [first, second, third].flatMap((page) => page.Desktops);
    expect(all.map((d) => d.DesktopId)).toEqual(made);
    expect(third).not.toHaveProperty('NextToken');
    expect(await bed.codeOf('DescribeDesktops', { NextToken: 'x' })).toBe('InvalidNextToken');
    expect(await bed.codeOf('DescribeDesktops', { MaxResults: 101 })).toBe('InvalidMaxResults');
  });

  it('are found by number', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.unshift(await bed.desktop());
    const page = await bed.call('DescribeDesktops', { PageNumber: 2, PageSize: 2 });
    expect(page).toMatchObject({ TotalCount: 5, PageNumber: 2, PageSize: 2 });
    expect(page.Desktops.map((d: { DesktopId: string }) => d.DesktopId)).toEqual(made.slice(2, 4));
    const beyond = await bed.call('DescribeDesktops', { PageNumber: 1_000_000, PageSize: 100 });
    expect(beyond).toMatchObject({ TotalCount: 5, Desktops: [] });
    expect((await bed.call('DescribeDesktops', { PageSize: 3 })).Desktops).toHaveLength(3);
    const code = (p: object) => bed.codeOf('DescribeDesktops', p);
    expect(await code({ PageNumber: 0 })).toBe('InvalidPageNumber');
    expect(await code({ PageNumber: 1e15 })).toBe('InvalidPageNumber');
    expect(await code({ PageSize: 0 })).toBe('InvalidPageSize');
    expect(await code({ PageSize: 101 })).toBe('InvalidPageSize');
  });
});

describe('what DescribeDesktops shows', () => {
  it('is a desktop with its disks', async () => {
    const image = await bed.image({ platform: 'Debian' });
    const id = await bed.desktop({
      image_id: image,
      office_site_id: 'site',
      policy_group_id: 'pg',
      end_user_ids: '["bob"]',
      created_at: Date.parse('2026-11-24T08:28:59Z'),
      started_at: Date.parse('2026-11-24T08:31:05Z'),
    });
    const system = await bed.disk(id, 'system', 3 * GIB + 1);
    const data = await bed.disk(id, 'data', GIB);
    const { Desktops } = await bed.call('DescribeDesktops');
    expect(Desktops).toEqual([
      expect.objectContaining({
        DesktopId: id,
        DesktopName: 'desk',
        HostName: 'desk-host',
        DesktopStatus: 'Running',
        Progress: '100%',
        CreationTime: '2026-11-24T08:28Z',
        StartTime: '2026-11-24T08:31Z',
        StandardStartTime: '2026-11-24T08:31:05Z',
        ChargeType: 'PostPaid',
        DesktopType: 'ecd.basic.small',
        Cpu: 1,
        Memory: 256,
        OsType: 'Linux',
        Platform: 'Debian',
        ImageId: image,
        BundleId: 'bundle_demo',
        BundleName: 'Demo',
        Disks: [
          { DiskId: system, DiskType: 'SYSTEM', DiskSize: 4 },
          { DiskId: data, DiskType: 'DATA', DiskSize: 1 },
        ],
        SystemDiskSize: 4,
        DataDiskSize: '1',
        OfficeSiteId: 'site',
        DirectoryId: 'site',
        PolicyGroupId: 'pg',
        PolicyGroupIdList: ['pg'],
        EndUserIds: ['bob'],
        BindAmount: 1,
        Tags: [],
      }),
    ]);
  });

  it('leaves out what is not there', async () => {
    await bed.desktop({ status: 'Pending', bundle_id: 'no more' });
    const [view] = (await bed.call('DescribeDesktops', { RegionId: REGION })).Desktops;
    expect(view).toMatchObject({ Progress: '0%', BundleName: '', Disks: [], PolicyGroupIdList: [] });
    for (const field of ['StartTime', 'StandardStartTime', 'DataDiskSize']) {
      expect(view).not.toHaveProperty(field);
    }
  });
});

describe('DescribeDesktopInfo', () => {
  const info = async (filter: object) => (await bed.call('DescribeDesktopInfo', filter)).Desktops;

  it('gives the status of desktops, deleted ones only by name', async () => {
    const a = await bed.desktop({ started_at: Date.parse('2026-11-24T08:31:05Z') });
    const b = await bed.desktop({ status: 'Stopped' });
    const gone = await bed.desktop({ status: 'Deleted' });
    const there = await bed.desktop({ region_id: 'room-2' });
    const common = { ConnectionStatus: 'Unknown', ManagementFlag: ['NoFlag'] };
    const running = { DesktopId: a, DesktopStatus: 'Running', StartTime: '2026-11-24T08:31Z', ...common };
    const stopped = { DesktopId: b, DesktopStatus: 'Stopped', ...common };
    expect(await info({})).toEqual([stopped, running]);
    expect(await info({ NeedExtraInfo: true, RegionId: 'room-2' })).toMatchObject([{ DesktopId: there }]);
    expect(await info({ DesktopId: [a, gone, there, 'ecd-x'] })).toEqual([
      { DesktopId: gone, DesktopStatus: 'Deleted', ...common },
      running,
    ]);
    expect(await bed.codeOf('DescribeDesktopInfo', { RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
  });
});

it('gives the address of a desktop on a bridge as long as one is known', async () => {
  const [known, other] = [await bed.desktop(), await bed.desktop()];
  bed.addresses.set(known, '192.0.2.7');
  const { Desktops } = await bed.call('DescribeDesktops', {});
  const addressOf = (id: string) =>
    Desktops.find((each: { DesktopId: string }) => each.DesktopId === id).NetworkInterfaceIp;
  expect([addressOf(known), addressOf(other)]).toEqual(['192.0.2.7', undefined]);
});
