import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { MAX_SITES } from './CreateSimpleOfficeSite.ts';
import { Bed, NOW } from './testing/bed.ts';

const NO_SITE = 'cn-hangzhou+os-00000000000000000';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

const create = async (parameters: object = {}): Promise<string> =>
  (await bed.call('CreateSimpleOfficeSite', parameters)).OfficeSiteId;
const list = async (filter: object = {}) => (await bed.call('DescribeOfficeSites', filter)).OfficeSites;
const ids = async (filter: object = {}) =>
  (await list(filter)).map((s: { OfficeSiteId: string }) => s.OfficeSiteId);
const nonces = () => bed.catalogue.db.selectFrom('nonces').selectAll().execute();
const row = (id: string, at: number, region = 'cn-hangzhou') =>
  bed.catalogue.db
    .insertInto('office_sites')
    .values({
      id,
      name: id,
      region_id: region,
      settings: JSON.stringify({
        EnableInternetAccess: false,
        EnableAdminAccess: true,
        DesktopAccessType: 'ANY',
        NeedVerifyZeroDevice: false,
        VSwitchIds: [],
        CloudBoxOfficeSite: false,
        VpcType: 'Basic',
      }),
      creator: 'alice',
      created_at: at,
    })
    .execute();

describe('CreateSimpleOfficeSite', () => {
  it('keeps and gives back all that it is sent but secrets, with the nonce', async () => {
    const id = await create({
      CidrBlock: '172.16.0.0/12',
      CenId: 'cen-1',
      CenOwnerId: 1,
      VerifyCode: 'secret-1',
      Bandwidth: 200,
      OfficeSiteName: '办公_1:a-b',
      EnableInternetAccess: true,
      EnableAdminAccess: false,
      DesktopAccessType: 'Any',
      NeedVerifyZeroDevice: true,
      VSwitchId: ['vsw-1', 'vsw-2'],
      CloudBoxOfficeSite: true,
      VpcType: 'basic',
      AccountType: 'SIMPLE',
      AuthorityHost: 'https://login.example',
      TenantId: 'tenant',
      DomainName: 'domain.example',
      ClientId: 'client',
      ClientSecret: 'secret-2',
    });
    expect(id).toMatch(/^cn-hangzhou\+os-[a-z0-9]{17}$/);
    expect(await list()).toEqual([
      {
        OfficeSiteId: id,
        Name: '办公_1:a-b',
        OfficeSiteType: 'SIMPLE',
        Status: 'REGISTERED',
        CreationTime: '2026-11-24T12:00Z',
        CidrBlock: '172.16.0.0/12',
        CenId: 'cen-1',
        Bandwidth: 200,
        EnableInternetAccess: true,
        EnableAdminAccess: false,
        DesktopAccessType: 'ANY',
        NeedVerifyZeroDevice: true,
        VSwitchIds: ['vsw-1', 'vsw-2'],
        CloudBoxOfficeSite: true,
        VpcType: 'Basic',
        AccountType: 'SIMPLE',
        AuthorityHost: 'https://login.example',
        TenantId: 'tenant',
        DomainName: 'domain.example',
        ClientId: 'client',
        EnableCrossDesktopAccess: false,
        EnableServiceRoute: false,
        SsoEnabled: false,
        MfaEnabled: false,
        NeedVerifyLoginRisk: false,
        IsLdap: false,
        ProtocolType: 'ASP',
        SecurityProtection: 'OFF',
        DesktopCount: 0,
        TotalEdsCount: 0,
        TotalEdsCountForGroup: 0,
        TotalResourceAmount: 0,
        ResourceAmounts: [{ resourceType: 'desktop', amount: 0 }],
        ADConnectors: [],
        Logs: [],
        FileSystemIds: [],
        DnsAddress: [],
        SubDnsAddress: [],
        CustomDnsAddress: [],
      },
    ]);
    expect(await nonces()).toHaveLength(1);
    const [kept] = await bed.catalogue.db.selectFrom('office_sites').selectAll().execute();
    expect(JSON.stringify(kept)).not.toContain('secret-');
    expect(kept!.creator).toBe('alice');
  });

  it('has defaults', async () => {
    const id = await create();
    const [plain] = await list();
    expect(plain).toMatchObject({
      Name: id,
      EnableInternetAccess: false,
      EnableAdminAccess: true,
      DesktopAccessType: 'INTERNET',
      NeedVerifyZeroDevice: false,
      VSwitchIds: [],
      CloudBoxOfficeSite: false,
      VpcType: 'Basic',
    });
    for (const field of ['CidrBlock', 'CenId', 'Bandwidth', 'TenantId'])
      expect(plain).not.toHaveProperty(field);
    const other = await create({ CidrBlock: '10.0.0.0/12', DesktopAccessType: 'VPC' });
    expect(await list({ OfficeSiteId: [other] })).toMatchObject([
      { VpcType: 'Standard', DesktopAccessType: 'VPC' },
    ]);
  });

  it.each([
    ['InvalidOfficeSiteName', { OfficeSiteName: 'a' }],
    ['InvalidOfficeSiteName', { OfficeSiteName: 'a'.repeat(256) }],
    ['InvalidOfficeSiteName', { OfficeSiteName: '1a' }],
    ['InvalidOfficeSiteName', { OfficeSiteName: 'a b' }],
    ['InvalidOfficeSiteName', { OfficeSiteName: 'http://a' }],
    ['InvalidOfficeSiteName', { OfficeSiteName: 'ab\n' }],
    ['InvalidCidrBlock', { CidrBlock: '172.16.0.0' }],
    ['InvalidCidrBlock', { CidrBlock: '172.16.0.256/12' }],
    ['InvalidCidrBlock', { CidrBlock: '172.16.0.0/33' }],
    ['InvalidCidrBlock', { CidrBlock: '172.16.0.0/12/1' }],
    ['InvalidCidrBlock', { CidrBlock: 'fd00::/8' }],
    ['InvalidRegionId.NotFound', { RegionId: 'mars' }],
  ])('answers %s to %.60j and changes nothing', async (code, parameters) => {
    expect(await bed.codeOf('CreateSimpleOfficeSite', parameters)).toBe(code);
    expect(await list()).toEqual([]);
    expect(await nonces()).toEqual([]);
  });

  it('takes names of 2 and of 255 characters', async () => {
    for (const OfficeSiteName of ['ab', 'é'.repeat(255)]) await create({ OfficeSiteName });
    expect(await list()).toHaveLength(2);
  });

  it('has a quota for each region', async () => {
    for (let n = 0; n < MAX_SITES; n++) await row(`site-${n}`, NOW - n);
    expect(await bed.codeOf('CreateSimpleOfficeSite')).toBe('QuotaExceed.OfficeSite');
    expect(await bed.codeOf('CreateSimpleOfficeSite', { RegionId: 'room-2' })).toBe('none');
  });
});

describe('DescribeOfficeSites', () => {
  it('filters by id and region, and knows what all sites are', async () => {
    await row('a', NOW - 2);
    await row('b', NOW - 1);
    await row('there', NOW, 'room-2');
    expect(await ids()).toEqual(['b', 'a']);
    expect(await ids({ RegionId: 'room-2' })).toEqual(['there']);
    expect(await ids({ OfficeSiteId: ['a', 'there', NO_SITE] })).toEqual(['a']);
    for (const all of [{ OfficeSiteType: 'SIMPLE' }, { Status: 'REGISTERED' }, { SecurityProtection: 'OFF' }])
      expect(await ids(all)).toEqual(['b', 'a']);
    for (const none of [
      { OfficeSiteType: 'AD_CONNECTOR' },
      { Status: 'ERROR' },
      { SecurityProtection: 'SASE' },
      { VpcId: 'vpc-1' },
    ])
      expect(await bed.call('DescribeOfficeSites', none)).toEqual({ TotalCount: 0, OfficeSites: [] });
    expect(await bed.codeOf('DescribeOfficeSites', { RegionId: 'mars' })).toBe('InvalidRegionId.NotFound');
  });

  it('has pages that give each site once while others come and go', async () => {
    for (let n = 0; n < 5; n++) await row(`s${n}`, NOW - 10);
    const page = (NextToken?: string) => bed.call('DescribeOfficeSites', { MaxResults: 2, NextToken });
    const first = await page();
    expect(first.TotalCount).toBe(5);
    await row('new', NOW);
    await row('older', NOW - 20);
    await bed.call('DeleteOfficeSites', { OfficeSiteId: ['s3', 's1'] });
    const second = await page(first.NextToken);
    const third = await page(second.NextToken);
    const seen = [first, second, third].flatMap((p) => p.OfficeSites.map((s: { Name: string }) => s.Name));
    expect(seen).toEqual(['s4', 's3', 's2', 's0', 'older']);
    expect(third).not.toHaveProperty('NextToken');
    const code = (parameters: object) => bed.codeOf('DescribeOfficeSites', parameters);
    expect(await code({ NextToken: first.NextToken, Status: 'REGISTERED' })).toBe('InvalidNextToken');
    expect(await code({ MaxResults: 101 })).toBe('InvalidMaxResults');
  });

  it('gives 100 to a page if not asked otherwise', async () => {
    for (let n = 0; n < 101; n++) await row(`s${n}`, NOW - n);
    expect(await list()).toHaveLength(100);
    expect(await list({ MaxResults: 0 })).toHaveLength(100);
  });
});

describe('the desktops of a site', () => {
  it('are counted, find it by name, show its name, and keep it from being deleted: all or none', async () => {
    const used = await create({ OfficeSiteName: 'used' });
    const free = await create({ OfficeSiteName: 'free' });
    const desktop = await bed.desktop({ office_site_id: used });
    const lost = await bed.desktop({ office_site_id: NO_SITE });
    await bed.desktop({ office_site_id: used, status: 'Deleted' });
    expect(await list({ OfficeSiteId: [used] })).toMatchObject([
      { DesktopCount: 1, TotalEdsCount: 1, TotalResourceAmount: 1 },
    ]);
    const of = async (filter: object) =>
      (await bed.call('DescribeDesktops', filter)).Desktops.map((d: { DesktopId: string }) => d.DesktopId);
    expect(await of({ OfficeSiteName: 'used' })).toEqual([desktop]);
    expect(await of({ OfficeSiteName: 'us*' })).toEqual([desktop]);
    expect(await of({ OfficeSiteName: 'free' })).toEqual([]);
    const { Desktops } = await bed.call('DescribeDesktops');
    expect(Desktops[0]).toMatchObject({ DesktopId: lost, OfficeSiteId: NO_SITE });
    expect(Desktops[0]).not.toHaveProperty('OfficeSiteName');
    expect(Desktops[1]).toMatchObject({ DesktopId: desktop, OfficeSiteId: used, OfficeSiteName: 'used' });

    const remove = (...OfficeSiteId: string[]) => bed.codeOf('DeleteOfficeSites', { OfficeSiteId });
    expect(await remove(free, used)).toBe('OperationDenied.OfficeSiteInUse');
    await expect(bed.call('DeleteOfficeSites', { OfficeSiteId: [used] })).rejects.toThrow(used);
    expect(await ids()).toHaveLength(2);
    await bed.catalogue.db.updateTable('desktops').set({ status: 'Deleted' }).execute();
    expect(await bed.codeOf('DeleteOfficeSites', { OfficeSiteId: [used], RegionId: 'room-2' })).toBe('none');
    expect(await ids()).toHaveLength(2);
    expect(await remove(used, NO_SITE, used)).toBe('none');
    expect(await ids()).toEqual([free]);
    expect(await bed.codeOf('DeleteOfficeSites', { RegionId: 'mars', OfficeSiteId: [free] })).toBe(
      'InvalidRegionId.NotFound',
    );
  });
});

it.each([
  ['CreateSimpleOfficeSite', {}],
  ['DeleteOfficeSites', { OfficeSiteId: ['a'] }],
])('%s with a nonce that was used changes nothing', async (name, parameters) => {
  await row('a', NOW);
  const used = { access_key_id: 'key', nonce: 'nonce', expires_at: NOW };
  await bed.catalogue.db.insertInto('nonces').values(used).execute();
  await expect(bed.call(name, parameters)).rejects.toSatisfy((error) =>
    EcdError.is(error, 'SignatureNonceUsed'),
  );
  expect(await ids()).toEqual(['a']);
});
