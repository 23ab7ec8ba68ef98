import { isIPv4 } from 'node:net';
import { Type } from 'typebox';
import { countOffices, insertOfficeSite } from '../catalogue/offices.ts';
import { EcdError } from '../errors.ts';
import { newId } from '../ids.ts';
import { refused, requireRegion } from './checks.ts';
import type { SiteSettings } from './office-site-view.ts';
import { operation } from './operation.ts';
import { made, named } from './resources.ts';
import { choice, flag, IGNORED, int64, KEPT, RegionId, text, texts } from './schema.ts';

/** Of a region. */
export const MAX_SITES = 1000;
const NAME = /^(?!https?:\/\/)\p{L}[\p{L}\p{Nd}:_-]{1,254}$/u;

export const CreateSimpleOfficeSite = operation({
  name: 'CreateSimpleOfficeSite',
  kind: 'write',
  summary: 'Puts an office site on record, which desktops can name. It has no network of its own here.',
  parameters: Type.Object({
    RegionId,
    CidrBlock: text(`An IPv4 network as in 172.16.0.0/12. ${KEPT}`),
    CenId: text(KEPT),
    CenOwnerId: int64(IGNORED),
    VerifyCode: text(IGNORED),
    Bandwidth: Type.Optional(
      Type.Integer({ format: 'int32', minimum: 10, maximum: 200, description: `Mbit/s. ${KEPT}` }),
    ),
    OfficeSiteName: text(
      '2 to 255 letters, digits, colons, underscores and hyphens, a letter first; else the id.',
    ),
    EnableInternetAccess: flag(`false if not given. ${KEPT}`),
    EnableAdminAccess: flag(`true if not given. ${KEPT}`),
    DesktopAccessType: Type.Optional(choice(['VPC', 'Internet', 'Any'], `Internet if not given. ${KEPT}`)),
    NeedVerifyZeroDevice: flag(`false if not given. ${KEPT}`),
    VSwitchId: Type.Optional(texts(KEPT, 10)),
    CloudBoxOfficeSite: flag(`false if not given. ${KEPT}`),
    VpcType: Type.Optional(
      choice(['standard', 'basic'], `If not given: standard with CidrBlock, else basic. ${KEPT}`),
    ),
    AccountType: text(KEPT),
    AuthorityHost: text(KEPT),
    TenantId: text(KEPT),
    DomainName: text(KEPT),
    ClientId: text(KEPT),
    ClientSecret: text(`${IGNORED} Not kept: nothing here would use the secret.`),
  }),
  response: Type.Object({ OfficeSiteId: Type.String() }),
  errors: ['InvalidParameter', 'InvalidRegionId.NotFound', 'QuotaExceed.OfficeSite'],
  resources: () => made('officesite'),
  creates: ({ OfficeSiteId: id }) => named('officesite', id),
  async run(services, asked, context) {
    const { RegionId: regionId, OfficeSiteName: name, CidrBlock: block } = asked;
    if (name !== undefined && !NAME.test(name)) {
      throw refused('OfficeSiteName', 'Use 2 to 255 letters, digits, colons, underscores and hyphens.');
    }
    if (block !== undefined && !isNetwork(block)) throw refused('CidrBlock', 'Use the form 172.16.0.0/12.');
    requireRegion(services, regionId);
    const settings: SiteSettings = {
      CidrBlock: block,
      CenId: asked.CenId,
      Bandwidth: asked.Bandwidth,
      EnableInternetAccess: asked.EnableInternetAccess ?? false,
      EnableAdminAccess: asked.EnableAdminAccess ?? true,
      DesktopAccessType: ACCESS[asked.DesktopAccessType ?? 'Internet'],
      NeedVerifyZeroDevice: asked.NeedVerifyZeroDevice ?? false,
      VSwitchIds: asked.VSwitchId ?? [],
      CloudBoxOfficeSite: asked.CloudBoxOfficeSite ?? false,
      VpcType:
        (asked.VpcType ?? (block === undefined ? 'basic' : 'standard')) === 'basic' ? 'Basic' : 'Standard',
      AccountType: asked.AccountType,
      AuthorityHost: asked.AuthorityHost,
      TenantId: asked.TenantId,
      DomainName: asked.DomainName,
      ClientId: asked.ClientId,
    };
    const id = newId.officeSite(regionId);
    await services.catalogue.transaction(async (trx) => {
      await context.claim.record(trx);
      const count = await countOffices(trx, 'office_sites', { regionId });
      if (count >= MAX_SITES) throw new EcdError('QuotaExceed.OfficeSite', { count });
      await insertOfficeSite(trx, {
        id,
        name: name ?? id,
        region_id: regionId,
        settings: JSON.stringify(settings),
        creator: context.userName,
        created_at: services.clock(),
      });
    });
    return { OfficeSiteId: id };
  },
});

const ACCESS = { VPC: 'VPC', Internet: 'INTERNET', Any: 'ANY' } as const;

function isNetwork(block: string): boolean {
  const [address = '', bits = '', ...rest] = block.split('/');
  return rest.length === 0 && isIPv4(address) && /^\d{1,2}$/.test(bits) && Number(bits) <= 32;
}
