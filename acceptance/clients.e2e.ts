/** The real npm clients of the public service against the running service: each calls every operation, and is refused. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { everyOperation, NAME, twelve } from './support/every-operation.ts';
import { OPERATIONS } from './support/operations.ts';
import { Refusing } from './support/refused-calls.ts';
import { Room } from './support/room.ts';
import { type Key, SDK_NAMES, sdk } from './support/sdk.ts';

const REGION = { RegionId: 'cn-hangzhou' };
let room: Room;
let refusing: Refusing;

beforeAll(async () => {
  room = await Room.open();
  refusing = await Refusing.open(room.service);
});
afterAll(async () => {
  await refusing?.close();
  await room?.close();
});

describe.each(SDK_NAMES)('%s', (name) => {
  const clientOf = (host: string, key: Key) => sdk(name, host, key);

  test('finds the address of this server', async () => {
    const { host, key } = room.service;
    expect((await clientOf(host, key)('DescribeRegions', REGION))['Regions']).toMatchObject([
      { RegionId: 'cn-hangzhou', RegionEndpoint: host },
    ]);
  });

  test('does every operation, with awkward names and lists of twelve', async () => {
    const done = await everyOperation(room, clientOf(room.service.host, room.service.key));
    expect([...done].sort()).toEqual(Object.keys(OPERATIONS).sort());
  });

  test('works with temporary credentials', async () => {
    const call = clientOf(room.service.host, refusing.temporary);
    const rules = twelve((at) => ({ [`AuthorizeAccessPolicyRule.${at}.CidrIp`]: `10.${at}.0.0/16` }));
    const made = await call('CreatePolicyGroup', { ...REGION, Name: NAME, ...rules });
    const id = { ...REGION, 'PolicyGroupId.1': String(made['PolicyGroupId']) };
    const { DescribePolicyGroups: groups } = await call('DescribePolicyGroups', id);
    expect(groups).toMatchObject([{ Name: NAME, AuthorizeAccessPolicyRules: { length: 12 } }]);
    await call('DeletePolicyGroups', id);
  });

  test('learns why it is refused', () => refusing.readBy(name, clientOf));

  test('learns that it is too fast', async () => {
    for (const { refusal, error } of await refusing.tooFast(name, clientOf)) {
      expect(refusal).toMatchObject({ code: 'Throttling.User' });
      // The only one that reads how long to wait.
      if (name === 'openapi-core') expect(error.retryAfter).toBeGreaterThan(0);
    }
  });
});
