/**
 * A call for each kind of refusal that clients read in their own ways: of the request, of its key, of its user's rights, of
 * its pace, and of a server that has failed.
 *
 * Invariant: every client is refused by the same calls, made here alone.
 */
import { expect } from 'vitest';
import { type Refusal, refusalOf } from './refusal.ts';
import { Room } from './room.ts';
import type { Answer, Key, SdkCall, SdkName } from './sdk.ts';
import { Service } from './service.ts';

const REGION = { RegionId: 'cn-hangzhou' };
const DesktopId = 'ecd-00000000000000000';
const NONE = { SnapshotId: 's-00000000000000000000' };
const NAMED = { SnapshotName: 'auto', SourceDiskType: 'system' };

/** `STATUS CODE` by action and parameters, for the Administrator. */
const OF_REQUESTS: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ['DescribeRestorePoints', {}, '404 InvalidAction.NotFound'],
  ['HibernateDesktops', {}, '403 UnsupportedOperation'],
  ['DescribeSnapshots', { RegionId: 'mars' }, '404 InvalidRegionId.NotFound'],
  ['DescribeSnapshots', { MaxResults: '101' }, '400 InvalidMaxResults'],
  ['CreateSnapshot', { DesktopId }, '400 MissingSnapshotName'],
  ['CreateSnapshot', { DesktopId, ...NAMED }, '400 InvalidSnapshotName.Malformed'],
  ['ResetSnapshot', NONE, '404 InvalidSnapshotId.NotFound'],
  ['DeleteBundles', { 'BundleId.1': 'bundle_demo' }, '403 OperationDenied.SystemBundle'],
];

export class Refusing {
  /** Credentials of the Administrator, good for an hour. */
  readonly temporary: Key;
  readonly #service: Service;
  /** Of a user without rights; that have ended. */
  readonly #powerless: Key;
  readonly #ended: Key;
  /** A service that answers one request a second. */
  readonly #slow: Service;
  /** One that fails to take snapshots of its desktop. */
  readonly #broken: Room;
  readonly #desktopId: string;

  private constructor(
    service: Service,
    keys: Readonly<Record<'powerless' | 'temporary' | 'ended', Key>>,
    slow: Service,
    broken: Room,
    desktopId: string,
  ) {
    this.#service = service;
    this.temporary = keys.temporary;
    this.#powerless = keys.powerless;
    this.#ended = keys.ended;
    this.#slow = slow;
    this.#broken = broken;
    this.#desktopId = desktopId;
  }

  /** Makes a user and keys of `service`, and two services of its own beside it. */
  static async open(service: Service): Promise<Refusing> {
    const temporaryFor = (seconds: number) =>
      service.newKey('key', 'temporary', '--user', 'Administrator', '--seconds', String(seconds));
    const ended = await temporaryFor(1);
    const slow = await Service.start({ settings: { limits: { userPerSecond: 1 } } });
    const broken = await Room.open();
    const made = await broken.client.ok('CreateDesktops', { BundleId: 'bundle_demo' });
    const desktopId = (made['DesktopId'] as string[])[0]!;
    await broken.until(desktopId, 'Running');
    await broken.restart({}, 'take.ready=fail');
    await service.command('user', 'create', 'bob');
    const powerless = await service.newKey('key', 'create', '--user', 'bob');
    const keys = { ended, powerless, temporary: await temporaryFor(3600) };
    return new Refusing(service, keys, slow, broken, desktopId);
  }

  async close(): Promise<void> {
    await this.#slow.close();
    await this.#broken.close();
  }

  /** The client reads each of them as it should. `clientOf` makes one for a `HOST:PORT` and a key. */
  async readBy(name: SdkName | 'aliyungo', clientOf: (host: string, key: Key) => SdkCall): Promise<void> {
    const { host, key } = this.#service;
    const refused = async (
      client: SdkCall,
      action: string,
      parameters: Readonly<Record<string, string>> = {},
    ): Promise<string> => {
      const { status, code } = await refusalOf(name, client(action, { ...REGION, ...parameters }));
      return `${status} ${code}`;
    };
    const good = clientOf(host, key);
    for (const [action, parameters, refusal] of OF_REQUESTS)
      expect(await refused(good, action, parameters)).toBe(refusal);
    for (const [wrong, refusal] of this.#wrongKeys())
      expect(await refused(clientOf(host, wrong), 'DescribeRegions')).toBe(refusal);
    expect(await refused(clientOf(host, this.#powerless), 'DescribeDesktops')).toBe('403 NoPermission');
    const { service } = this.#broken;
    const taken = { DesktopId: this.#desktopId, SnapshotName: 'late', SourceDiskType: 'system' };
    expect(await refused(clientOf(service.host, service.key), 'CreateSnapshot', taken)).toBe(
      '500 InternalError',
    );
  }

  /** Calls too fast; gives what the client was refused with, and the errors themselves. */
  async tooFast(
    name: SdkName | 'aliyungo',
    clientOf: (host: string, key: Key) => SdkCall,
  ): Promise<{ readonly refusal: Refusal; readonly error: Error & { retryAfter?: number } }[]> {
    const quick = clientOf(this.#slow.host, this.#slow.key);
    const ends = await Promise.allSettled<Answer>([1, 2, 3].map(() => quick('DescribeRegions', REGION)));
    const failed = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as Error] : []));
    expect(failed.length).toBeGreaterThan(0);
    return await Promise.all(
      failed.map(async (error) => ({ error, refusal: await refusalOf(name, Promise.reject(error)) })),
    );
  }

  #wrongKeys(): readonly (readonly [Key, string])[] {
    const { key } = this.#service;
    const { securityToken = '', ...half } = this.temporary;
    const [temporary, ended] = [this.temporary, this.#ended];
    return [
      [{ accessKeyId: 'nobody', accessKeySecret: 'x' }, '404 InvalidAccessKeyId.NotFound'],
      [{ ...key, accessKeySecret: 'x' }, '400 SignatureDoesNotMatch'],
      [{ ...temporary, securityToken: securityToken.slice(4) }, '400 InvalidSecurityToken.Malformed'],
      [
        { ...temporary, securityToken: ended.securityToken! },
        '400 InvalidSecurityToken.MismatchWithAccessKey',
      ],
      [half, '400 MissingSecurityToken'],
      [ended, '400 InvalidSecurityToken.Expired'],
      [{ ...temporary, accessKeySecret: half.accessKeySecret.toLowerCase() }, '400 SignatureDoesNotMatch'],
    ];
  }
}
