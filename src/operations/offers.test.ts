import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bed, NOW } from './testing/bed.ts';

const BUNDLES = [
  { id: 'b-1', name: 'One', image: 'demo', cpus: 2, memoryMib: 4096, dataDiskGib: 5, description: 'text' },
  { id: 'b-2', name: 'Two', image: 'win', cpus: 4, memoryMib: 1000, systemDiskGib: 20 },
  { id: 'b-3', name: 'Three', image: 'not there' },
];

let bed: Bed;
let linux: string;
let windows: string;
beforeEach(async () => {
  bed = new Bed({ bundles: BUNDLES });
  linux = await bed.image({ name: 'demo', created_at: Date.parse('2026-01-02T03:04:05Z') });
  windows = await bed.image({
    name: 'win',
    os_type: 'Windows',
    created_at: NOW,
    status: 'Creating',
    progress: 42,
  });
});
afterEach(() => bed.close());

describe('DescribeBundles', () => {
  const ids = async (filter: object): Promise<string[]> =>
    (await bed.call('DescribeBundles', filter)).Bundles.map((b: { BundleId: string }) => b.BundleId);

  it('shows the bundles of the settings with their images of now', async () => {
    const { Bundles } = await bed.call('DescribeBundles');
    expect(Bundles[0]).toEqual({
      BundleId: 'b-1',
      BundleName: 'One',
      BundleType: 'SYSTEM',
      Description: 'text',
      DesktopType: 'ecd.basic.small',
      DesktopTypeFamily: 'eds.general',
      DesktopTypeAttribute: { CpuCount: 2, MemorySize: 4096, GpuCount: 0 },
      Disks: [
        { DiskType: 'SYSTEM', DiskSize: 4 },
        { DiskType: 'DATA', DiskSize: 5 },
      ],
      ProtocolType: 'ASP',
      StockState: 'Sufficient',
      VolumeEncryptionEnabled: false,
      ImageId: linux,
      ImageName: 'demo',
      ImageStatus: 'Available',
      OsType: 'Linux',
      Platform: 'Debian',
      CreationTime: '2026-01-02T03:04Z',
    });
    expect(Bundles[1]).toMatchObject({ StockState: 'WithoutStock', Disks: [{ DiskSize: 20 }] });
    expect(Bundles[2]).toMatchObject({ StockState: 'WithoutStock', Disks: [{ DiskSize: 0 }] });
    expect(Bundles[2]).not.toHaveProperty('ImageId');
  });

  it.each([
    [{}, ['b-1', 'b-2', 'b-3']],
    [{ BundleId: ['b-3', 'b-1', 'b-x'] }, ['b-1', 'b-3']],
    [{ BundleType: 'SYSTEM' }, ['b-1', 'b-2', 'b-3']],
    [{ BundleType: 'CUSTOM' }, []],
    [{ DesktopTypeFamily: 'eds.general' }, ['b-1', 'b-2', 'b-3']],
    [{ DesktopTypeFamily: 'eds.hf' }, []],
    [{ CpuCount: 4 }, ['b-2']],
    [{ MemorySize: 4096 }, ['b-1']],
    [{ MemorySize: 4 }, ['b-1']],
    [{ MemorySize: 1000 }, ['b-2']],
    [{ GpuCount: 0 }, ['b-1', 'b-2', 'b-3']],
    [{ GpuCount: 0.5 }, []],
    [{ GpuDriverType: 'T4' }, []],
    [{ ProtocolType: 'HDX' }, []],
    [{ SessionType: 'MultipleSession' }, []],
    [{ SupportMultiSession: true }, []],
    [{ FromDesktopGroup: true }, []],
    [{ VolumeEncryptionEnabled: true }, []],
    [{ OsType: 'Windows' }, ['b-2']],
    [{ CheckStock: true, Scope: 'x', SelectedBundle: true, FotaChannel: 'x' }, ['b-1', 'b-2', 'b-3']],
  ])('filters by %j', async (filter, wanted) => {
    expect(await ids(filter)).toEqual(wanted);
  });

  it('filters by image, and has pages', async () => {
    expect(await ids({ ImageId: [linux, 'm-x'] })).toEqual(['b-1']);
    const first = await bed.call('DescribeBundles', { MaxResults: 2 });
    expect(first.Bundles).toHaveLength(2);
    const second = await bed.call('DescribeBundles', { MaxResults: 2, NextToken: first.NextToken });
    expect(second.Bundles.map((b: { BundleId: string }) => b.BundleId)).toEqual(['b-3']);
    expect(second).not.toHaveProperty('NextToken');
    const code = (p: object) => bed.codeOf('DescribeBundles', p);
    expect(await code({ NextToken: first.NextToken, OsType: 'Linux' })).toBe('InvalidNextToken');
    expect(await code({ MaxResults: 101 })).toBe('InvalidMaxResults');
    expect(await code({ RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
  });
});

describe('DescribeImages', () => {
  const ids = async (filter: object): Promise<string[]> =>
    (await bed.call('DescribeImages', filter)).Images.map((b: { ImageId: string }) => b.ImageId);

  it('shows images', async () => {
    const { Images } = await bed.call('DescribeImages');
    expect(Images[1]).toEqual({
      ImageId: linux,
      Name: 'demo',
      Description: 'a guest',
      ImageType: 'CUSTOM',
      Status: 'Available',
      Progress: '100%',
      OsType: 'LINUX',
      Platform: 'Debian',
      Size: 4,
      CreationTime: '2026-01-02T03:04:05Z',
      UpdateTime: '2026-11-23T11:00:00Z',
      ProtocolType: 'ASP',
      SessionType: 'SINGLE_SESSION',
      GpuCategory: false,
      VolumeEncryptionEnabled: false,
      SharedCount: 0,
    });
    expect(Images[0]).toMatchObject({ ImageId: windows, Progress: '42%', OsType: 'WINDOWS' });
  });

  it('filters', async () => {
    expect(await ids({ ImageId: [linux, 'm-x'] })).toEqual([linux]);
    expect(await ids({ ImageName: 'w*' })).toEqual([windows]);
    expect(await ids({ ImageName: 'demo' })).toEqual([linux]);
    expect(await ids({ ImageStatus: 'Creating' })).toEqual([windows]);
    expect(await ids({ OsType: 'Linux' })).toEqual([linux]);
    expect(await ids({ ImageType: 'CUSTOM', LanguageType: 'en-US', FotaVersion: 'x' })).toHaveLength(2);
    for (const none of [
      { ImageType: 'SYSTEM' },
      { ProtocolType: 'HDX' },
      { SessionType: 'MULTIPLE_SESSION' },
      { GpuCategory: true },
      { GpuDriverVersion: '1' },
    ]) {
      expect(await ids(none)).toEqual([]);
    }
  });

  it('has pages', async () => {
    const first = await bed.call('DescribeImages', { MaxResults: 1 });
    const second = await bed.call('DescribeImages', { MaxResults: 1, NextToken: first.NextToken });
    expect([...first.Images, ...second.Images].map((i) => i.ImageId)).toEqual([windows, linux]);
    expect(second).not.toHaveProperty('NextToken');
    expect(await bed.codeOf('DescribeImages', { RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
    expect(await bed.codeOf('DescribeImages', { NextToken: 'x' })).toBe('InvalidNextToken');
  });
});
