import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parameterDecoder, type WireSchema } from '../api/decode.ts';
import { EcdError } from '../errors.ts';
import { MAX_GROUPS } from './CreatePolicyGroup.ts';
import { OPERATIONS } from './index.ts';
import { Bed, NOW } from './testing/bed.ts';

const NO_GROUP = 'pg-00000000000000000';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

const create = async (parameters: object = {}): Promise<string> =>
  (await bed.call('CreatePolicyGroup', parameters)).PolicyGroupId;
const modify = (PolicyGroupId: string, parameters: object) =>
  bed.call('ModifyPolicyGroup', { PolicyGroupId, ...parameters });
const list = async (filter: object = {}) =>
  (await bed.call('DescribePolicyGroups', filter)).DescribePolicyGroups;
const ids = async (filter: object = {}) =>
  (await list(filter)).map((g: { PolicyGroupId: string }) => g.PolicyGroupId);
const nonces = () => bed.catalogue.db.selectFrom('nonces').selectAll().execute();
const row = (id: string, at: number, more: object = {}) =>
  bed.catalogue.db
    .insertInto('policy_groups')
    .values({
      id,
      name: id,
      region_id: 'cn-hangzhou',
      scope: 'GLOBAL',
      settings: '{"AuthorizeSecurityPolicyRules":[],"AuthorizeAccessPolicyRules":[]}',
      creator: 'alice',
      created_at: at,
      ...more,
    })
    .execute();

describe('CreatePolicyGroup and ModifyPolicyGroup', () => {
  it('replaces lists, but adds and revokes rules', async () => {
    const rule = {
      Type: 'inflow',
      Policy: 'accept',
      PortRange: '22/22',
      IpProtocol: 'TCP',
      CidrIp: '10.0.0.0/8',
    };
    const kept = { ...rule, IpProtocol: 'tcp' };
    const id = await create({
      ClientType: [{ ClientType: 'ios', Status: 'ON' }],
      AuthorizeSecurityPolicyRule: [rule, { ...rule, Description: 'again' }, { ...rule, Priority: '1' }],
      AuthorizeAccessPolicyRule: [{ CidrIp: '10.1.0.0/16', Description: 'a' }, { CidrIp: '10.2.0.0/16' }],
    });
    expect(await list()).toMatchObject([
      {
        AuthorizeSecurityPolicyRules: [
          { ...kept, Description: 'again' },
          { ...kept, Priority: '1' },
        ],
      },
    ]);
    await modify(id, {
      ClientType: [{ ClientType: 'macos', Status: 'OFF' }],
      RevokeSecurityPolicyRule: [{ ...rule, Description: 'whatever' }, { Policy: 'drop' }],
      AuthorizeSecurityPolicyRule: [{ ...rule, Type: 'outflow' }],
      RevokeAccessPolicyRule: [{ CidrIp: '10.1.0.0/16' }, { CidrIp: '10.9.0.0/16' }],
      AuthorizeAccessPolicyRule: [{ CidrIp: '10.1.0.0/16', Description: 'b' }],
    });
    expect(await list()).toMatchObject([
      {
        ClientTypes: [{ ClientType: 'macos', Status: 'OFF' }],
        AuthorizeSecurityPolicyRules: [
          { ...kept, Priority: '1' },
          { ...kept, Type: 'outflow' },
        ],
        AuthorizeAccessPolicyRules: [{ CidrIp: '10.2.0.0/16' }, { CidrIp: '10.1.0.0/16', Description: 'b' }],
      },
    ]);
  });

  it.each([
    ['AuthorizeSecurityPolicyRule', 200],
    ['AuthorizeAccessPolicyRule', 100],
  ])('%s: a group has up to %i, also by parts', async (name, most) => {
    const rules = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => ({ CidrIp: `10.0.${from + n}.0/24` }));
    const id = await create({ [name]: rules(0, most) });
    const before = await list();
    const code = (parameters: object) =>
      bed.codeOf('ModifyPolicyGroup', { PolicyGroupId: id, ...parameters });
    expect(await code({ [name]: rules(most, most + 1) })).toBe(`Invalid${name}`);
    expect(await list()).toEqual(before);
    expect(await code({ [name]: rules(0, 1) })).toBe('none');
    const revoke = name.replace('Authorize', 'Revoke');
    expect(await code({ [revoke]: rules(0, 1), [name]: rules(most, most + 1) })).toBe('none');
  });

  it('takes words in any case, and numbers of a choice, as they come over the wire', () => {
    const decode = parameterDecoder(OPERATIONS.get('ModifyPolicyGroup')!.parameters as unknown as WireSchema);
    const sent = (fields: Record<string, string>) =>
      decode(new Map(Object.entries({ RegionId: 'r', PolicyGroupId: 'p', ...fields })));
    expect(
      sent({
        'ClientType.1.Status': 'on',
        RecordingFps: '15',
        DomainResolveRuleType: 'on',
        EndUserGroupCoordinate: 'ON',
        'UsbSupplyRedirectRule.1.UsbRuleType': '2',
        WatermarkDegree: '-10.5',
      }),
    ).toMatchObject({
      ClientType: [{ Status: 'ON' }],
      RecordingFps: 15,
      DomainResolveRuleType: 'ON',
      EndUserGroupCoordinate: 'on',
      UsbSupplyRedirectRule: [{ UsbRuleType: 2 }],
      WatermarkDegree: -10.5,
    });
    const codes = (fields: Record<string, string>) => () => sent(fields);
    expect(codes({ RecordingFps: '3' })).toThrow(EcdError);
    expect(
      codes({ 'ScopeValue.1': 'a', 'ScopeValue.2': 'b', 'ScopeValue.3': 'c', 'ScopeValue.4': 'd' }),
    ).toThrow(EcdError);
    expect(codes({ 'AuthorizeAccessPolicyRule.1.Description': 'no network' })).toThrow(EcdError);
  });

  it.each([
    ['InvalidName', { Name: '😀'.repeat(129) }],
    ['InvalidName', { Name: 'a\nb' }],
    ['InvalidRegionId.NotFound', { RegionId: 'mars' }],
  ])('answer %s to %.60j and change nothing', async (code, parameters) => {
    await row('a', NOW);
    const before = await list();
    expect(await bed.codeOf('CreatePolicyGroup', parameters)).toBe(code);
    expect(await bed.codeOf('ModifyPolicyGroup', { PolicyGroupId: 'a', ...parameters })).toBe(code);
    expect(await list()).toEqual(before);
    expect(await nonces()).toEqual([]);
  });

  it('know no groups of other regions', async () => {
    await row('there', NOW, { region_id: 'room-2' });
    for (const PolicyGroupId of [NO_GROUP, 'there']) {
      expect(await bed.codeOf('ModifyPolicyGroup', { PolicyGroupId })).toBe('InvalidPolicyGroupId.NotFound');
    }
  });

  it('have a quota for each region', async () => {
    for (let n = 0; n < MAX_GROUPS; n++) await row(`g${n}`, NOW - n);
    expect(await bed.codeOf('CreatePolicyGroup')).toBe('QuotaExceed.PolicyGroup');
    expect(await bed.codeOf('CreatePolicyGroup', { RegionId: 'room-2' })).toBe('none');
  });
});

describe('DescribePolicyGroups', () => {
  it('filters', async () => {
    await row('a', NOW - 3);
    await row('b', NOW - 2, { scope: 'IP' });
    await row('there', NOW - 1, { region_id: 'room-2' });
    expect(await ids()).toEqual(['b', 'a']);
    expect(await ids({ RegionId: 'room-2' })).toEqual(['there']);
    expect(await ids({ PolicyGroupId: ['a', 'there', NO_GROUP] })).toEqual(['a']);
    expect(await ids({ ExternalPolicyGroupIds: ['a'] })).toEqual(['b']);
    expect(await ids({ PolicyGroupId: ['a', 'b'], ExternalPolicyGroupIds: ['a'] })).toEqual(['b']);
    expect(await ids({ Scope: 'ALL', BusinessChannel: 'x' })).toEqual(['b', 'a']);
    expect(await ids({ Scope: 'IP' })).toEqual(['b']);
    expect(await ids({ Scope: 'GLOBAL' })).toEqual(['a']);
    expect(await bed.codeOf('DescribePolicyGroups', { RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
  });

  it('has pages that give each group once while others come and go', async () => {
    for (let n = 0; n < 5; n++) await row(`g${n}`, NOW - 10);
    const page = (NextToken?: string) => bed.call('DescribePolicyGroups', { MaxResults: 2, NextToken });
    const first = await page();
    expect(first).toMatchObject({ Count: 5 });
    expect(first).not.toHaveProperty('PageNumber');
    await row('new', NOW);
    await bed.call('DeletePolicyGroups', { PolicyGroupId: ['g3', 'g1'] });
    const second = await page(first.NextToken);
    const seen = [first, second].flatMap((p) => p.DescribePolicyGroups.map((g: { Name: string }) => g.Name));
    expect(seen).toEqual(['g4', 'g3', 'g2', 'g0']);
    expect(second).not.toHaveProperty('NextToken');
    const code = (parameters: object) => bed.codeOf('DescribePolicyGroups', parameters);
    expect(await code({ NextToken: first.NextToken, Scope: 'ALL' })).toBe('InvalidNextToken');
    expect(await code({ MaxResults: 101 })).toBe('InvalidMaxResults');
  });

  it('has numbered pages', async () => {
    for (let n = 0; n < 5; n++) await row(`g${n}`, NOW - n);
    const page = await bed.call('DescribePolicyGroups', { PageNumber: 2, PageSize: 2 });
    expect(page).toMatchObject({ Count: 5, PageNumber: 2, PageSize: 2 });
    expect(page.DescribePolicyGroups.map((g: { Name: string }) => g.Name)).toEqual(['g2', 'g3']);
    const code = (parameters: object) => bed.codeOf('DescribePolicyGroups', parameters);
    expect(await code({ PageNumber: 0 })).toBe('InvalidPageNumber');
    expect(await code({ PageSize: 101 })).toBe('InvalidPageSize');
  });
});

describe('the desktops of a policy group', () => {
  it('are counted, show its name, and keep it from being deleted: all or none', async () => {
    const used = await create({ Name: 'used' });
    const free = await create({ Name: 'free' });
    const desktop = await bed.desktop({ policy_group_id: used });
    await bed.desktop({ policy_group_id: NO_GROUP });
    await bed.desktop({ policy_group_id: used, status: 'Deleted' });
    expect(await list({ PolicyGroupId: [used] })).toMatchObject([{ EdsCount: 1, DesktopCount: 1 }]);
    const { Desktops } = await bed.call('DescribeDesktops');
    expect(Desktops[0]).toMatchObject({ PolicyGroupId: NO_GROUP, PolicyGroupNameList: [] });
    expect(Desktops[0]).not.toHaveProperty('PolicyGroupName');
    expect(Desktops[1]).toMatchObject({
      DesktopId: desktop,
      PolicyGroupIdList: [used],
      PolicyGroupName: 'used',
      PolicyGroupNameList: ['used'],
    });
    const remove = (...PolicyGroupId: string[]) => bed.codeOf('DeletePolicyGroups', { PolicyGroupId });
    expect(await remove(free, used)).toBe('OperationDenied.PolicyGroupInUse');
    expect(await ids()).toHaveLength(2);
    await bed.catalogue.db.updateTable('desktops').set({ status: 'Deleted' }).execute();
    expect(await remove(used, NO_GROUP)).toBe('none');
    expect(await ids()).toEqual([free]);
    expect(await bed.codeOf('DeletePolicyGroups', { RegionId: 'mars', PolicyGroupId: [free] })).toBe(
      'InvalidRegionId.NotFound',
    );
  });
});

it.each([
  ['CreatePolicyGroup', {}],
  ['ModifyPolicyGroup', { PolicyGroupId: 'a', Name: 'b' }],
  ['DeletePolicyGroups', { PolicyGroupId: ['a'] }],
])('%s with a nonce that was used changes nothing', async (name, parameters) => {
  await row('a', NOW);
  const before = await list();
  const used = { access_key_id: 'key', nonce: 'nonce', expires_at: NOW };
  await bed.catalogue.db.insertInto('nonces').values(used).execute();
  await expect(bed.call(name, parameters)).rejects.toSatisfy((error) =>
    EcdError.is(error, 'SignatureNonceUsed'),
  );
  expect(await list()).toEqual(before);
});
