import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { Bed, REGION } from './testing/bed.ts';

const BUNDLES = [
  { id: 'b-1', name: 'One', image: 'demo', systemDiskGib: 10, dataDiskGib: 5, desktopType: 'type.one' },
  { id: 'b-2', name: 'Two', image: 'demo', desktopType: 'type.two' },
];

let bed: Bed;
let image: string;
beforeEach(async () => {
  bed = new Bed({ bundles: BUNDLES });
  image = await bed.image({ name: 'demo' });
  let made = 0;
  bed.answers.set('create', (order) => {
    return Array.from({ length: (order as { amount: number }).amount }, () => `ecd-${++made}`);
  });
});
afterEach(() => bed.close());

const code = (parameters: object) => bed.codeOf('CreateDesktops', parameters);
const orders = () => bed.calls.filter((call) => call.what === 'create').map((call) => call.args[0]);

describe('CreateDesktops', () => {
  it('orders desktops of a bundle', async () => {
    const answer = await bed.call('CreateDesktops', {
      BundleId: 'b-1',
      Amount: 2,
      DesktopName: 'lab',
      DesktopNameSuffix: true,
      Hostname: 'lab-host',
      OfficeSiteId: 'site',
      PolicyGroupId: 'policy',
      EndUserId: ['bob'],
      ChargeType: 'PrePaid',
      Tag: [{ Key: 'class', Value: '5b' }, { Key: 'lent' }],
    });
    expect(answer).toEqual({ DesktopId: ['ecd-1', 'ecd-2'] });
    expect(orders()).toEqual([
      {
        regionId: REGION,
        bundle: expect.objectContaining({ id: 'b-1', systemDiskGib: 10 }),
        image: expect.objectContaining({ id: image, os_type: 'Linux' }),
        amount: 2,
        name: 'lab',
        nameSuffix: true,
        hostname: 'lab-host',
        officeSiteId: 'site',
        policyGroupId: 'policy',
        endUserIds: ['bob'],
        chargeType: 'PrePaid',
        tags: [
          { key: 'class', value: '5b' },
          { key: 'lent', value: '' },
        ],
        creator: 'alice',
      },
    ]);
    expect([...bed.claims]).toEqual([bed.context.claim]);
  });

  it('makes one, without names and users, if nothing else is said', async () => {
    await bed.call('CreateDesktops', { BundleId: 'b-2', DirectoryId: 'old-site' });
    expect(orders()).toEqual([
      expect.objectContaining({
        amount: 1,
        name: '',
        nameSuffix: false,
        hostname: '',
        officeSiteId: 'old-site',
        endUserIds: [],
        chargeType: 'PostPaid',
      }),
    ]);
  });

  it('takes the newest image of the name that is Available', async () => {
    const newer = await bed.image({ name: 'demo', created_at: 2e12 });
    await bed.image({ name: 'demo', created_at: 3e12, status: 'Creating' });
    await bed.call('CreateDesktops', { BundleId: 'b-1' });
    expect(orders()).toEqual([expect.objectContaining({ image: expect.objectContaining({ id: newer }) })]);
  });

  it('takes an image and sizes from DesktopAttachment', async () => {
    const other = await bed.image({ name: 'other', size_bytes: 1024 });
    await bed.call('CreateDesktops', {
      DesktopAttachment: { ImageId: other, SystemDiskSize: 40, DataDiskSize: 0, DesktopType: 'type.one' },
    });
    await bed.call('CreateDesktops', { DesktopAttachment: { ImageId: other, DesktopType: 'unknown' } });
    await bed.call('CreateDesktops', { BundleId: 'b-2', DesktopAttachment: { DataDiskSize: 7 } });
    expect(orders()).toMatchObject([
      { bundle: { id: 'b-1', systemDiskGib: 40, dataDiskGib: 0 }, image: { id: other } },
      { bundle: { id: 'b-1', systemDiskGib: 10, dataDiskGib: 5 }, image: { id: other } },
      { bundle: { id: 'b-2', systemDiskGib: 0, dataDiskGib: 7 }, image: { id: image } },
    ]);
    expect(await code({ DesktopAttachment: { ImageId: image, SystemDiskSize: 3 } })).toBe(
      'InvalidDesktopAttachment',
    );
    expect(await code({ DesktopAttachment: { DataDiskSize: -1 } })).toBe('InvalidDesktopAttachment');
    expect(await code({ DesktopAttachment: { ImageId: 'm-x' } })).toBe('InvalidImageId.NotFound');
  });

  it('takes several bundles', async () => {
    const answer = await bed.call('CreateDesktops', {
      EndUserId: ['bob'],
      DesktopName: 'all',
      BundleModels: [
        { BundleId: 'b-1', Amount: 2, EndUserIds: ['eve'], DesktopName: 'first', Hostname: 'h' },
        { BundleId: 'b-2' },
      ],
    });
    expect(answer).toEqual({ DesktopId: ['ecd-1', 'ecd-2', 'ecd-3'] });
    expect(orders()).toMatchObject([
      { bundle: { id: 'b-1' }, amount: 2, endUserIds: ['eve'], name: 'first', hostname: 'h' },
      { bundle: { id: 'b-2' }, amount: 1, endUserIds: ['bob'], name: 'all', hostname: '' },
    ]);
    expect(await code({ BundleModels: [{ BundleId: 'b-1' }], BundleId: 'b-2' })).toBe('InvalidBundleModels');
    expect(await code({ BundleModels: [{ Amount: 1 }] })).toBe('MissingBundleModels.BundleId');
  });

  it('gives each user the same number with PER_USER', async () => {
    const users = { BundleId: 'b-1', UserAssignMode: 'PER_USER', EndUserId: ['bob', 'eve'] };
    await bed.call('CreateDesktops', { ...users, Amount: 4 });
    expect(orders()).toMatchObject([
      { amount: 2, endUserIds: ['bob'] },
      { amount: 2, endUserIds: ['eve'] },
    ]);
    expect(await code({ ...users, Amount: 3 })).toBe('InvalidAmount.NotTimesOfUsers');
    expect(await code({ ...users, EndUserId: [], Amount: 3 })).toBe('none');
  });

  it('leaves nothing behind when a later part fails', async () => {
    let calls = 0;
    bed.answers.set('create', () => {
      if (++calls === 2) throw new EcdError('QuotaExceed.Desktop', { count: 1 });
      return ['ecd-made'];
    });
    const models = { BundleModels: [{ BundleId: 'b-1' }, { BundleId: 'b-2' }] };
    expect(await code(models)).toBe('QuotaExceed.Desktop');
    expect(bed.calls.at(-1)).toEqual({ what: 'remove', args: [['ecd-made']] });
    expect([...bed.claims]).toEqual([bed.context.claim]);
  });

  it.each([
    ['MissingBundleId', {}],
    ['InvalidDesktopBundle.NotFound', { BundleId: 'b-x' }],
    ['InvalidDesktopBundle.NotFound', { BundleModels: [{ BundleId: 'b-1' }, { BundleId: 'b-x' }] }],
    ['InvalidAmount', { BundleId: 'b-1', Amount: 0 }],
    ['InvalidAmount', { BundleId: 'b-1', Amount: 501 }],
    ['InvalidAmount', { BundleModels: [{ BundleId: 'b-1', Amount: -1 }] }],
    ['InvalidDesktopName.Malformed', { BundleId: 'b-1', DesktopName: '1' }],
    ['InvalidHostname', { BundleId: 'b-1', Hostname: '-a' }],
    ['InvalidRegionId.NotFound', { BundleId: 'b-1', RegionId: 'mars' }],
    ['InvalidTag', { BundleId: 'b-1', Tag: [{ Key: 'a' }, { Key: 'a' }] }],
    ['MissingTag.Key', { BundleId: 'b-1', Tag: [{ Value: 'b' }] }],
    ['InvalidTagKey.Malformed', { BundleId: 'b-1', Tag: [{ Key: 'acs:a' }] }],
    ['InvalidTagValue.Malformed', { BundleId: 'b-1', Tag: [{ Key: 'a', Value: 'http://b' }] }],
    ['InvalidUserCommands', { BundleId: 'b-1', UserCommands: [{ Content: 'ls' }] }],
    ['InvalidDesktopTimers', { BundleId: 'b-1', DesktopTimers: [{ TimerType: 'x' }] }],
    ['InvalidTimerGroupId', { BundleId: 'b-1', TimerGroupId: 'x' }],
    ['InvalidAutoSnapshotPolicyId.NotFound', { BundleId: 'b-1', SnapshotPolicyId: 'sp-1' }],
    ['InvalidGroupId', { BundleId: 'b-1', GroupId: 'dg-1' }],
    ['InvalidDesktopMemberIp', { BundleId: 'b-1', DesktopMemberIp: '10.0.0.1' }],
    ['InvalidVolumeEncryptionEnabled', { BundleId: 'b-1', VolumeEncryptionEnabled: true }],
    [
      'InvalidVolumeEncryptionEnabled',
      { BundleModels: [{ BundleId: 'b-1', VolumeEncryptionEnabled: true }] },
    ],
  ])('answers %s to %j and orders nothing', async (wanted, parameters) => {
    expect(await code(parameters)).toBe(wanted);
    expect(bed.calls).toEqual([]);
  });

  it('wants an image that is Available', async () => {
    await bed.catalogue.db.updateTable('images').set({ status: 'Creating' }).execute();
    expect(await code({ BundleId: 'b-1' })).toBe('IncorrectImageStatus');
    await bed.catalogue.db.deleteFrom('images').execute();
    expect(await code({ BundleId: 'b-1' })).toBe('InvalidImageId.NotFound');
  });

  it('takes what means nothing here', async () => {
    const harmless = {
      Period: 1,
      PeriodUnit: 'Month',
      AutoPay: true,
      VpcId: 'v',
      VolumeEncryptionEnabled: false,
    };
    expect(await code({ BundleId: 'b-1', ...harmless })).toBe('none');
  });
});
