/** What is denied under its id is denied however it is reached: by its name, its type, or by way of what stands on it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewKey } from '../catalogue/keys.ts';
import { AccessDoor } from './testing/access-door.ts';
import { callAt } from './testing/calls.ts';

const SIZES = { RootDiskSizeGib: '40', 'UserDiskSizeGib.1': '0' };
const BUNDLES = [
  { id: 'b-plain', name: 'Plain', desktopType: 'type.plain', image: 'office' },
  { id: 'b-lan', name: 'LAN', desktopType: 'type.lan', image: 'payroll', network: 'bridge:br0' },
];
const ALL = { Effect: 'Allow', Action: '*', Resource: '*' };

let door: AccessDoor;
let office: string;
let secret: string;
beforeEach(async () => {
  door = await new AccessDoor({ bundles: BUNDLES }).start();
  office = await door.bed.image({ name: 'office', size_bytes: 1024 });
  secret = await door.bed.image({ name: 'payroll', size_bytes: 1024 });
  door.bed.answers.set('create', () => ['ecd-new']);
});
afterEach(() => door.close());

type Sent = Record<string, string>;
const codeOf = async (key: NewKey, action: string, sent: Sent) =>
  (await callAt(door.host, key, action, sent)).code;
const attached = (attachment: object): Sent => ({ DesktopAttachment: JSON.stringify(attachment) });
/** Everything but these. */
const denied = (name: string, ...resources: string[]) =>
  door.user(name, ALL, {
    ...{ Effect: 'Deny', Action: 'ecd:*', Resource: resources.map((one) => `acs:ecd:*:*:${one}`) },
  });
/** Nothing but these. */
const allowed = (name: string, ...resources: string[]) =>
  door.user(name, {
    ...{ Effect: 'Allow', Action: 'ecd:*', Resource: resources.map((one) => `acs:ecd:*:*:${one}`) },
  });

async function expectCodes(key: NewKey, asked: readonly (readonly [string, Sent, string])[]) {
  for (const [action, sent, code] of asked)
    expect([action, sent, await codeOf(key, action, sent)]).toEqual([action, sent, code]);
}

test('the name of an image is no ImageId', async () => {
  const desktop = await door.bed.desktop({ image_id: office });
  for (const key of [await denied('bob', `image/${secret}`), await door.admin()])
    await expectCodes(key, [
      [
        'CreateBundle',
        { ImageId: 'payroll', DesktopType: 'type.plain', ...SIZES },
        'InvalidImageId.NotFound',
      ],
      ['RebuildDesktops', { 'DesktopId.1': desktop, ImageId: 'payroll' }, 'InvalidImageId.NotFound'],
      ['CreateDesktops', attached({ ImageId: 'payroll' }), 'InvalidImageId.NotFound'],
      [
        'CreateDesktops',
        { BundleId: 'b-plain', ...attached({ ImageId: 'payroll' }) },
        'InvalidImageId.NotFound',
      ],
    ]);
  expect(door.bed.calls).toEqual([]);
});

test('a Deny of an image refuses what is made of it by way of a bundle or of a desktop', async () => {
  const [mine, theirs] = [
    await door.bed.desktop({ image_id: office }),
    await door.bed.desktop({ image_id: secret }),
  ];
  const made = (
    await callAt(door.host, await door.admin(), 'CreateBundle', {
      ...{ ImageId: secret, DesktopType: 'type.plain', ...SIZES },
    })
  ).body.BundleId as string;
  const bob = await denied('bob', `image/${secret}`);
  await expectCodes(bob, [
    ['CreateDesktops', { BundleId: 'b-lan' }, 'NoPermission'],
    ['CreateDesktops', { BundleId: made }, 'NoPermission'],
    [
      'CreateDesktops',
      { 'BundleModels.1.BundleId': 'b-plain', 'BundleModels.2.BundleId': made },
      'NoPermission',
    ],
    ['CreateDesktops', attached({ DesktopType: 'type.lan' }), 'NoPermission'],
    ['CreateDesktops', { BundleId: 'b-none' }, 'NoPermission'],
    ['CreateDesktops', { BundleId: 'b-lan', ...attached({ ImageId: office }) }, 'OK'],
    ['CreateDesktops', { BundleId: 'b-plain' }, 'OK'],
    ['RebuildDesktops', { 'DesktopId.1': mine, 'DesktopId.2': theirs }, 'NoPermission'],
    ['RebuildDesktops', { 'DesktopId.1': theirs, ImageId: office }, 'OK'],
    ['RebuildDesktops', { 'DesktopId.1': mine }, 'OK'],
  ]);
  // Who is denied nothing needs no right to the image of a bundle.
  const eve = await allowed('eve', 'desktop/*', 'bundle/b-lan');
  expect(await codeOf(eve, 'CreateDesktops', { BundleId: 'b-lan' })).toBe('OK');
});

test('a bundle that is found by its type is named as if by its id', async () => {
  const order = (type: string) => ({ ImageId: office, DesktopType: type, ...SIZES });
  await expectCodes(await denied('bob', 'bundle/b-lan'), [
    ['CreateDesktops', attached({ DesktopType: 'type.lan', ImageId: office }), 'NoPermission'],
    ['CreateDesktops', attached({ DesktopType: 'type.plain' }), 'OK'],
    ['CreateDesktops', { 'BundleModels.1.BundleId': 'b-lan' }, 'NoPermission'],
    ['CreateBundle', order('type.lan'), 'NoPermission'],
    ['CreateBundle', order('type.none'), 'NoPermission'],
    ['CreateBundle', order('type.plain'), 'OK'],
  ]);
  await expectCodes(await denied('dan', 'bundle/b-plain'), [
    ['CreateDesktops', attached({ ImageId: office }), 'NoPermission'],
    ['CreateDesktops', attached({ DesktopType: 'type.none' }), 'NoPermission'],
  ]);
  await expectCodes(await allowed('eve', 'desktop/*', 'bundle/b-plain', 'bundle/new', 'image/*'), [
    ['CreateDesktops', attached({ DesktopType: 'type.lan' }), 'NoPermission'],
    ['CreateDesktops', attached({ DesktopType: 'type.plain' }), 'OK'],
    ['CreateBundle', order('type.lan'), 'NoPermission'],
    ['CreateBundle', order('type.plain'), 'OK'],
  ]);
  const rows = (await door.audited()).filter((row) => row.Operation === 'CreateBundle' && row.Code === 'OK');
  expect(rows[0]!.Resources).toEqual(['bundle/new', 'bundle/b-plain', `image/${office}`, expect.anything()]);
});

test('an image that takes the name that a bundle of the settings means, or lays it down, acts on that bundle', async () => {
  const mine = await door.bed.image({ name: 'mine', size_bytes: 1024 });
  const DesktopId = await door.bed.desktop();
  const bob = await allowed('bob', 'desktop/*', 'image/*');
  await expectCodes(bob, [
    ['ModifyImageAttribute', { ImageId: mine, Name: 'office' }, 'NoPermission'],
    ['ModifyImageAttribute', { ImageId: office, Name: 'other' }, 'NoPermission'],
    ['ModifyImageAttribute', { ImageId: office, Description: 'other' }, 'OK'],
    ['ModifyImageAttribute', { ImageId: mine, Name: 'other' }, 'OK'],
    ['ModifyImageAttribute', { ImageId: mine, Description: 'office' }, 'OK'],
    ['CreateImage', { DesktopId, ImageName: 'payroll' }, 'NoPermission'],
    ['CreateImage', { DesktopId, ImageName: 'other' }, 'OK'],
  ]);
  const eve = await denied('eve', 'bundle/b-lan');
  await expectCodes(eve, [
    ['ModifyImageAttribute', { ImageId: mine, Name: 'payroll' }, 'NoPermission'],
    ['ModifyImageAttribute', { ImageId: mine, Name: 'office' }, 'OK'],
  ]);
});

test('a Deny of an office site, a policy group or a snapshot policy refuses the desktops that are given to it', async () => {
  const bob = await denied('bob', 'officesite/o-1', 'policygroup/pg-1', 'snapshotpolicy/sp-1');
  const order = { BundleId: 'b-plain' };
  await expectCodes(bob, [
    ['CreateDesktops', { ...order, OfficeSiteId: 'o-1' }, 'NoPermission'],
    ['CreateDesktops', { ...order, DirectoryId: 'o-1' }, 'NoPermission'],
    ['CreateDesktops', { ...order, PolicyGroupId: 'pg-1' }, 'NoPermission'],
    ['CreateDesktops', { ...order, SnapshotPolicyId: 'sp-1' }, 'NoPermission'],
    ['CreateDesktops', { ...order, OfficeSiteId: 'o-2', PolicyGroupId: 'pg-2' }, 'OK'],
  ]);
  // They are records: who may make desktops needs no right to them.
  const eve = await allowed('eve', 'desktop/*', 'bundle/b-plain');
  expect(await codeOf(eve, 'CreateDesktops', { ...order, OfficeSiteId: 'o-1', PolicyGroupId: 'pg-1' })).toBe(
    'OK',
  );
});

test('a Deny of a snapshot policy refuses another one in its place, or none', async () => {
  const admin = await door.admin();
  const policies: string[] = [];
  for (const PolicyName of ['kept', 'other']) {
    const nightly = { PolicyName, CronExpression: '0 0 2 ? * 1-7', RetentionDays: '3' };
    const { body } = await callAt(door.host, admin, 'CreateAutoSnapshotPolicy', nightly);
    policies.push(String(body.PolicyId));
  }
  const [kept, other] = policies as [string, string];
  const [bound, free] = [await door.bed.desktop(), await door.bed.desktop()];
  await callAt(door.host, admin, 'ApplyAutoSnapshotPolicy', { PolicyId: kept, 'DesktopId.1': bound });
  await expectCodes(await denied('bob', `snapshotpolicy/${kept}`), [
    ['CancelAutoSnapshotPolicy', { PolicyId: kept, 'DesktopId.1': bound }, 'NoPermission'],
    ['CancelAutoSnapshotPolicy', { 'DesktopId.1': bound }, 'NoPermission'],
    ['CancelAutoSnapshotPolicy', { 'DesktopId.1': free }, 'OK'],
    [
      'ApplyAutoSnapshotPolicy',
      { PolicyId: other, 'DesktopId.1': bound, 'DesktopId.2': free },
      'NoPermission',
    ],
    ['ApplyAutoSnapshotPolicy', { PolicyId: other, 'DesktopId.1': free }, 'OK'],
  ]);
  const eve = await allowed('eve', 'desktop/*', `snapshotpolicy/${other}`);
  expect(await codeOf(eve, 'ApplyAutoSnapshotPolicy', { PolicyId: other, 'DesktopId.1': bound })).toBe('OK');
});
