import { type Static, Type } from 'typebox';
import { type Key, pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { type OfferedBundle, offeredBundles } from './bundles.ts';
import { requireRegion, toGib } from './checks.ts';
import { operation } from './operation.ts';
import { namedOrAll } from './resources.ts';
import {
  choice,
  flag,
  IGNORED,
  int32,
  MaxResults,
  NextToken,
  NextTokenGiven,
  RegionId,
  text,
  texts,
} from './schema.ts';
import { toMinute } from './times.ts';

const MIB_PER_GIB = 1024;
const LANGUAGES = ['zh-CN', 'zh-HK', 'en-US', 'ja-JP'] as const;
type Language = (typeof LANGUAGES)[number];
const FAMILY = 'eds.general';

const BundleView = Type.Object({
  BundleId: Type.String(),
  BundleName: Type.String(),
  BundleType: Type.Enum(['SYSTEM', 'CUSTOM']),
  Description: Type.String(),
  DesktopType: Type.String(),
  DesktopTypeFamily: Type.Enum(['eds.general', 'eds.hf', 'eds.graphics']),
  DesktopTypeAttribute: Type.Object({
    CpuCount: Type.Integer({ format: 'int32' }),
    MemorySize: Type.Integer({ format: 'int32', description: 'MiB.' }),
    GpuCount: Type.Number({ format: 'float' }),
  }),
  Disks: Type.Array(
    Type.Object({
      DiskType: Type.Enum(['SYSTEM', 'DATA']),
      DiskSize: Type.Integer({ format: 'int32', description: 'GiB.' }),
    }),
  ),
  ProtocolType: Type.Enum(['HDX', 'ASP']),
  StockState: Type.String({ description: 'Sufficient, or WithoutStock while its image is not there.' }),
  VolumeEncryptionEnabled: Type.Boolean(),
  ImageId: Type.Optional(Type.String()),
  ImageName: Type.Optional(Type.String()),
  ImageStatus: Type.Optional(Type.String()),
  OsType: Type.Optional(Type.Enum(['Windows', 'Linux'])),
  Platform: Type.Optional(Type.String()),
  Language: Type.Optional(Type.Enum([...LANGUAGES])),
  CreationTime: Type.Optional(Type.String({ description: "Its image's, if it is SYSTEM." })),
});

const parameters = Type.Object({
  RegionId,
  MaxResults,
  NextToken,
  BundleType: Type.Optional(
    choice(['SYSTEM', 'CUSTOM'], 'SYSTEM: of the settings; CUSTOM: made by CreateBundle.'),
  ),
  DesktopTypeFamily: Type.Optional(
    choice(['eds.general', 'eds.hf', 'eds.graphics'], 'All bundles here are eds.general.'),
  ),
  CpuCount: int32('Only those with so many processors.'),
  MemorySize: int32('Only those with so much memory, in MiB or GiB.'),
  GpuCount: Type.Optional(Type.Number({ format: 'float', description: 'No bundle has a GPU.' })),
  CheckStock: flag(`StockState is given in any case. ${IGNORED}`),
  FromDesktopGroup: flag('No bundle is made for pools.'),
  ProtocolType: Type.Optional(choice(['HDX', 'ASP'], 'All bundles here are ASP.')),
  BundleId: Type.Optional(texts('Only these.', 100)),
  SupportMultiSession: flag('No bundle has several sessions.'),
  VolumeEncryptionEnabled: flag('No bundle is encrypted.'),
  FotaChannel: text(IGNORED),
  SelectedBundle: flag(IGNORED),
  SessionType: Type.Optional(
    choice(['SingleSession', 'MultipleSession'], 'All bundles here are SingleSession.'),
  ),
  ImageId: Type.Optional(texts('Only those of these images.', 100)),
  OsType: Type.Optional(choice(['Windows', 'Linux'], 'Only those of such guests.')),
  Scope: text(IGNORED),
  GpuDriverType: Type.Optional(choice(['T4', 'A10', 'G28', 'G39'], 'No bundle has a GPU.')),
});

type Filters = Omit<Static<typeof parameters>, 'MaxResults' | 'NextToken'>;

export const DescribeBundles = operation({
  name: 'DescribeBundles',
  kind: 'read',
  summary: 'Lists the bundles that desktops can be made of.',
  parameters,
  response: Type.Object({ NextToken: NextTokenGiven, Bundles: Type.Array(BundleView) }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken'],
  resources: ({ BundleId: ids }) => namedOrAll('bundle', ids),
  async run(services, { MaxResults: maxResults, NextToken: token, ...filters }) {
    requireRegion(services, filters.RegionId);
    const scope = () => scopeOf('DescribeBundles', filters);
    const { after, limit } = pageRequest(scope, maxResults, token);
    const rest = (await offeredBundles(services)).filter(
      (offer) => isAfter(after, offer) && wanted(filters, offer),
    );
    const { items, nextToken } = pageOf(rest, limit, scope, ({ order, bundle }) => [order, bundle.id]);
    return { ...(nextToken === null ? {} : { NextToken: nextToken }), Bundles: items.map(view) };
  },
});

/** What is made meanwhile comes first, so that no page has it. */
function isAfter(after: Key | null, { order, bundle }: OfferedBundle): boolean {
  if (after === null) return true;
  return order === after[0] ? bundle.id > after[1] : order > after[0];
}

function wanted(filters: Filters, { bundle, stored, image }: OfferedBundle): boolean {
  const { CpuCount: cpus, MemorySize: memory } = filters;
  return (
    !asksForWhatNoneHas(filters) &&
    (filters.BundleType ?? typeOf(stored)) === typeOf(stored) &&
    (filters.BundleId?.includes(bundle.id) ?? true) &&
    (filters.ImageId === undefined || (image !== undefined && filters.ImageId.includes(image.id))) &&
    (filters.OsType === undefined || filters.OsType === image?.os_type) &&
    (cpus === undefined || cpus === bundle.cpus) &&
    (memory === undefined || memory === bundle.memoryMib || memory * MIB_PER_GIB === bundle.memoryMib)
  );
}

function asksForWhatNoneHas(filters: Filters): boolean {
  return (
    (filters.DesktopTypeFamily ?? FAMILY) !== FAMILY ||
    filters.ProtocolType === 'HDX' ||
    filters.SessionType === 'MultipleSession' ||
    (filters.GpuCount ?? 0) > 0 ||
    filters.GpuDriverType !== undefined ||
    filters.FromDesktopGroup === true ||
    filters.SupportMultiSession === true ||
    filters.VolumeEncryptionEnabled === true
  );
}

function typeOf(stored: OfferedBundle['stored']): 'SYSTEM' | 'CUSTOM' {
  return stored === null ? 'SYSTEM' : 'CUSTOM';
}

function view({ bundle, stored, image }: OfferedBundle): Static<typeof BundleView> {
  const systemGib = Math.max(bundle.systemDiskGib, toGib(image?.size_bytes ?? 0));
  const common: Static<typeof BundleView> = {
    BundleId: bundle.id,
    BundleName: bundle.name,
    BundleType: typeOf(stored),
    Description: bundle.description,
    DesktopType: bundle.desktopType,
    DesktopTypeFamily: FAMILY,
    DesktopTypeAttribute: { CpuCount: bundle.cpus, MemorySize: bundle.memoryMib, GpuCount: 0 },
    Disks: [
      { DiskType: 'SYSTEM', DiskSize: systemGib },
      ...(bundle.dataDiskGib > 0 ? [{ DiskType: 'DATA' as const, DiskSize: bundle.dataDiskGib }] : []),
    ],
    ProtocolType: 'ASP',
    StockState: image?.status === 'Available' ? 'Sufficient' : 'WithoutStock',
    VolumeEncryptionEnabled: false,
    ...(stored === null || stored.language === '' ? {} : { Language: stored.language as Language }),
  };
  if (image === undefined) return common;
  return {
    ...common,
    ImageId: image.id,
    ImageName: image.name,
    ImageStatus: image.status,
    OsType: image.os_type,
    Platform: image.platform,
    CreationTime: toMinute(stored?.created_at ?? image.created_at),
  };
}
