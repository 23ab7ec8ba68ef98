import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { Bed, NOW } from './testing/bed.ts';

const GOOD = { PolicyName: 'nightly', RetentionDays: 3, CronExpression: '0 0 5,7 ? * 2/2' };
const NO_POLICY = 'sp-00000000000000000';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

const create = async (more: object = {}): Promise<string> =>
  (await bed.call('CreateAutoSnapshotPolicy', { ...GOOD, ...more })).PolicyId;
const list = async (filter: object = {}) =>
  (await bed.call('DescribeAutoSnapshotPolicy', filter)).AutoSnapshotPolicies;
const ids = async (filter: object) => (await list(filter)).map((p: { PolicyId: string }) => p.PolicyId);
const nonces = () => bed.catalogue.db.selectFrom('nonces').selectAll().execute();

describe('CreateAutoSnapshotPolicy', () => {
  it('puts a policy on record, with the nonce', async () => {
    const id = await create();
    expect(id).toMatch(/^sp-[a-z0-9]{17}$/);
    expect(await list()).toEqual([
      {
        PolicyId: id,
        PolicyName: 'nightly',
        RegionId: 'cn-hangzhou',
        CronExpression: '0 0 5,7 ? * 2/2',
        TimePoints: '["5","7"]',
        RetentionDays: '3',
        DiskType: 'ALL',
        Status: 'Normal',
        DesktopNum: 0,
        CreationTime: '2026-11-24T12:00:00Z',
      },
    ]);
    expect(await nonces()).toHaveLength(1);
    const row = await bed.catalogue.db.selectFrom('snapshot_policies').select('creator').executeTakeFirst();
    expect(row).toEqual({ creator: 'alice' });
  });

  it.each(['ab', 'Automatic system snapshot', '每晚', "a b*~!'()/+&=", '😀'.repeat(128), 'autumn'])(
    'takes the name %.30j',
    async (PolicyName) => {
      await create({ PolicyName });
      expect((await list())[0].PolicyName).toBe(PolicyName);
    },
  );

  it.each([
    ['InvalidSnapshotPolicyName.Malformed', { PolicyName: 'a' }],
    ['InvalidSnapshotPolicyName.Malformed', { PolicyName: '😀' }],
    ['InvalidSnapshotPolicyName.Malformed', { PolicyName: '😀'.repeat(129) }],
    ['InvalidSnapshotPolicyName.Malformed', { PolicyName: 'a\nb' }],
    ['InvalidSnapshotPolicyName.Malformed', { PolicyName: 'http://a' }],
    ['InvalidSnapshotPolicyName.Malformed', { PolicyName: 'https://a' }],
    ['InvalidRetentionDays.Malformed', { RetentionDays: 0 }],
    ['InvalidRetentionDays.Malformed', { RetentionDays: -1 }],
    ['InvalidRetentionDays.Malformed', { RetentionDays: 181 }],
    ['InvalidCronExpression.Malformed', { CronExpression: '0 2 * * *' }],
    ['InvalidCronExpression.Malformed', { CronExpression: '0 0 2 30 2 ?' }],
    ['InvalidRegionId.NotFound', { RegionId: 'mars' }],
  ])('answers %s to %.60j and changes nothing', async (code, parameters) => {
    expect(await bed.codeOf('CreateAutoSnapshotPolicy', { ...GOOD, ...parameters })).toBe(code);
    expect(await list()).toEqual([]);
    expect(await nonces()).toEqual([]);
  });

  it('has a quota for each region', async () => {
    await bed.close();
    bed = new Bed({ policies: { quota: 2 } });
    await create();
    await create();
    expect(await bed.codeOf('CreateAutoSnapshotPolicy', GOOD)).toBe('AutoSnapshotPolicy.QuotaExceed');
    expect(await bed.codeOf('CreateAutoSnapshotPolicy', { ...GOOD, RegionId: 'room-2' })).toBe('none');
  });
});

describe('DescribeAutoSnapshotPolicy', () => {
  it('filters by id, name and region, newest first', async () => {
    const a = await create({ PolicyName: 'week 1' });
    const b = await create({ PolicyName: 'Week 2' });
    const there = await create({ RegionId: 'room-2' });
    expect(await ids({})).toEqual([b, a]);
    expect(await ids({ RegionId: 'room-2' })).toEqual([there]);
    expect(await ids({ PolicyId: a })).toEqual([a]);
    expect(await ids({ PolicyId: there })).toEqual([]);
    expect(await ids({ PolicyName: 'week 1' })).toEqual([a]);
    expect(await ids({ PolicyName: '*eek*' })).toEqual([b, a]);
    expect(await bed.codeOf('DescribeAutoSnapshotPolicy', { RegionId: 'mars' })).toBe(
      'InvalidRegionId.NotFound',
    );
  });

  it('has pages that give each policy once while others come and go', async () => {
    const made: string[] = [];
    for (let n = 0; n < 5; n++) made.unshift(await create());
    const first = await bed.call('DescribeAutoSnapshotPolicy', { MaxResults: 2 });
    await create();
    await bed.call('DeleteAutoSnapshotPolicy', { PolicyId: [made[1]!, made[3]!] });
    const second = await bed.call('DescribeAutoSnapshotPolicy', {
      MaxResults: 2,
      NextToken: first.NextToken,
    });
    const seen = [first, second].flatMap((page) =>
      page.AutoSnapshotPolicies.map((p: { PolicyId: string }) => p.PolicyId),
    );
    expect(seen).toEqual([made[0], made[1], made[2], made[4]]);
    expect(second).not.toHaveProperty('NextToken');
    expect(await bed.codeOf('DescribeAutoSnapshotPolicy', { NextToken: 'x' })).toBe('InvalidNextToken');
    expect(await bed.codeOf('DescribeAutoSnapshotPolicy', { MaxResults: 101 })).toBe('InvalidMaxResults');
  });

  it('says all hours of an open expression', async () => {
    await create({ CronExpression: '0 0 */6 ? * *' });
    expect((await list())[0].TimePoints).toBe('["0","6","12","18"]');
  });
});

describe('ModifyAutoSnapshotPolicy', () => {
  it('changes what is sent and leaves the rest', async () => {
    const id = await create({ DiskType: 'DATA' });
    const [before] = await list();
    await bed.call('ModifyAutoSnapshotPolicy', { PolicyId: id, RetentionDays: 180 });
    expect(await list()).toEqual([{ ...before, RetentionDays: '180' }]);
    const change = { PolicyName: 'other', CronExpression: '0 20 16 ? * 1', DiskType: 'SYSTEM' };
    await bed.call('ModifyAutoSnapshotPolicy', { PolicyId: id, ...change });
    expect(await list()).toEqual([{ ...before, ...change, TimePoints: '["16"]', RetentionDays: '180' }]);
    await bed.call('ModifyAutoSnapshotPolicy', { PolicyId: id });
    expect(await list()).toMatchObject([change]);
  });

  it.each([
    ['InvalidAutoSnapshotPolicyId.NotFound', { PolicyId: NO_POLICY }],
    ['InvalidAutoSnapshotPolicyId.NotFound', { RegionId: 'room-2' }],
    ['InvalidRegionId.NotFound', { RegionId: 'mars' }],
    ['InvalidSnapshotPolicyName.Malformed', { PolicyName: 'a' }],
    ['InvalidRetentionDays.Malformed', { RetentionDays: 181 }],
    ['InvalidCronExpression.Malformed', { CronExpression: 'x' }],
  ])('answers %s to %j and changes nothing', async (code, parameters) => {
    const id = await create();
    const before = await list();
    expect(
      await bed.codeOf('ModifyAutoSnapshotPolicy', { PolicyId: id, PolicyName: 'new', ...parameters }),
    ).toBe(code);
    expect(await list()).toEqual(before);
  });

  it('leaves the ends of snapshots as they are', async () => {
    const id = await create();
    await bed.snapshot({ type: 'AUTO', policy_id: id, expires_at: Date.parse('2026-12-01T02:03:04Z') });
    await bed.call('ModifyAutoSnapshotPolicy', { PolicyId: id, RetentionDays: 1 });
    await bed.call('DeleteAutoSnapshotPolicy', { PolicyId: [id] });
    const { Snapshots } = await bed.call('DescribeSnapshots');
    expect(Snapshots).toMatchObject([{ SnapshotType: 'AUTO', DeletionTime: '2026-12-01T02:03:04Z' }]);
  });
});

describe('the desktops of a policy', () => {
  const of = async (filter: object) =>
    (await bed.call('DescribeDesktops', filter)).Desktops.map((d: { DesktopId: string }) => d.DesktopId);

  it('have it, one at most, and show it', async () => {
    const [a, b] = [await create({ PolicyName: 'aa' }), await create({ PolicyName: 'bb' })];
    const [one, two] = [await bed.desktop(), await bed.desktop()];
    await bed.call('ApplyAutoSnapshotPolicy', { PolicyId: a, DesktopId: [one, two, one] });
    expect(await list()).toMatchObject([{ DesktopNum: 0 }, { DesktopNum: 2 }]);
    await bed.call('ApplyAutoSnapshotPolicy', { PolicyId: b, DesktopId: [one] });
    expect(await list()).toMatchObject([{ DesktopNum: 1 }, { DesktopNum: 1 }]);
    expect(await of({ SnapshotPolicyId: b })).toEqual([one]);
    expect((await bed.call('DescribeDesktops', { SnapshotPolicyId: b })).TotalCount).toBe(1);
    expect(await of({ SnapshotPolicyId: NO_POLICY })).toEqual([]);
    const { Desktops } = await bed.call('DescribeDesktops');
    expect(Desktops).toMatchObject([
      { DesktopId: two, SnapshotPolicyId: a, SnapshotPolicyName: 'aa' },
      { DesktopId: one, SnapshotPolicyId: b, SnapshotPolicyName: 'bb' },
    ]);
    await bed.catalogue.db.updateTable('desktops').set({ status: 'Deleted' }).where('id', '=', one).execute();
    expect(await list()).toMatchObject([{ DesktopNum: 0 }, { DesktopNum: 1 }]);
  });

  it('keep the time of their binding when they get the same policy again', async () => {
    const [policy, desktop] = [await create(), await bed.desktop()];
    const bound = () => bed.catalogue.db.selectFrom('policy_bindings').selectAll().execute();
    await bed.call('ApplyAutoSnapshotPolicy', { PolicyId: policy, DesktopId: [desktop] });
    const before = await bound();
    await bed.call('ApplyAutoSnapshotPolicy', { PolicyId: policy, DesktopId: [desktop] });
    expect(await bound()).toEqual(before);
    expect(before[0]!.last_point).toBeGreaterThanOrEqual(NOW);
  });

  it('have none after Cancel, if it is the one that is named', async () => {
    const [a, b] = [await create(), await create()];
    const [one, two] = [await bed.desktop(), await bed.desktop()];
    await bed.call('ApplyAutoSnapshotPolicy', { PolicyId: a, DesktopId: [one, two] });
    await bed.call('CancelAutoSnapshotPolicy', { PolicyId: b, DesktopId: [one] });
    expect(await of({ SnapshotPolicyId: a })).toEqual([two, one]);
    await bed.call('CancelAutoSnapshotPolicy', { PolicyId: a, DesktopId: [one] });
    expect(await of({ SnapshotPolicyId: a })).toEqual([two]);
    await bed.call('CancelAutoSnapshotPolicy', { DesktopId: [one, two] });
    expect(await of({ SnapshotPolicyId: a })).toEqual([]);
    const { Desktops } = await bed.call('DescribeDesktops');
    for (const desktop of Desktops) expect(desktop).not.toHaveProperty('SnapshotPolicyId');
  });

  it('have none after the policy is deleted; unknown ones are ignored', async () => {
    const policy = await create();
    await bed.call('ApplyAutoSnapshotPolicy', { PolicyId: policy, DesktopId: [await bed.desktop()] });
    await bed.call('DeleteAutoSnapshotPolicy', { PolicyId: [policy], RegionId: 'room-2' });
    expect(await of({ SnapshotPolicyId: policy })).toHaveLength(1);
    await bed.call('DeleteAutoSnapshotPolicy', { PolicyId: [NO_POLICY, policy, policy] });
    expect(await list()).toEqual([]);
    expect(await of({ SnapshotPolicyId: policy })).toEqual([]);
    expect(await bed.catalogue.db.selectFrom('policy_bindings').selectAll().execute()).toEqual([]);
  });

  it.each(['ApplyAutoSnapshotPolicy', 'CancelAutoSnapshotPolicy'])('%s is all or none', async (name) => {
    const [policy, desktop] = [await create(), await bed.desktop()];
    const elsewhere = await bed.desktop({ region_id: 'room-2' });
    const deleted = await bed.desktop({ status: 'Deleted' });
    if (name.startsWith('Cancel')) {
      await bed.call('ApplyAutoSnapshotPolicy', { PolicyId: policy, DesktopId: [desktop] });
    }
    const before = await of({ SnapshotPolicyId: policy });
    const code = (parameters: object) =>
      bed.codeOf(name, { PolicyId: policy, DesktopId: [desktop], ...parameters });
    for (const other of ['ecd-unknown', elsewhere, deleted]) {
      expect(await code({ DesktopId: [desktop, other] })).toBe('InvalidDesktopId.NotFound');
    }
    expect(await code({ PolicyId: NO_POLICY })).toBe('InvalidAutoSnapshotPolicyId.NotFound');
    expect(await code({ RegionId: 'room-2' })).toBe('InvalidAutoSnapshotPolicyId.NotFound');
    expect(await code({ RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
    expect(await of({ SnapshotPolicyId: policy })).toEqual(before);
  });
});

describe('CreateDesktops with SnapshotPolicyId', () => {
  it('hands it on if it is a policy of the region', async () => {
    await bed.image({ name: 'demo' });
    bed.answers.set('create', () => ['ecd-1']);
    const policy = await create();
    await bed.call('CreateDesktops', { BundleId: 'bundle_demo', SnapshotPolicyId: policy });
    expect(bed.calls).toMatchObject([{ what: 'create', args: [{ snapshotPolicyId: policy }] }]);
    const elsewhere = await create({ RegionId: 'room-2' });
    for (const id of [NO_POLICY, elsewhere]) {
      const code = await bed.codeOf('CreateDesktops', { BundleId: 'bundle_demo', SnapshotPolicyId: id });
      expect(code).toBe('InvalidAutoSnapshotPolicyId.NotFound');
    }
  });
});

it('a nonce that was used changes nothing', async () => {
  await create();
  await bed.close();
  bed = new Bed();
  const values = { access_key_id: 'key', nonce: 'nonce', expires_at: NOW };
  await bed.catalogue.db.insertInto('nonces').values(values).execute();
  await expect(bed.call('CreateAutoSnapshotPolicy', GOOD)).rejects.toSatisfy((error) =>
    EcdError.is(error, 'SignatureNonceUsed'),
  );
  expect(await list()).toEqual([]);
});
