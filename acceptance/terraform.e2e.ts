/**
 * The calls of Terraform's provider for this product, replayed in its order and on its wire. The provider itself is not run.
 *
 * The resources are those of the example in its document of alicloud_ecd_snapshot, an image and a bundle of it.
 * alicloud_ecd_command needs a guest that runs something: commands.e2e.ts. alicloud_ecd_user is of another product.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DESKTOPS } from './support/complete.ts';
import { refusalOf } from './support/refusal.ts';
import { type Fields, Room } from './support/room.ts';
import { Provider, type Values, wait } from './support/terraform.ts';

/** Its largest page. */
const PAGE = 50;
const NAME = 'terraform-example';
const BUNDLE = {
  name: 'Demo',
  description: '',
  desktopType: 'ecd.basic.small',
  cpus: 1,
  memoryMib: 256,
  systemDiskGib: 0,
  dataDiskGib: 1,
  image: 'demo',
};

let room: Room;
let provider: Provider;
const state = {} as Record<'site' | 'group' | 'bundle' | 'desktop' | 'snapshot' | 'image' | 'made', string>;

beforeAll(async () => {
  // The example takes the second bundle.
  room = await Room.open({ bundles: ['first', 'second'].map((id) => ({ ...BUNDLE, id })) });
  provider = new Provider(room);
});
afterAll(() => room?.close());

const send = (action: string, parameters: Values) => provider.send(action, parameters);
const one = (action: string, list: string, parameters: Values) => provider.one(action, list, parameters);
const pages = (action: string, list: string, parameters: Values, size: number) =>
  provider.pages(action, list, parameters, size);
const readSite = () => one('DescribeOfficeSites', 'OfficeSites', { OfficeSiteId: [state.site] });
const readGroup = () => one('DescribePolicyGroups', 'DescribePolicyGroups', { PolicyGroupId: [state.group] });
const readDesktop = () => one('DescribeDesktops', 'Desktops', { 'DesktopId.1': state.desktop });
const readSnapshot = () => one('DescribeSnapshots', 'Snapshots', { SnapshotId: state.snapshot });
const readImage = () => one('DescribeImages', 'Images', { ImageId: [state.image] });
const readBundle = () => one('DescribeBundles', 'Bundles', { BundleId: [state.made] });

describe('apply', () => {
  test('an office site', async () => {
    const wanted = { CidrBlock: '172.16.0.0/12', EnableAdminAccess: true, DesktopAccessType: 'Internet' };
    const made = await send('CreateSimpleOfficeSite', { ...wanted, OfficeSiteName: `${NAME}-12345` });
    state.site = String(made['OfficeSiteId']);
    const shown = await wait(readSite, 'Status', 'REGISTERED');
    expect(shown).toMatchObject({
      OfficeSiteId: state.site,
      CidrBlock: '172.16.0.0/12',
      EnableAdminAccess: true,
    });
    expect(String(shown['DesktopAccessType']).toUpperCase()).toBe('INTERNET');
  });

  test('a policy group', async () => {
    const made = await send('CreatePolicyGroup', {
      'AuthorizeAccessPolicyRule.1.CidrIp': '1.2.3.45/24',
      'AuthorizeAccessPolicyRule.1.Description': NAME,
      'AuthorizeSecurityPolicyRule.1.CidrIp': '1.2.3.4/24',
      'AuthorizeSecurityPolicyRule.1.Description': NAME,
      'AuthorizeSecurityPolicyRule.1.IpProtocol': 'TCP',
      'AuthorizeSecurityPolicyRule.1.Policy': 'accept',
      'AuthorizeSecurityPolicyRule.1.PortRange': '80/80',
      'AuthorizeSecurityPolicyRule.1.Priority': '1',
      'AuthorizeSecurityPolicyRule.1.Type': 'inflow',
      ...{ Clipboard: 'read', LocalDrive: 'read', Name: NAME, UsbRedirect: 'off', Watermark: 'off' },
    });
    state.group = String(made['PolicyGroupId']);
    const [access, security] = ['AuthorizeAccessPolicyRules', 'AuthorizeSecurityPolicyRules'];
    // What differs from the request would be a change in every plan.
    expect(await readGroup()).toMatchObject({
      ...{ PolicyGroupId: state.group, Clipboard: 'read', LocalDrive: 'read', Name: NAME },
      ...{ UsbRedirect: 'off', Watermark: 'off' },
      [access]: [{ CidrIp: '1.2.3.45/24', Description: NAME }],
      [security]: [
        { CidrIp: '1.2.3.4/24', Description: NAME, Policy: 'accept', PortRange: '80/80', Priority: '1' },
      ],
    });
    const [rule] = (await readGroup())![security] as Fields[];
    expect([rule!['Type'], String(rule!['IpProtocol']).toUpperCase()]).toEqual(['inflow', 'TCP']);
  });

  test('the bundles, read as a data source', async () => {
    const bundles = await pages('DescribeBundles', 'Bundles', { BundleType: 'SYSTEM' }, PAGE);
    expect(bundles.map((bundle) => bundle['BundleId'])).toEqual(['first', 'second']);
    expect(await pages('DescribeBundles', 'Bundles', { BundleType: 'SYSTEM' }, 1)).toEqual(bundles);
    state.bundle = String(bundles[1]!['BundleId']);
  });

  test('a desktop', async () => {
    const office = { OfficeSiteId: state.site, PolicyGroupId: state.group };
    const made = await send('CreateDesktops', { BundleId: state.bundle, DesktopName: NAME, ...office });
    state.desktop = (made['DesktopId'] as string[])[0]!;
    const shown = await wait(readDesktop, 'DesktopStatus', 'Running');
    expect(shown).toMatchObject({
      ...office,
      DesktopId: state.desktop,
      DesktopName: NAME,
      ChargeType: 'PostPaid',
    });
    expect(shown).toMatchObject({ DesktopType: BUNDLE.desktopType, EndUserIds: [], Tags: [] });
  });

  test('a snapshot, with its type in capitals; it is not waited for', async () => {
    const wanted = {
      Description: NAME,
      DesktopId: state.desktop,
      SnapshotName: NAME,
      SourceDiskType: 'SYSTEM',
    };
    state.snapshot = String((await send('CreateSnapshot', wanted))['SnapshotId']);
    const shown = await readSnapshot();
    expect(shown).toMatchObject({ ...wanted, SnapshotId: state.snapshot });
    expect(['PROGRESSING', 'ACCOMPLISHED']).toContain(shown!['Status']);
  });
});

describe('what changes later', () => {
  test('a second plan changes nothing: what is read is what was made', async () => {
    const reads = async () => [await readSite(), await readGroup(), await readDesktop()];
    expect(await reads()).toEqual(await reads());
    expect(await readSnapshot()).toMatchObject({ SourceDiskType: 'SYSTEM', Description: NAME });
  });

  test('the name and the tags of the desktop', async () => {
    await send('ModifyDesktopName', { DesktopId: state.desktop, NewDesktopName: `${NAME}-new` });
    const tagged = { ResourceType: DESKTOPS, ResourceId: [state.desktop] };
    await send('TagResources', { ...tagged, 'Tag.1.Key': 'For', 'Tag.1.Value': 'acceptance test' });
    await send('TagResources', { ...tagged, 'Tag.1.Key': 'Created', 'Tag.1.Value': 'TF' });
    await send('UntagResources', { ...tagged, 'TagKey.1': 'For' });
    expect(await readDesktop()).toMatchObject({
      DesktopName: `${NAME}-new`,
      Tags: [{ Key: 'Created', Value: 'TF' }],
    });
  });

  test('the rules of the policy group: some go, others come', async () => {
    const { AuthorizeAccessPolicyRules: before } = (await readGroup())!;
    const revoked = {
      'RevokeAccessPolicyRule.1.CidrIp': '1.2.3.45/24',
      'RevokeAccessPolicyRule.1.Description': NAME,
    };
    // It leaves RegionId out of this one call, although the metadata demand it.
    const bare = await refusalOf(
      'rpc-client',
      send('ModifyPolicyGroup', { RegionId: '', PolicyGroupId: state.group, ...revoked }),
    );
    expect([bare.status, bare.code]).toEqual([400, 'MissingRegionId']);
    expect((await readGroup())!['AuthorizeAccessPolicyRules']).toEqual(before);
    await send('ModifyPolicyGroup', { PolicyGroupId: state.group, ...revoked });
    const added = {
      'AuthorizeAccessPolicyRule.1.CidrIp': '10.0.0.0/8',
      'AuthorizeAccessPolicyRule.1.Description': 'new',
    };
    await send('ModifyPolicyGroup', { PolicyGroupId: state.group, ...added, Name: `${NAME}-new` });
    expect(await readGroup()).toMatchObject({
      ...{ Name: `${NAME}-new`, Clipboard: 'read' },
      AuthorizeAccessPolicyRules: [{ CidrIp: '10.0.0.0/8', Description: 'new' }],
    });
  });

  test('its status', async () => {
    const desktop = { 'DesktopId.1': state.desktop };
    await send('StopDesktops', { ...desktop, StoppedMode: 'StopCharging' });
    await wait(readDesktop, 'DesktopStatus', 'Stopped');
    await send('StartDesktops', desktop);
    await wait(readDesktop, 'DesktopStatus', 'Running');
  });

  test('what this server does not offer is refused by name, and is neither tried again nor taken for gone', async () => {
    for (const [action, parameters] of [
      ['ModifyDesktopSpec', { DesktopId: state.desktop, RootDiskSizeGib: 80 }],
      ['ModifyDesktopsPolicyGroup', { 'DesktopId.1': state.desktop, PolicyGroupId: state.group }],
      ['ModifyEntitlement', { DesktopId: state.desktop, 'EndUserId.1': 'bob' }],
      ['CreateNetworkPackage', { OfficeSiteId: state.site, Bandwidth: 10 }],
      ['DescribeNetworkPackages', { NetworkPackageId: ['np-1'] }],
      ['CreateNASFileSystem', { OfficeSiteId: state.site, FileSystemName: NAME }],
      ['DescribeNASFileSystems', { FileSystemId: ['1'] }],
      ['CreateADConnectorDirectory', { DirectoryName: NAME, DomainName: 'corp.example.com' }],
      ['CreateADConnectorOfficeSite', { OfficeSiteName: NAME, CidrBlock: '10.0.0.0/12' }],
      ['CreateRAMDirectory', { DirectoryName: NAME }],
      ['DescribeDirectories', { DirectoryId: ['d-1'] }],
      ['DescribeDesktopGroups', { DesktopGroupId: 'dg-1' }],
    ] as const) {
      const { code, status } = await refusalOf('rpc-client', send(action, parameters));
      expect([status, code]).toEqual([403, 'UnsupportedOperation']);
    }
  });

  test('the snapshots, read as a data source, over pages', async () => {
    await room.accomplished(state.snapshot);
    const wanted = { DesktopId: state.desktop, SnapshotName: NAME, SourceDiskType: 'DATA' };
    const { SnapshotId } = await send('CreateSnapshot', wanted);
    const ids = async (size: number) =>
      (await pages('DescribeSnapshots', 'Snapshots', {}, size)).map((one) => one['SnapshotId']);
    expect(await ids(PAGE)).toEqual([SnapshotId, state.snapshot]);
    expect(await ids(1)).toEqual([SnapshotId, state.snapshot]);
    await send('DeleteSnapshot', { 'SnapshotId.1': String(SnapshotId) });
    expect(await ids(PAGE)).toEqual([state.snapshot]);
  });

  test('an image of the desktop', async () => {
    const wanted = { DesktopId: state.desktop, ImageName: NAME, Description: NAME };
    state.image = String((await send('CreateImage', wanted))['ImageId']);
    expect(await wait(readImage, 'Status', 'Available')).toMatchObject({ Name: NAME, Description: NAME });
    const changed = { Description: `${NAME} changed`, Name: `${NAME}-changed` };
    await send('ModifyImageAttribute', { ImageId: state.image, ...changed });
    expect(await wait(readImage, 'Status', 'Available')).toMatchObject(changed);
  });

  test('a bundle of the image: what is read is what was made, with its types of disks in capitals', async () => {
    const shown = { BundleName: NAME, Description: NAME, DesktopType: BUNDLE.desktopType, Language: 'zh-CN' };
    const levels = { RootDiskPerformanceLevel: 'PL1', UserDiskPerformanceLevel: 'PL0' };
    const sizes = { RootDiskSizeGib: 1, UserDiskSizeGib: [2] };
    const made = await send('CreateBundle', { ImageId: state.image, ...shown, ...levels, ...sizes });
    state.made = String(made['BundleId']);
    const read = await readBundle();
    expect(read).toMatchObject({ ...shown, BundleId: state.made, ImageId: state.image });
    const disks = read!['Disks'] as Fields[];
    expect(disks.map((disk) => [disk['DiskType'], Number(disk['DiskSize'])])).toEqual([
      ['SYSTEM', 1],
      ['DATA', 2],
    ]);
    // The plan of a change: the provider has one call for it, which is not offered; the bundle is not taken for gone.
    const renamed = { BundleId: state.made, ImageId: state.image, BundleName: 'new', Description: NAME };
    const refused = await refusalOf('rpc-client', send('ModifyBundle', renamed));
    expect([refused.status, refused.code]).toEqual([403, 'UnsupportedOperation']);
    expect(await readBundle()).toEqual(read);
  });

  test('the bundles that were made, read as a data source', async () => {
    const made = await pages('DescribeBundles', 'Bundles', { BundleType: 'CUSTOM' }, PAGE);
    expect(made).toEqual([await readBundle()]);
  });
});

describe('destroy', () => {
  test('out of order is refused, and changes nothing', async () => {
    const site = await refusalOf('rpc-client', send('DeleteOfficeSites', { OfficeSiteId: [state.site] }));
    expect(site.code).toBe('OperationDenied.OfficeSiteInUse');
    const group = await refusalOf('rpc-client', send('DeletePolicyGroups', { PolicyGroupId: [state.group] }));
    expect(group.code).toBe('OperationDenied.PolicyGroupInUse');
    const image = await refusalOf('rpc-client', send('DeleteImages', { ImageId: [state.image] }));
    expect(image.code).toBe('OperationDenied.ImageInUse');
    expect([await readSite(), await readGroup(), await readImage()]).toMatchObject([{}, {}, {}]);
  });

  test('the bundle, which stands on the image', async () => {
    await send('DeleteBundles', { BundleId: [state.made] });
    expect(await readBundle()).toBeUndefined();
  });

  test('the snapshot and the image, which depend on the desktop', async () => {
    await send('DeleteSnapshot', { 'SnapshotId.1': state.snapshot });
    expect(await send('DescribeSnapshots', { SnapshotId: state.snapshot })).toMatchObject({ Snapshots: [] });
    await send('DeleteImages', { ImageId: [state.image] });
    await wait(readImage, 'Status', '');
  });

  test('the desktop, until it is listed no more', async () => {
    await send('DeleteDesktops', { 'DesktopId.1': state.desktop });
    await wait(readDesktop, 'DesktopStatus', '');
  });

  test('the policy group and the office site, at once', async () => {
    await Promise.all([
      send('DeletePolicyGroups', { PolicyGroupId: [state.group] }),
      send('DeleteOfficeSites', { OfficeSiteId: [state.site] }),
    ]);
    expect([await readGroup(), await readSite()]).toEqual([undefined, undefined]);
  });

  test('again changes nothing', async () => {
    await send('DeleteSnapshot', { 'SnapshotId.1': state.snapshot });
    const gone = await refusalOf('rpc-client', send('DeleteDesktops', { 'DesktopId.1': state.desktop }));
    expect([gone.status, gone.code]).toEqual([404, 'InvalidDesktopId.NotFound']);
  });
});
