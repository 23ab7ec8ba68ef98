import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parameterDecoder, type WireSchema } from '../api/decode.ts';
import type { EcdError } from '../errors.ts';
import { OPERATIONS } from './index.ts';
import { Bed, NOW, REGION } from './testing/bed.ts';

const BUNDLES = [
  {
    id: 'b-own',
    name: 'Own',
    image: 'demo',
    cpus: 3,
    memoryMib: 3072,
    desktopType: 'type.one',
    network: 'none',
  },
  { id: 'b-two', name: 'Two', image: 'demo', cpus: 9, memoryMib: 9216, desktopType: 'type.one' },
];

let bed: Bed;
let image: string;
let good: Record<string, unknown>;
beforeEach(async () => {
  bed = new Bed({ bundles: BUNDLES, desktops: { bundleQuota: 4 } });
  image = await bed.image({ name: 'gold', created_at: 1 });
  good = { ImageId: image, DesktopType: 'type.one', RootDiskSizeGib: 4, UserDiskSizeGib: [0] };
});
afterEach(() => bed.close());

const create = async (more: object = {}): Promise<string> =>
  (await bed.call('CreateBundle', { ...good, ...more })).BundleId;
const refusal = (more: object) => bed.codeOf('CreateBundle', { ...good, ...more });
const list = async (filter: object = {}) => (await bed.call('DescribeBundles', filter)).Bundles;
const ids = async (filter: object = {}) => (await list(filter)).map((b: { BundleId: string }) => b.BundleId);
const remove = (...BundleId: string[]) => bed.call('DeleteBundles', { BundleId });
const rows = () => bed.catalogue.db.selectFrom('bundles').selectAll().execute();
/** The code of what the wire sends, as the door decodes it. */
function wire(name: string, parameters: Record<string, string>): string {
  const decode = parameterDecoder(OPERATIONS.get(name)!.parameters as unknown as WireSchema);
  try {
    decode(new Map(Object.entries({ RegionId: REGION, ...parameters })));
  } catch (error) {
    return (error as EcdError).publicCode;
  }
  return 'none';
}

describe('CreateBundle', () => {
  it('hands on the network and the cloud-config of the bundle of its type, to the desktops too', async () => {
    const cloudInit = { users: [{ name: 'pupil' }] };
    await bed.close();
    bed = new Bed({ bundles: [{ ...BUNDLES[0], network: 'bridge:br0', cloudInit }] });
    good['ImageId'] = await bed.image({ name: 'gold', created_at: 1 });
    const id = await create();
    bed.answers.set('create', () => ['ecd-new']);
    await bed.call('CreateDesktops', { BundleId: id, Amount: 1 });
    const made = bed.calls.find(({ what }) => what === 'create')!;
    expect(made.args[0]).toMatchObject({ bundle: { id, network: 'bridge:br0', cloudInit } });
    // Deleted, it stays for its desktops, without what may hold passwords.
    await bed.desktop({ bundle_id: id });
    await remove(id);
    expect(await rows()).toMatchObject([{ id, network: 'bridge:br0', cloud_init: null }]);
  });

  it('makes a bundle with the machine of the first one of its type, with the nonce', async () => {
    const id = await create({
      ...{ RootDiskSizeGib: 10, UserDiskSizeGib: [7], BundleName: '金 gold', Description: 'text' },
      ...{ Language: 'ja-JP', RootDiskPerformanceLevel: 'PL1', UserDiskPerformanceLevel: 'PL0' },
    });
    expect(id).toMatch(/^b-[a-z0-9]{17}$/);
    expect(await list({ BundleType: 'CUSTOM' })).toEqual([
      {
        BundleId: id,
        BundleName: '金 gold',
        BundleType: 'CUSTOM',
        Description: 'text',
        DesktopType: 'type.one',
        DesktopTypeFamily: 'eds.general',
        DesktopTypeAttribute: { CpuCount: 3, MemorySize: 3072, GpuCount: 0 },
        Disks: [
          { DiskType: 'SYSTEM', DiskSize: 10 },
          { DiskType: 'DATA', DiskSize: 7 },
        ],
        ProtocolType: 'ASP',
        StockState: 'Sufficient',
        VolumeEncryptionEnabled: false,
        Language: 'ja-JP',
        ImageId: image,
        ImageName: 'gold',
        ImageStatus: 'Available',
        OsType: 'Linux',
        Platform: 'Debian',
        CreationTime: '2026-11-24T12:00Z',
      },
    ]);
    expect(await rows()).toMatchObject([{ network: 'none', firmware: 'bios', creator: 'alice' }]);
    expect(await bed.catalogue.db.selectFrom('nonces').selectAll().execute()).toHaveLength(1);
  });

  it('has its id as a name, no description, no language and no data disk unless they are sent', async () => {
    const id = await create();
    const [bundle] = await list({ BundleId: [id] });
    expect(bundle).toMatchObject({ BundleName: id, Description: '', Disks: [{ DiskSize: 4 }] });
    expect(bundle).not.toHaveProperty('Language');
  });

  it.each([
    ['InvalidRegionId.NotFound', { RegionId: 'mars' }],
    ['InvalidImageId.NotFound', { ImageId: 'm-none' }],
    ['InvalidDesktopType', { DesktopType: 'type.none' }],
    ['InvalidRootDiskSizeGib', { RootDiskSizeGib: 0 }],
    ['InvalidRootDiskSizeGib', { RootDiskSizeGib: 3 }],
    ['InvalidRootDiskSizeGib', { RootDiskSizeGib: 32_769 }],
    ['InvalidUserDiskSizeGib', { UserDiskSizeGib: [-1] }],
    ['InvalidUserDiskSizeGib', { UserDiskSizeGib: [32_769] }],
  ])('is refused with %s for %j, and nothing is left', async (code, more) => {
    expect(await refusal(more)).toBe(code);
    expect(await rows()).toEqual([]);
  });

  it('wants an image that is Available, and has a quota', async () => {
    const creating = await bed.image({ status: 'Creating' });
    expect(await refusal({ ImageId: creating })).toBe('IncorrectImageStatus');
    const made = [await create(), await create(), await create(), await create({ RootDiskSizeGib: 32_768 })];
    expect(await refusal({})).toBe('QuotaExceed.Bundle');
    await remove(made[1]!);
    await create({ UserDiskSizeGib: [32_768] });
  });

  const SENT = { ImageId: 'm', DesktopType: 't', RootDiskSizeGib: '4', 'UserDiskSizeGib.1': '0' };
  it.each([
    ['none', { BundleName: '😀'.repeat(128), Description: '😀'.repeat(256), Language: 'ZH-cn' }],
    ['MissingImageId', { ImageId: '' }],
    ['MissingDesktopType', { DesktopType: '' }],
    ['MissingRootDiskSizeGib', { RootDiskSizeGib: '' }],
    ['MissingUserDiskSizeGib', { 'UserDiskSizeGib.1': '' }],
    ['InvalidRootDiskSizeGib', { RootDiskSizeGib: 'x' }],
    ['InvalidUserDiskSizeGib', { 'UserDiskSizeGib.2': '1' }],
    ['InvalidUserDiskSizeGib', { 'UserDiskSizeGib.1': '1.5' }],
    ['InvalidBundleName', { BundleName: 'x'.repeat(129) }],
    ['InvalidBundleName', { BundleName: 'a\nb' }],
    ['InvalidDescription.Malformed', { Description: 'x'.repeat(257) }],
    ['InvalidLanguage', { Language: 'de-DE' }],
    ['InvalidRootDiskPerformanceLevel', { RootDiskPerformanceLevel: 'PL4' }],
    ['InvalidUserDiskPerformanceLevel', { UserDiskPerformanceLevel: 'PL4' }],
  ])('%s for some parameters on the wire', (wanted, more) => {
    expect(wire('CreateBundle', { ...SENT, ...more })).toBe(wanted);
  });
});

describe('bundles on record and those of the settings', () => {
  it('are one list: the newest first, then the settings', async () => {
    const [old] = [await create()];
    await bed.catalogue.db
      .updateTable('bundles')
      .set({ created_at: NOW - 5 })
      .execute();
    const young = await create();
    expect(await ids()).toEqual([young, old, 'b-own', 'b-two']);
    expect(await ids({ BundleType: 'SYSTEM' })).toEqual(['b-own', 'b-two']);
    expect(await ids({ BundleType: 'CUSTOM' })).toEqual([young, old]);
    expect(await ids({ ImageId: [image] })).toEqual([young, old]);
    expect(await ids({ BundleId: ['b-two', old!] })).toEqual([old, 'b-two']);
    expect(await ids({ CpuCount: 3, MemorySize: 3 })).toEqual([young, old, 'b-own']);
    expect(await ids({ RegionId: 'room-2' })).toHaveLength(4);
  });

  it('each that stays is given exactly once while others are made and deleted', async () => {
    const made = [await create(), await create(), await create()];
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await bed.call('DescribeBundles', {
        MaxResults: 1,
        ...(token === undefined ? {} : { NextToken: token }),
      });
      expect(page.Bundles).toHaveLength(1);
      seen.push(page.Bundles[0].BundleId);
      token = page.NextToken;
      if (seen.length <= 3) {
        await remove(seen.at(-1)!);
        const id = await create();
        await bed.catalogue.db
          .updateTable('bundles')
          .set({ created_at: NOW + seen.length })
          .where('id', '=', id)
          .execute();
      }
    } while (token !== undefined);
    expect(seen).toEqual([...made.toSorted(), 'b-own', 'b-two']);
  });

  it('make desktops alike', async () => {
    const id = await create({ UserDiskSizeGib: [5] });
    bed.answers.set('create', () => ['ecd-1']);
    await bed.call('CreateDesktops', { BundleId: id });
    await bed
      .call('CreateDesktops', { BundleModels: [{ BundleId: id }, { BundleId: 'b-two' }] })
      .catch(() => {});
    expect(bed.calls[0]!.args[0]).toMatchObject({
      bundle: { id, cpus: 3, memoryMib: 3072, systemDiskGib: 4, dataDiskGib: 5, network: 'none' },
      image: { id: image },
    });
    await remove(id);
    expect(await bed.codeOf('CreateDesktops', { BundleId: id })).toBe('InvalidDesktopBundle.NotFound');
  });
});

describe('DeleteBundles', () => {
  it('deletes those on record, all or none', async () => {
    const [a, b] = [await create(), await create()];
    expect(await bed.codeOf('DeleteBundles', { BundleId: [a, 'b-none'] })).toBe(
      'InvalidDesktopBundle.NotFound',
    );
    expect(await bed.codeOf('DeleteBundles', { BundleId: [a, 'b-own'] })).toBe(
      'OperationDenied.SystemBundle',
    );
    expect(await bed.codeOf('DeleteBundles', { RegionId: 'mars', BundleId: [a] })).toBe(
      'InvalidRegionId.NotFound',
    );
    expect(await ids({ BundleType: 'CUSTOM' })).toHaveLength(2);
    expect(await remove(a, b, a)).toEqual({});
    expect(await ids()).toEqual(['b-own', 'b-two']);
    expect(await bed.codeOf('DeleteBundles', { BundleId: [a] })).toBe('InvalidDesktopBundle.NotFound');
    expect(wire('DeleteBundles', {})).toBe('MissingBundleId');
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`BundleId.${n + 1}`, 'b']));
    expect(wire('DeleteBundles', many)).toBe('InvalidBundleId');
  });

  it('leaves desktops what they show, until they are deleted too', async () => {
    const id = await create({ BundleName: 'Mine' });
    const desktop = await bed.desktop({ bundle_id: id });
    await bed.desktop({ bundle_id: 'b-own' });
    const shown = { DesktopId: desktop, BundleId: id, BundleName: 'Mine', DesktopType: 'type.one' };
    const describe = async (filter: object) => (await bed.call('DescribeDesktops', filter)).Desktops;
    expect(await describe({ DesktopId: [desktop] })).toMatchObject([shown]);
    await remove(id);
    expect(await ids({ BundleId: [id] })).toEqual([]);
    expect(await describe({ DesktopId: [desktop] })).toMatchObject([shown]);
    expect(await describe({ DesktopType: 'type.one' })).toHaveLength(2);
    expect(await describe({ DesktopType: 'type.none' })).toEqual([]);
    await bed.catalogue.db.updateTable('desktops').set({ status: 'Deleted' }).execute();
    await remove(await create());
    expect(await rows()).toEqual([]);
  });
});
