/**
 * What a policy group is made of. Nothing of it has an effect here: a desktop has no client of this product.
 *
 * Invariant: `SIMPLE` are the settings that a request and an answer name and spell alike; the others stand in
 * policy-group-settings.ts.
 */
import { Type } from 'typebox';
import { choice, IGNORED, int32, int64, KEPT, text, texts } from './schema.ts';

function kept<const V extends string[]>(...values: [...V]) {
  return Type.Optional(choice(values, KEPT));
}

/** One of a few whole numbers. */
function number<const V extends number[]>(format: 'int32' | 'int64', ...values: [...V]) {
  const words = { type: 'integer', format, 'x-ignore-case': true, description: KEPT };
  return Type.Optional(Type.Enum(values, words));
}

const onOff = () => kept('off', 'on');

export const SIMPLE = {
  Clipboard: kept('read', 'readwrite', 'write', 'off'),
  LocalDrive: kept('read', 'readwrite', 'off'),
  UsbRedirect: onOff(),
  VisualQuality: kept('high', 'low', 'lossless', 'medium'),
  Html5Access: onOff(),
  Html5FileTransfer: kept('all', 'download', 'upload', 'off'),
  Watermark: kept('blind', 'off', 'on'),
  WatermarkType: kept('EndUserId', 'Custom', 'DesktopIp', 'ClientIp', 'HostName', 'ClientTime'),
  WatermarkTransparency: kept('LIGHT', 'DARK', 'MIDDLE'),
  PreemptLogin: kept('off'),
  DomainList: onOff(),
  PrinterRedirection: onOff(),
  GpuAcceleration: onOff(),
  Recording: kept(
    'byaction_cmd_ft',
    'ALLTIME',
    'session',
    'PERIOD',
    'byaction_commands',
    'OFF',
    'byaction_file_transfer',
  ),
  RecordingStartTime: text(KEPT),
  RecordingEndTime: text(KEPT),
  RecordingFps: number('int64', 2, 5, 10, 15),
  RecordingExpires: int64(KEPT),
  CameraRedirect: onOff(),
  NetRedirect: onOff(),
  AppContentProtection: onOff(),
  RecordContent: onOff(),
  RecordContentExpires: int64(KEPT),
  RemoteCoordinate: kept('optionalControl', 'fullControl', 'disableControl'),
  RecordingDuration: number('int32', 10, 20, 30, 60),
  RecordingAudio: onOff(),
  InternetCommunicationProtocol: kept('TCP', 'BOTH'),
  VideoRedirect: onOff(),
  WatermarkTransparencyValue: int32(KEPT),
  WatermarkColor: int32(KEPT),
  WatermarkDegree: Type.Optional(Type.Number({ format: 'double', description: KEPT })),
  WatermarkFontSize: int32(KEPT),
  WatermarkFontStyle: kept('plain', 'bold'),
  WatermarkRowAmount: int32(KEPT),
  EndUserApplyAdminCoordinate: onOff(),
  EndUserGroupCoordinate: onOff(),
  WatermarkSecurity: onOff(),
  AdminAccess: text(KEPT),
  WatermarkAntiCam: onOff(),
  WatermarkPower: kept('high', 'low', 'medium'),
  RecordingUserNotify: onOff(),
  RecordingUserNotifyMessage: text(KEPT),
  MaxReconnectTime: int32(KEPT),
  WyAssistant: onOff(),
};

const securityRule = (protocols: string[], mark: string, markOfDescription: string) =>
  Type.Object({
    Type: Type.Optional(choice(['outflow', 'inflow'], mark)),
    Policy: Type.Optional(choice(['drop', 'accept'], mark)),
    PortRange: text(mark),
    Description: text(markOfDescription),
    IpProtocol: Type.Optional(choice(protocols, mark)),
    Priority: text(mark),
    CidrIp: text(mark),
  });

const PROTOCOLS = ['TCP', 'UDP', 'ALL', 'GRE', 'ICMP'];
const SAME = 'As the rule to take away has it.';

export const SecurityRule = securityRule(PROTOCOLS, KEPT, KEPT);
export const RevokedSecurityRule = securityRule(PROTOCOLS, SAME, IGNORED);
export const ShownSecurityRule = securityRule(
  PROTOCOLS.map((word) => word.toLowerCase()),
  KEPT,
  KEPT,
);
export const AccessRule = Type.Object({ Description: text(KEPT), CidrIp: text(KEPT) });
export const RevokedAccessRule = Type.Object({ Description: text(IGNORED), CidrIp: text(SAME) });
export const ClientType = Type.Object({
  Status: kept('OFF', 'ON'),
  ClientType: kept('html5', 'android', 'ios', 'windows', 'macos'),
});
export const UsbRule = Type.Object({
  VendorId: text(KEPT),
  ProductId: text(KEPT),
  Description: text(KEPT),
  UsbRedirectType: number('int64', 1, 2),
  DeviceClass: text(KEPT),
  DeviceSubclass: text(KEPT),
  UsbRuleType: number('int64', 1, 2),
});
export const DomainRule = Type.Object({
  Domain: text(KEPT),
  Policy: kept('allow', 'block'),
  Description: text(KEPT),
});
export const DeviceRedirect = Type.Object({
  DeviceType: kept('printer', 'scanner', 'camera', 'adb'),
  RedirectType: kept('deviceRedirect', 'usbRedirect', 'off'),
});
export const DeviceRule = Type.Object({
  DeviceType: kept(
    'usbKey',
    'other',
    'graphicsTablet',
    'printer',
    'cardReader',
    'scanner',
    'storage',
    'camera',
    'adb',
    'networkInterfaceCard',
  ),
  DeviceName: text(KEPT),
  DeviceVid: text(KEPT),
  DevicePid: text(KEPT),
  RedirectType: kept('deviceRedirect', 'usbRedirect', 'off'),
  OptCommand: text(KEPT),
  Platforms: text(KEPT),
});

export const MAX_SECURITY_RULES = 200;
export const MAX_ACCESS_RULES = 100;

/** All that CreatePolicyGroup and ModifyPolicyGroup take alike. */
export const SETTINGS = {
  Name: text('Up to 128 characters, no control characters; the id if not given.'),
  ...SIMPLE,
  PreemptLoginUser: Type.Optional(texts(KEPT, 5)),
  AuthorizeSecurityPolicyRule: Type.Optional(
    Type.Array(SecurityRule, { maxItems: MAX_SECURITY_RULES, description: `Rules to add. ${KEPT}` }),
  ),
  AuthorizeAccessPolicyRule: Type.Optional(
    Type.Array(AccessRule, { maxItems: MAX_ACCESS_RULES, description: `Rules to add. ${KEPT}` }),
  ),
  ClientType: Type.Optional(Type.Array(ClientType, { maxItems: 100, description: KEPT })),
  UsbSupplyRedirectRule: Type.Optional(Type.Array(UsbRule, { maxItems: 100, description: KEPT })),
  DomainResolveRuleType: kept('OFF', 'ON'),
  DomainResolveRule: Type.Optional(Type.Array(DomainRule, { maxItems: 500, description: KEPT })),
  Scope: Type.Optional(
    choice(['IP', 'GLOBAL'], `GLOBAL if not given. ${KEPT} DescribePolicyGroups finds by it.`),
  ),
  ScopeValue: Type.Optional(texts(KEPT, 3)),
  DeviceRedirects: Type.Optional(Type.Array(DeviceRedirect, { maxItems: 100, description: KEPT })),
  DeviceRules: Type.Optional(Type.Array(DeviceRule, { maxItems: 100, description: KEPT })),
};
