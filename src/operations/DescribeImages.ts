import { type Static, Type } from 'typebox';
import { type ImageRow, listImages } from '../catalogue/images.ts';
import { pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { requireRegion, toGib } from './checks.ts';
import { operation } from './operation.ts';
import { namedOrAll } from './resources.ts';
import {
  choice,
  flag,
  IGNORED,
  MaxResults,
  NextToken,
  NextTokenGiven,
  RegionId,
  text,
  texts,
} from './schema.ts';
import { toSecond } from './times.ts';

const ImageView = Type.Object({
  ImageId: Type.String(),
  Name: Type.String(),
  Description: Type.String(),
  ImageType: Type.Enum(['SYSTEM', 'CUSTOM']),
  Status: Type.Enum(['Creating', 'Available', 'CreateFailed']),
  Progress: Type.String(),
  OsType: Type.String({ description: 'LINUX or WINDOWS.' }),
  Platform: Type.String(),
  Size: Type.Integer({ format: 'int32', description: 'GiB, rounded up.' }),
  CreationTime: Type.String(),
  UpdateTime: Type.String(),
  ProtocolType: Type.Enum(['HDX', 'ASP']),
  SessionType: Type.Enum(['SINGLE_SESSION', 'MULTIPLE_SESSION']),
  GpuCategory: Type.Boolean(),
  VolumeEncryptionEnabled: Type.Boolean(),
  SharedCount: Type.Integer({ format: 'int32' }),
});

const parameters = Type.Object({
  RegionId,
  MaxResults,
  NextToken,
  ImageType: Type.Optional(choice(['SYSTEM', 'CUSTOM'], 'All images here are CUSTOM.')),
  ImageStatus: Type.Optional(choice(['Creating', 'Available', 'CreateFailed'], 'Only those in this status.')),
  GpuCategory: flag('No image is made for GPUs.'),
  ProtocolType: Type.Optional(choice(['HDX', 'ASP'], 'All images here are ASP.')),
  LanguageType: Type.Optional(choice(['zh-CN', 'zh-HK', 'en-US', 'ja-JP'], IGNORED)),
  DesktopInstanceType: text(IGNORED),
  ImageId: Type.Optional(texts('Only these.', 100)),
  OsType: Type.Optional(choice(['Windows', 'Linux'], 'Only those of such guests.')),
  GpuDriverVersion: text('No image has a GPU driver.'),
  SessionType: Type.Optional(
    choice(['SINGLE_SESSION', 'MULTIPLE_SESSION'], 'All images here are SINGLE_SESSION.'),
  ),
  FotaVersion: text(IGNORED),
  ImageName: text('Only those of this name; * stands for any part of it.'),
});

export const DescribeImages = operation({
  name: 'DescribeImages',
  kind: 'read',
  summary: 'Lists the images that desktops can be made of, newest first.',
  parameters,
  response: Type.Object({ NextToken: NextTokenGiven, Images: Type.Array(ImageView) }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken'],
  resources: ({ ImageId: ids }) => namedOrAll('image', ids),
  async run(services, { MaxResults: maxResults, NextToken: token, ...filters }) {
    requireRegion(services, filters.RegionId);
    const scope = () => scopeOf('DescribeImages', filters);
    const page = pageRequest(scope, maxResults, token);
    const asksForWhatNoneHas =
      filters.ImageType === 'SYSTEM' ||
      filters.ProtocolType === 'HDX' ||
      filters.SessionType === 'MULTIPLE_SESSION' ||
      filters.GpuCategory === true ||
      filters.GpuDriverVersion !== undefined;
    const rows = asksForWhatNoneHas
      ? []
      : await listImages(
          services.catalogue.db,
          {
            ids: filters.ImageId,
            name: filters.ImageName,
            status: filters.ImageStatus,
            osType: filters.OsType,
          },
          page,
        );
    const { items, nextToken } = pageOf(rows, page.limit, scope, (row) => [row.created_at, row.id]);
    return { ...(nextToken === null ? {} : { NextToken: nextToken }), Images: items.map(view) };
  },
});

function view(row: ImageRow): Static<typeof ImageView> {
  return {
    ImageId: row.id,
    Name: row.name,
    Description: row.description,
    ImageType: 'CUSTOM',
    Status: row.status,
    Progress: `${row.status === 'Available' ? 100 : Math.min(99, row.progress)}%`,
    OsType: row.os_type.toUpperCase(),
    Platform: row.platform,
    Size: toGib(row.size_bytes),
    CreationTime: toSecond(row.created_at),
    UpdateTime: toSecond(row.updated_at),
    ProtocolType: 'ASP',
    SessionType: 'SINGLE_SESSION',
    GpuCategory: false,
    VolumeEncryptionEnabled: false,
    SharedCount: 0,
  };
}
