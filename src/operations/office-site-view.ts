/** An office site as DescribeOfficeSites shows it. Fields that have no meaning here are not given (docs/differences.md). */
import { type Static, Type } from 'typebox';
import type { OfficeSiteRow } from '../catalogue/offices.ts';
import { text } from './schema.ts';
import { toMinute } from './times.ts';

const optional = () => Type.Optional(Type.String());

/** What a site was made with, as it is shown. */
const SiteSettings = {
  CidrBlock: optional(),
  CenId: optional(),
  Bandwidth: Type.Optional(Type.Integer({ format: 'int32' })),
  EnableInternetAccess: Type.Boolean(),
  EnableAdminAccess: Type.Boolean(),
  DesktopAccessType: Type.Enum(['INTERNET', 'VPC', 'ANY']),
  NeedVerifyZeroDevice: Type.Boolean(),
  VSwitchIds: Type.Array(Type.String()),
  CloudBoxOfficeSite: Type.Boolean(),
  VpcType: Type.Enum(['Basic', 'Customized', 'Standard']),
  AccountType: optional(),
  AuthorityHost: optional(),
  TenantId: optional(),
  DomainName: optional(),
  ClientId: optional(),
};

type Given = Static<ReturnType<typeof Type.Object<typeof SiteSettings>>>;
export type SiteSettings = {
  [Name in keyof Given]: Given[Name] | (undefined extends Given[Name] ? undefined : never);
};

export const SITE_STATUSES = [
  'REGISTERING',
  'DEREGISTERING',
  'REGISTERED',
  'NEEDCONFIGTRUST',
  'CONFIGTRUSTFAILED',
  'DEREGISTERED',
  'ERROR',
  'CONFIGTRUSTING',
  'NEEDCONFIGUSER',
] as const;

export const OfficeSiteView = Type.Object({
  OfficeSiteId: Type.String(),
  Name: Type.String(),
  OfficeSiteType: Type.Enum(['SIMPLE', 'AD_CONNECTOR']),
  Status: Type.Enum([...SITE_STATUSES], { description: 'All sites here are REGISTERED.' }),
  CreationTime: Type.String({ description: 'To the minute.' }),
  ...SiteSettings,
  EnableCrossDesktopAccess: Type.Boolean(),
  EnableServiceRoute: Type.Boolean(),
  SsoEnabled: Type.Boolean(),
  MfaEnabled: Type.Boolean(),
  NeedVerifyLoginRisk: Type.Boolean(),
  IsLdap: Type.Boolean(),
  ProtocolType: Type.Enum(['HDX', 'ASP']),
  SecurityProtection: Type.Enum(['SASE', 'OFF']),
  DesktopCount: Type.Integer({ format: 'int64', description: 'How many desktops name it.' }),
  TotalEdsCount: Type.Integer({ format: 'int64' }),
  TotalEdsCountForGroup: Type.Integer({ format: 'int64' }),
  TotalResourceAmount: Type.Integer({ format: 'int64' }),
  ResourceAmounts: Type.Array(
    Type.Object({
      resourceType: Type.Enum(['desktop', 'desktopGroup']),
      amount: Type.Integer({ format: 'int64' }),
    }),
  ),
  ADConnectors: Type.Array(
    Type.Object({
      ConnectorStatus: Type.Optional(
        Type.Enum(['CONNECT_ERROR', 'RUNNING', 'CONNECTING', 'EXPIRED', 'CREATING']),
      ),
      VSwitchId: optional(),
      ADConnectorAddress: optional(),
      TrustKey: optional(),
      NetworkInterfaceId: optional(),
      Specification: Type.Optional(Type.Enum(['1', '2'])),
    }),
    { description: 'No site here has a directory: always empty.' },
  ),
  Logs: Type.Array(
    Type.Object({
      Step: text('The step.'),
      Message: text('What became of it.'),
      TimeStamp: text('When.'),
      Level: Type.Optional(Type.Enum(['ERROR', 'INFO', 'WARN'])),
    }),
    { description: 'Nothing is registered anywhere: always empty.' },
  ),
  FileSystemIds: Type.Array(Type.String()),
  DnsAddress: Type.Array(Type.String()),
  SubDnsAddress: Type.Array(Type.String()),
  CustomDnsAddress: Type.Array(Type.String()),
});

export type OfficeSiteView = Static<typeof OfficeSiteView>;

export function officeSiteView(row: OfficeSiteRow): OfficeSiteView {
  const { desktops } = row;
  return {
    OfficeSiteId: row.id,
    Name: row.name,
    OfficeSiteType: 'SIMPLE',
    Status: 'REGISTERED',
    CreationTime: toMinute(row.created_at),
    ...(JSON.parse(row.settings) as Given),
    EnableCrossDesktopAccess: false,
    EnableServiceRoute: false,
    SsoEnabled: false,
    MfaEnabled: false,
    NeedVerifyLoginRisk: false,
    IsLdap: false,
    ProtocolType: 'ASP',
    SecurityProtection: 'OFF',
    DesktopCount: desktops,
    TotalEdsCount: desktops,
    TotalEdsCountForGroup: 0,
    TotalResourceAmount: desktops,
    ResourceAmounts: [{ resourceType: 'desktop', amount: desktops }],
    ADConnectors: [],
    Logs: [],
    FileSystemIds: [],
    DnsAddress: [],
    SubDnsAddress: [],
    CustomDnsAddress: [],
  };
}
