/**
 * Every setting of the service, with its default, checked by one schema.
 *
 * Invariants: a wrong or unknown setting is an error that names it (Settings.Invalid); what `openecd config show` prints
 * is this schema with its defaults; command-line options win over the file.
 */
import { readFileSync } from 'node:fs';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { Bundle } from './bundle-settings.ts';
import { EcdError } from './errors.ts';

export type { Bundle, Network } from './bundle-settings.ts';

const GIB = 1024 ** 3;

const DEMO_BUNDLES: Partial<Bundle>[] = [
  {
    id: 'bundle_demo',
    name: 'Demo',
    description: 'The small Linux guest of the demo',
    cpus: 1,
    memoryMib: 256,
    dataDiskGib: 1,
    image: 'demo',
  },
];

export const SettingsSchema = Type.Object(
  {
    regions: Type.Array(Type.String({ pattern: '^[a-z0-9-]{1,64}$' }), {
      default: ['cn-hangzhou'],
      minItems: 1,
    }),
    publicUrl: Type.String({
      default: '',
      description: "this server's own address as clients see it; empty: the listening address",
    }),
    accountId: Type.String({
      default: '1000000000000000',
      pattern: '^[0-9A-Za-z-]{1,64}$',
      description: 'ACCOUNT of resources in access policies (acs:ecd:REGION:ACCOUNT:desktop/ID)',
    }),
    trustedHosts: Type.Array(Type.String({ minLength: 1, maxLength: 260 }), {
      default: [],
      description: 'further HOST[:PORT] that clients sign, where a proxy changes the Host header',
    }),
    trustedProxies: Type.Array(Type.String({ pattern: '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$' }), {
      default: [],
      description:
        'addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; others are ignored',
    }),
    requireTls: Type.Boolean({ default: false, description: 'refuse requests that did not come over TLS' }),
    cors: Type.Object(
      {
        origins: Type.Array(Type.String({ pattern: '^(\\*|https?://[^/\\s]+)$' }), {
          default: [],
          description: 'origins whose pages may call the API (https://HOST[:PORT], or *); none: CORS is off',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
    limits: Type.Object(
      {
        userPerSecond: Type.Integer({
          minimum: 0,
          default: 10_000,
          description: 'requests a second of one access key; 0: no limit',
        }),
        apiPerSecond: Type.Integer({
          minimum: 0,
          default: 10_000,
          description: 'requests a second of one operation, of all keys together; 0: no limit',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
    audit: Type.Object(
      {
        reads: Type.Boolean({
          default: false,
          description: 'also record reads that were answered, not only writes and refusals',
        }),
        maxRows: Type.Integer({ minimum: 1, default: 1_000_000 }),
        maxDays: Type.Integer({ minimum: 1, default: 180 }),
      },
      { default: {}, additionalProperties: false },
    ),
    accel: Type.Union([Type.Literal('auto'), Type.Literal('kvm'), Type.Literal('tcg')], { default: 'auto' }),
    qemuUser: Type.String({
      default: 'openecd',
      description: 'system user that QEMU runs as when the service is root; root: no change',
    }),
    desktops: Type.Object(
      {
        quota: Type.Integer({ minimum: 0, default: 1000 }),
        bundleQuota: Type.Integer({
          minimum: 0,
          default: 500,
          description: 'bundles that CreateBundle makes',
        }),
        shutdownSeconds: Type.Integer({
          minimum: 1,
          default: 60,
          description: 'how long a guest may take to shut down before it is forced',
        }),
        startSeconds: Type.Integer({
          minimum: 1,
          default: 60,
          description: 'how long QEMU may take to start',
        }),
        startAfterReboot: Type.Boolean({
          default: true,
          description: 'start those that ran when the host went down',
        }),
        retryPausedSeconds: Type.Integer({
          minimum: 1,
          default: 5,
          description: 'how often a guest paused by an I/O error is tried again',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
    snapshots: Type.Object(
      {
        quotaPerDisk: Type.Integer({ minimum: 1, default: 256 }),
        maxWaitingLayers: Type.Integer({ minimum: 1, default: 32 }),
        freezeMs: Type.Integer({ minimum: 100, default: 2000, description: 'deadline of the guest freeze' }),
        reserveBytes: Type.Integer({
          minimum: 0,
          default: GIB,
          description: 'free bytes below which no snapshot or desktop is made',
        }),
        settleBytesPerSecond: Type.Integer({
          minimum: 1024 ** 2,
          maximum: 100 * 1024 ** 2,
          default: 100 * 1024 ** 2,
        }),
        archivesAtOnce: Type.Integer({ minimum: 1, default: 1 }),
        scanThreads: Type.Integer({ minimum: 1, maximum: 64, default: 2 }),
      },
      { default: {}, additionalProperties: false },
    ),
    policies: Type.Object(
      {
        timeZone: Type.String({
          minLength: 1,
          maxLength: 64,
          default: 'UTC+8',
          description: 'of the schedules of automatic snapshots: UTC+8, or a name such as Europe/Berlin',
        }),
        lateSeconds: Type.Integer({
          minimum: 60,
          maximum: 24 * 60 * 60,
          default: 3600,
          description:
            'how late a run may still begin, after a time when the service was down or the desktop busy',
        }),
        jitterSeconds: Type.Integer({
          minimum: 0,
          maximum: 60 * 60,
          default: 300,
          description: 'the while after its time over which the desktops of a policy are spread',
        }),
        startsPerSecond: Type.Integer({
          minimum: 1,
          default: 10,
          description: 'of how many desktops automatic snapshots begin in a second at most',
        }),
        maxAutoPerDesktop: Type.Integer({
          minimum: 1,
          default: 30,
          description: 'how many automatic snapshots a desktop has at most; the oldest go first',
        }),
        quota: Type.Integer({ minimum: 0, default: 100, description: 'policies in a region' }),
      },
      { default: {}, additionalProperties: false },
    ),
    vault: Type.Object(
      {
        collectEverySeconds: Type.Integer({
          minimum: 1,
          default: 3600,
          description: 'how often unreferenced chunks are removed',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
    metrics: Type.Object(
      {
        listen: Type.String({
          default: '',
          description: 'HOST:PORT of a listener of its own; empty: /metrics only with the token',
        }),
        token: Type.String({
          default: '',
          description: 'bearer token for /metrics on the main listener; empty: not served there',
        }),
      },
      { default: {}, additionalProperties: false },
    ),
    logLevel: Type.Union(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace'].map((l) => Type.Literal(l)),
      { default: 'info' },
    ),
    bundles: Type.Array(Bundle, { default: DEMO_BUNDLES }),
  },
  { additionalProperties: false },
);

export type Settings = Static<typeof SettingsSchema>;

/** What typebox tells of a value that does not fit. */
interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: Record<string, unknown>;
}

const check = Compile(SettingsSchema);

/** All defaults. */
export function defaultSettings(): Settings {
  return parseSettings({});
}

/** Fills in the defaults and checks. Throws Settings.Invalid with the setting's path. */
export function parseSettings(input: unknown): Settings {
  const filled = Value.Default(SettingsSchema, Value.Clone(input));
  if (check.Check(filled)) {
    requireTimeZone((filled as Settings).policies.timeZone);
    return filled as Settings;
  }
  throw new EcdError('Settings.Invalid', wrongSetting([...check.Errors(filled)] as unknown as SchemaError[]));
}

/** The first thing that is wrong, in the words of who writes settings. */
function wrongSetting(errors: readonly SchemaError[]): { setting: string; reason: string } {
  const { instancePath, keyword, message } = errors[0]!;
  const setting = instancePath.replace(/^\//, '').replaceAll('/', '.') || '(all)';
  if (keyword === 'boolean') return { setting, reason: 'there is no such setting' };
  if (keyword !== 'const') return { setting, reason: message };
  // One of several values: the schema complains once of each.
  const allowed = errors.filter((error) => error.keyword === 'const' && error.instancePath === instancePath);
  const values = allowed.map(({ params }) => String(params['allowedValue']));
  return { setting, reason: `must be ${values.join(' or ')}` };
}

/** What policies/time-zone.ts reads. */
function requireTimeZone(text: string): void {
  if (/^(UTC|GMT)?[+-](\d|0\d|1[0-4])(:?[0-5]\d)?$/.test(text)) return;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
  } catch (error) {
    const reason = `${text} is no time zone: use UTC+8 or a name such as Europe/Berlin`;
    throw new EcdError('Settings.Invalid', { setting: 'policies.timeZone', reason }, error);
  }
}

/** Reads a settings file (JSON). */
export function readSettings(file: string): Settings {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new EcdError('Settings.Invalid', { setting: file, reason: 'cannot be read as JSON' }, error);
  }
  return parseSettings(parsed);
}
