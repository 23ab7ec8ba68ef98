/**
 * What DescribeDesktops can be asked for, and what that means for the desktops of this server.
 *
 * Invariant: a filter on something that no desktop here has gives an empty list, never all desktops.
 */
import { type Static, Type } from 'typebox';
import type { DesktopFilter } from '../catalogue/desktops.ts';
import { MAX_RESULTS } from '../catalogue/listing.ts';
import type { DesktopStatus } from '../catalogue/schema.ts';
import { bundleIdsOfType } from './bundles.ts';
import {
  choice,
  flag,
  IGNORED,
  int32,
  MaxResults,
  NextToken,
  RegionId,
  Tags,
  text,
  texts,
} from './schema.ts';
import type { Services } from './services.ts';
import { tagFilters } from './tag-parameters.ts';

const NONE_HAS = 'No desktop here has one: gives an empty list.';
const status = () =>
  choice(
    ['Stopped', 'Starting', 'Rebuilding', 'Running', 'Stopping', 'Expired', 'Deleted', 'Pending'],
    'Only those in this status; deleted ones are given only if asked for.',
  );

export const parameters = Type.Object({
  RegionId,
  GroupId: text(NONE_HAS),
  DesktopStatus: Type.Optional(status()),
  MaxResults,
  NextToken,
  UserName: text('As EndUserId with one user.'),
  DesktopName: text('Only those of this name; * stands for any part of it.'),
  DirectoryId: text('The old name of OfficeSiteId.'),
  OfficeSiteId: text('Only those made with it.'),
  OfficeSiteName: text('Only those of office sites of this name; * stands for any part of it.'),
  PolicyGroupId: text('Only those made with it.'),
  ChargeType: Type.Optional(choice(['PostPaid', 'PrePaid'], 'Only those made with it.')),
  ExpiredTime: text('No desktop here expires: gives an empty list.'),
  ProtocolType: Type.Optional(choice(['HDX', 'ASP'], 'All desktops here are ASP.')),
  DesktopId: Type.Optional(texts('Only these; unknown ids are left out.', 100)),
  EndUserId: Type.Optional(texts('Only those assigned to one of these users.', 100)),
  ExcludedEndUserId: Type.Optional(texts('Only those assigned to none of these users.', 50)),
  FilterDesktopGroup: flag(IGNORED),
  ManagementFlag: Type.Optional(choice(['Migrating', 'Updating', 'NoFlag'], 'All desktops are NoFlag.')),
  QueryFotaUpdate: flag(IGNORED),
  Tag: Tags('Only those that have all of these tags; without Value, with any.'),
  SnapshotPolicyId: text('Only those that have this automatic snapshot policy.'),
  OnlyDesktopGroup: flag('No desktop is in a pool: true gives an empty list.'),
  DesktopGroupId: text(NONE_HAS),
  OsTypes: Type.Optional(
    Type.Array(choice(['Windows', 'Linux'], 'A kind of guest.'), {
      maxItems: 10,
      description: 'Only such guests.',
    }),
  ),
  DesktopType: text('Only those of bundles of this type.'),
  ImageId: Type.Optional(texts('Only those of these images.', 100)),
  DesktopStatusList: Type.Optional(
    Type.Array(status(), { maxItems: 10, description: 'Only those in one of these.' }),
  ),
  GpuInstanceGroupId: text(NONE_HAS),
  QosRuleId: text(NONE_HAS),
  SubPayType: Type.Optional(
    choice(['duration', 'postPaid', 'monthPackage', 'prePaid'], 'postPaid and prePaid as in ChargeType.'),
  ),
  ResourceGroupId: text(NONE_HAS),
  FillResourceGroup: flag(IGNORED),
  PageNumber: int32('The number of the page, instead of NextToken.'),
  PageSize: int32(`How many desktops a page has, with PageNumber: 1 to ${MAX_RESULTS}.`),
  MultiResource: flag(IGNORED),
  IncludeAutoSnapshotPolicy: flag(IGNORED),
});

type Parameters = Static<typeof parameters>;
export type Filters = Omit<Parameters, 'MaxResults' | 'NextToken' | 'PageNumber' | 'PageSize'>;

/** What to look for; null when it asks for what no desktop can be. */
export async function filterOf(services: Services, asked: Filters): Promise<DesktopFilter | null> {
  const sites = both(asked.OfficeSiteId, asked.DirectoryId);
  const charges = both(asked.ChargeType, chargeOf(asked.SubPayType));
  if (asksForWhatNoneHas(asked) || sites === null || charges === null) return null;
  const statuses = [asked.DesktopStatus, asked.DesktopStatusList].filter((list) => list !== undefined);
  return {
    regionId: asked.RegionId,
    ids: asked.DesktopId,
    name: asked.DesktopName,
    statuses:
      statuses.length === 0
        ? undefined
        : (statuses
            .map((s) => [s].flat())
            .reduce((a, b) => a.filter((s) => b.includes(s))) as DesktopStatus[]),
    userName: asked.UserName,
    userIds: asked.EndUserId,
    excludedUserIds: asked.ExcludedEndUserId,
    officeSiteId: sites,
    officeSiteName: asked.OfficeSiteName,
    policyGroupId: asked.PolicyGroupId,
    snapshotPolicyId: asked.SnapshotPolicyId,
    tags: tagFilters(asked.Tag),
    chargeType: charges,
    osTypes: asked.OsTypes,
    imageIds: asked.ImageId,
    bundleIds:
      asked.DesktopType === undefined ? undefined : await bundleIdsOfType(services, asked.DesktopType),
  };
}

/** Pools, expiry, GPUs and the like: no desktop here has them. */
function asksForWhatNoneHas(asked: Filters): boolean {
  const has = [
    asked.GroupId,
    asked.DesktopGroupId,
    asked.ExpiredTime,
    asked.GpuInstanceGroupId,
    asked.QosRuleId,
    asked.ResourceGroupId,
  ];
  return (
    has.some((value) => value !== undefined) ||
    asked.OnlyDesktopGroup === true ||
    asked.ProtocolType === 'HDX' ||
    (asked.ManagementFlag ?? 'NoFlag') !== 'NoFlag' ||
    asked.SubPayType === 'duration' ||
    asked.SubPayType === 'monthPackage'
  );
}

function chargeOf(sub: Parameters['SubPayType']): 'PostPaid' | 'PrePaid' | undefined {
  if (sub === 'postPaid') return 'PostPaid';
  return sub === 'prePaid' ? 'PrePaid' : undefined;
}

/** Two filters on one thing: null when they contradict each other. */
function both<T>(a: T | undefined, b: T | undefined): T | undefined | null {
  return a !== undefined && b !== undefined && a !== b ? null : (a ?? b);
}
