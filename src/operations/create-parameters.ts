/** The parameters of CreateDesktops. */
import { type Static, Type } from 'typebox';
import { choice, flag, IGNORED, int32, int64, KEPT, RegionId, Tags, text, texts } from './schema.ts';

const REFUSED = 'Refused: this server cannot do it.';
const NO_COMMANDS = 'Refused: use RunCommand once the desktop is Running.';
const ENCRYPTED = 'true is refused: this server does not encrypt disks.';

const UserCommands = Type.Optional(
  Type.Array(
    Type.Object({
      Content: Type.Optional(Type.String({ maxLength: 15_000, description: NO_COMMANDS })),
      ContentEncoding: Type.Optional(
        Type.Enum(['Base64', 'PlainText'], {
          'x-ignore-case': true,
          default: 'Base64',
          description: NO_COMMANDS,
        }),
      ),
      ContentType: Type.Optional(
        choice(['RunPowerShellScript', 'RunShellScript', 'RunBatScript'], NO_COMMANDS),
      ),
    }),
    { maxItems: 20, description: NO_COMMANDS },
  ),
);

const BundleModels = Type.Optional(
  Type.Array(
    Type.Object({
      BundleId: text('The bundle.'),
      Amount: Type.Optional(
        Type.Integer({
          format: 'int32',
          maximum: 300,
          'x-error': 'InvalidAmount',
          description: 'How many; 1 if not given.',
        }),
      ),
      EndUserIds: Type.Optional(texts(`Their users. ${KEPT}`, 100)),
      DesktopName: text('Their name.'),
      Hostname: text('Their name in the guest.'),
      VolumeEncryptionEnabled: flag(ENCRYPTED),
      VolumeEncryptionKey: text(IGNORED),
    }),
    { maxItems: 20, description: 'Several bundles at once, instead of BundleId.' },
  ),
);

const DesktopTimers = Type.Optional(
  Type.Array(
    Type.Object({
      TimerType: text(REFUSED),
      CronExpression: text(REFUSED),
      Interval: int32(REFUSED),
      Enforce: flag(REFUSED),
      ResetType: Type.Optional(choice(['RESET_TYPE_SYSTEM', 'RESET_TYPE_BOTH'], REFUSED)),
      OperationType: Type.Optional(choice(['Hibernate', 'Shutdown'], REFUSED)),
      AllowClientSetting: flag(REFUSED),
    }),
    { maxItems: 20, description: REFUSED },
  ),
);

const DesktopAttachment = Type.Optional(
  Type.Object(
    {
      ImageId: text('The image.'),
      SystemDiskCategory: text(IGNORED),
      SystemDiskSize: int32('GiB; 0: as large as the image.'),
      SystemDiskPerLevel: text(IGNORED),
      DataDiskSize: int32('GiB; 0: no data disk.'),
      DataDiskCategory: text(IGNORED),
      DataDiskPerLevel: text(IGNORED),
      DefaultLanguage: text(IGNORED),
      DesktopType: text('Without BundleId: the bundle of this type, else the first one, is the base.'),
    },
    { 'x-style': 'json', description: 'An image and sizes, instead of those of the bundle.' },
  ),
);

export const parameters = Type.Object({
  RegionId,
  GroupId: text(REFUSED),
  BundleId: text('The bundle, which DescribeBundles lists.'),
  DesktopName: text('Their name: 1 to 64 characters; the id if not given.'),
  UserName: text(IGNORED),
  VpcId: text(IGNORED),
  Amount: Type.Optional(
    Type.Integer({
      format: 'int32',
      minimum: 0,
      maximum: 500,
      'x-error': 'InvalidAmount',
      description: 'How many; 1 if not given.',
    }),
  ),
  DirectoryId: text(`The old name of OfficeSiteId. ${KEPT}`),
  OfficeSiteId: text(`Not needed. ${KEPT} DescribeDesktops finds by it.`),
  PolicyGroupId: text(`Not needed. ${KEPT} DescribeDesktops finds by it.`),
  ChargeType: Type.Optional(choice(['PostPaid', 'PrePaid'], `Nothing is charged. ${KEPT}`)),
  Period: int32(IGNORED),
  PeriodUnit: Type.Optional(choice(['Month', 'Year'], IGNORED)),
  AutoPay: flag(IGNORED),
  AutoRenew: flag(IGNORED),
  PromotionId: text(IGNORED),
  UserAssignMode: Type.Optional(
    choice(['ALL', 'PER_USER'], 'Whether each user is assigned to all of them, or to some of their own.'),
  ),
  Hostname: text('Their name in the guest.'),
  EndUserId: Type.Optional(texts(`Their users. ${KEPT} DescribeDesktops finds by them.`, 300)),
  Tag: Tags('Their tags.'),
  DesktopNameSuffix: flag('Number the names.'),
  VolumeEncryptionEnabled: flag(ENCRYPTED),
  VolumeEncryptionKey: text(IGNORED),
  DesktopMemberIp: text(REFUSED),
  UserCommands,
  BundleModels,
  DesktopTimers,
  SubnetId: text(IGNORED),
  MonthDesktopSetting: Type.Optional(
    Type.Object(
      { UseDuration: int32(IGNORED), BuyerId: int64(IGNORED), DesktopId: text(IGNORED) },
      { 'x-style': 'flat', description: IGNORED },
    ),
  ),
  SnapshotPolicyId: text('Their automatic snapshot policy.'),
  ResourceGroupId: text(IGNORED),
  DesktopAttachment,
  TimerGroupId: text(REFUSED),
  SavingPlanId: text(IGNORED),
  ResellerOwnerUid: int64(IGNORED),
  ExtendInfo: text(IGNORED),
  AppRuleId: text(IGNORED),
  QosRuleId: text(IGNORED),
  ChannelCookie: text(IGNORED),
});

export type CreateDesktopsParameters = Static<typeof parameters>;
