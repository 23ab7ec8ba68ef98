/** Debian's aliyungo against the running service: only in the full tier, since Go takes 490 MB. */
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Aliyungo, buildCalls, type GoError, type How } from './support/aliyungo.ts';
import { everyOperation, NAME, twelve } from './support/every-operation.ts';
import { OPERATIONS } from './support/operations.ts';
import { Refusing } from './support/refused-calls.ts';
import { Room } from './support/room.ts';
import type { Key } from './support/sdk.ts';

const REGION = { RegionId: 'cn-hangzhou' };
let work: string;
let program: string;
let room: Room;
let client: Aliyungo;
let refusing: Refusing;
/** Clients of other keys and servers, to be ended. */
const others: Aliyungo[] = [];
const HOWS: readonly How[] = ['Invoke', 'InvokeByFlattenMethod', 'GET', 'POST'];
/** As the client tells that it could read nothing. */
const NO_ANSWER = { code: 'AliyunGoClientFailure', statusCode: -1 };

const clientOf = (how: How) => (host: string, key: Key) => {
  const own = new Aliyungo(program, host, key);
  others.push(own);
  return own.as(how);
};

const failure = (call: Promise<unknown>): Promise<GoError | null> =>
  call.then(
    () => null,
    (error: GoError) => error,
  );

/** A port of the loopback at which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'openecd-go-'));
  program = await buildCalls(work);
  room = await Room.open();
  client = new Aliyungo(program, room.service.host, room.service.key);
  refusing = await Refusing.open(room.service);
});
afterAll(async () => {
  for (const one of [client, ...others]) await one?.close();
  await refusing?.close();
  await room?.close();
  await rm(work, { recursive: true, force: true });
});

describe.each<How>(HOWS)('%s', (how) => {
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

test('works with temporary credentials', async () => {
  const own = clientOf('Invoke')(room.service.host, refusing.temporary);
  const rules = twelve((at) => ({ [`AuthorizeAccessPolicyRule.${at}.CidrIp`]: `10.${at}.0.0/16` }));
  const made = await own('CreatePolicyGroup', { ...REGION, Name: NAME, ...rules });
  const id = { ...REGION, 'PolicyGroupId.1': String(made['PolicyGroupId']) };
  const { DescribePolicyGroups: groups } = await own('DescribePolicyGroups', id);
  expect(groups).toMatchObject([{ Name: NAME, AuthorizeAccessPolicyRules: { length: 12 } }]);
  await own('DeletePolicyGroups', id);
});

describe.each<How>(HOWS)('%s is refused', (how) => {
  test('and learns why', () => refusing.readBy('aliyungo', clientOf(how)));

  test('and learns that it is too fast', async () => {
    for (const { refusal } of await refusing.tooFast('aliyungo', clientOf(how)))
      expect(refusal).toMatchObject({ code: 'Throttling.User' });
  });

  test('in XML, of which it reads the status alone; a success in XML is none', async () => {
    const xml = { ...REGION, Format: 'XML' };
    const nothing = { Code: '', Message: '', RequestId: '', HostId: '' };
    expect(await failure(client.call(how, 'DescribeRestorePoints', xml))).toMatchObject({
      ...{ code: '', statusCode: 404, data: nothing },
    });
    expect(await failure(client.call(how, 'DescribeRegions', xml))).toMatchObject(NO_ANSWER);
  });

  test('by nobody: there is no answer at all', async () => {
    const call = clientOf(how)(`127.0.0.1:${await freePort()}`, room.service.key);
    expect(await failure(call('DescribeRegions', REGION))).toMatchObject(NO_ANSWER);
  });
});
