/** Which nonces are spent, and that every answer is counted. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { sendTo } from './testing/http.ts';
import { encodeForm, signedV1, timestamp } from './testing/sign.ts';
import { startToyDoor, type ToyDoor } from './testing/toy-door.ts';

let toy: ToyDoor;
afterEach(() => toy.close());

const send = (target: string) => sendTo(toy.port, target);
const get = (fields: Record<string, string | undefined>) => send(`/?${encodeForm(signedV1(fields))}`);

describe('nonces', () => {
  test('of 64 equal requests at once exactly one is accepted', async () => {
    toy = await startToyDoor();
    const target = `/?${encodeForm(signedV1({ Action: 'CreateSnapshot', SnapshotName: 'name' }))}`;
    const answers = await Promise.all(Array.from({ length: 64 }, () => send(target)));
    const refused = answers.filter((a) => a.status === 400 && a.text.includes('"Code":"SignatureNonceUsed"'));
    expect(answers.filter((a) => a.status === 200)).toHaveLength(1);
    expect(refused).toHaveLength(63);
  });

  test('of writes are recorded, refused ones too; of reads and of wrong signatures they are not', async () => {
    let deny = false;
    const require = () => {
      if (deny) throw new EcdError('NoPermission', { action: 'ecd:CreateSnapshot' });
    };
    const denied = { access: { rightsOf: () => ({ full: false, require }) } };
    toy = await startToyDoor(denied);
    const call = async (nonce: string, fields: Record<string, string>) =>
      (await get({ SignatureNonce: nonce, ...fields })).status;
    expect(await call('read', { Action: 'DescribeEcho' })).toBe(200);
    expect(await call('forged', { Action: 'CreateSnapshot', SnapshotName: 'name', Signature: 'x' })).toBe(
      400,
    );
    expect(
      await call('stale', { Action: 'CreateSnapshot', Timestamp: timestamp(Date.now() - 1_000_000) }),
    ).toBe(400);
    expect(await call('good', { Action: 'CreateSnapshot', SnapshotName: 'name' })).toBe(200);
    deny = true;
    expect(await call('denied', { Action: 'CreateSnapshot', SnapshotName: 'x' })).toBe(403);
    deny = false;
    expect(await call('malformed', { Action: 'CreateSnapshot', SnapshotName: 'x' })).toBe(400);
    expect(await call('conflict', { Action: 'FailAs', As: 'OperationConflict' })).toBe(409);
    expect(toy.spent).toEqual(['good', 'denied', 'malformed', 'conflict']);
    expect(await call('conflict', { Action: 'CreateSnapshot', SnapshotName: 'name' })).toBe(400);
  });

  test('of refusals that cost their sender nothing are recorded, too, but need not have a commit each', async () => {
    let refusal: 'NoPermission' | 'Throttling.User' | 'Throttling.Api' | undefined;
    const told: unknown[] = [];
    toy = await startToyDoor({
      throttle: () => {
        if (refusal !== undefined) throw new EcdError(refusal, { action: 'x' });
      },
      nonces: {
        claim: (_accessKeyId, nonce) => ({ nonce }) as never,
        spend: async (claim, cheap) => void told.push([(claim as unknown as { nonce: string }).nonce, cheap]),
      },
    });
    const write = { Action: 'CreateSnapshot', SnapshotName: 'name' };
    for (refusal of ['Throttling.User', 'Throttling.Api', 'NoPermission', undefined] as const)
      await get({ SignatureNonce: refusal ?? 'good', ...write });
    await get({ SignatureNonce: 'conflict', Action: 'FailAs', As: 'OperationConflict' });
    expect(told).toEqual([
      ['Throttling.User', true],
      ['Throttling.Api', true],
      ['NoPermission', true],
      ['good', false],
      ['conflict', false],
    ]);
  });

  test('found on record after a refusal are told, and a dead record hides nothing as success', async () => {
    const claim = () => ({}) as never;
    const nonces = { claim, spend: () => Promise.reject(new EcdError('SignatureNonceUsed')) };
    toy = await startToyDoor({ nonces });
    expect((await get({ Action: 'FailAs', As: 'OperationConflict' })).text).toContain(
      '"Code":"SignatureNonceUsed"',
    );
    await toy.close();
    toy = await startToyDoor({
      nonces: { claim, spend: () => Promise.reject(new EcdError('Catalogue.Unavailable', { reason: 'x' })) },
    });
    expect((await get({ Action: 'CreateSnapshot', SnapshotName: 'name' })).status).toBe(503);
    await toy.close();
    toy = await startToyDoor({ nonces: { ...nonces, isRecorded: () => true } });
    expect((await get({ Action: 'CreateSnapshot', SnapshotName: 'name' })).status).toBe(200);
  });
});

test('every answer is counted', async () => {
  const seen: unknown[] = [];
  toy = await startToyDoor({ onAnswer: (action, code, status) => void seen.push([action, code, status]) });
  await get({ Action: 'DescribeEcho' });
  await get({ Action: randomUUID() });
  await get({ Action: 'DescribeEcho', MaxResults: '0' });
  await send('/x');
  expect(seen).toEqual([
    ['DescribeEcho', 'OK', 200],
    ['', 'InvalidAction.NotFound', 404],
    ['DescribeEcho', 'InvalidMaxResults', 400],
    ['', 'InvalidAction.NotFound', 404],
  ]);
});
