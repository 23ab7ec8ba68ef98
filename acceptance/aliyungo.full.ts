/** Debian's aliyungo against the running service: only in the full tier, since Go takes 490 MB. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Aliyungo, buildCalls, type GoError, type How } from './support/aliyungo.ts';
import { everyOperation, NAME } from './support/every-operation.ts';
import { OPERATIONS } from './support/operations.ts';
import { Room } from './support/room.ts';
import type { Key } from './support/sdk.ts';

const REGION = { RegionId: 'cn-hangzhou' };
let work: string;
let program: string;
let room: Room;
let client: Aliyungo;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'openecd-go-'));
  program = await buildCalls(work);
  room = await Room.open();
  client = new Aliyungo(program, room.service.host, room.service.key);
});
afterAll(async () => {
  await client?.close();
  await room?.close();
  await rm(work, { recursive: true, force: true });
});

describe.each<How>(['Invoke', 'GET', 'POST'])('%s', (how) => {
  test('does every operation, with awkward names and lists of twelve', async () => {
    const done = await everyOperation(room, client.as(how));
    expect([...done].sort()).toEqual(Object.keys(OPERATIONS).sort());
  });
});

/** As the client sends lists itself: a JSON array, or flattened. */
test.each<How>(['Invoke', 'InvokeByFlattenMethod'])(
  '%s sends a list of twelve of its own kind',
  async (how) => {
    const sites: string[] = [];
    for (let at = 0; at < 12; at++)
      sites.push(String((await client.call('POST', 'CreateSimpleOfficeSite', REGION))['OfficeSiteId']));
    const lists = { OfficeSiteId: sites };
    const shown = await client.call(how, 'DescribeOfficeSites', REGION, lists);
    expect((shown['OfficeSites'] as { OfficeSiteId: string }[]).map((one) => one.OfficeSiteId)).toEqual(
      sites.toReversed(),
    );
    await client.call(how, 'DeleteOfficeSites', REGION, lists);
    expect(await client.call(how, 'DescribeOfficeSites', REGION, lists)).toMatchObject({ OfficeSites: [] });
  },
);

test('temporary credentials, and how it tells an error', async () => {
  const { service } = room;
  const temporary = await service.newKey('key', 'temporary', '--user', 'Administrator', '--seconds', '600');
  const refused = async (key: Key, action: string, parameters: Record<string, string> = {}) => {
    const own = new Aliyungo(program, service.host, key);
    try {
      const error = await own.call('Invoke', action, { ...REGION, ...parameters }).then(
        () => null,
        (e: unknown) => e as GoError,
      );
      expect(error?.requestId ?? '').toMatch(error === null ? /^$/ : /^[0-9A-F-]{36}$/);
      return error === null ? 'OK' : `${error.statusCode} ${error.code}`;
    } finally {
      await own.close();
    }
  };
  const { accessKeyId } = service.key;
  expect(await refused(temporary, 'DescribeSnapshots', { SnapshotName: NAME })).toBe('OK');
  const cut = { ...temporary, securityToken: temporary.securityToken!.slice(4) };
  expect(await refused(cut, 'DescribeRegions')).toBe('400 InvalidSecurityToken.Malformed');
  expect(await refused({ accessKeyId, accessKeySecret: 'x' }, 'DescribeRegions')).toBe(
    '400 SignatureDoesNotMatch',
  );
  const nobody = { accessKeyId: 'nobody', accessKeySecret: 'x' };
  expect(await refused(nobody, 'DescribeRegions')).toBe('404 InvalidAccessKeyId.NotFound');
  expect(await refused(service.key, 'CopySnapshot')).toBe('404 InvalidAction.NotFound');
  expect(await refused(service.key, 'CreateSnapshot')).toBe('400 MissingDesktopId');
  const bundle = { 'BundleId.1': 'bundle_demo' };
  expect(await refused(service.key, 'DeleteBundles', bundle)).toBe('403 OperationDenied.SystemBundle');
});
