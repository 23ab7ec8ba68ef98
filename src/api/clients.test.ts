/** The real npm clients of the public service against a door with toy operations. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusalOf } from '../../acceptance/support/refusal.ts';
import { SDK_NAMES, sdk } from '../../acceptance/support/sdk.ts';
import { type SignOptions, signByHeaders, signByParameters } from '../../acceptance/support/signer.ts';
import { startToyDoor, TEST_KEY, type ToyDoor } from './testing/toy-door.ts';

const NAME = "a b*~!'()/中文+&=";
const key = { accessKeyId: TEST_KEY.accessKeyId, accessKeySecret: TEST_KEY.secret };
let toy: ToyDoor;

beforeAll(async () => {
  toy = await startToyDoor();
});
afterAll(() => toy.close());

describe.each(SDK_NAMES)('%s', (name) => {
  const call = (action: string, parameters: Record<string, string>, as = key) =>
    sdk(name, `127.0.0.1:${toy.port}`, as)(action, { RegionId: 'cn-hangzhou', ...parameters });

  test('gets its parameters through, lists and awkward characters too', async () => {
    const ids = Array.from({ length: 12 }, (_, i) => `s-${i + 1}`);
    const list = Object.fromEntries(ids.map((id, i) => [`SnapshotId.${i + 1}`, id]));
    const answer = await call('DescribeEcho', {
      SnapshotName: NAME,
      ...list,
      'Tag.1.Key': 'k',
      'Tag.1.Value': '',
    });
    expect(answer['RequestId']).toMatch(/^[0-9A-F-]{36}$/);
    expect(answer['Echo']).toEqual({
      RegionId: 'cn-hangzhou',
      SnapshotName: NAME,
      SnapshotId: ids,
      Tag: [{ Key: 'k' }],
      MaxResults: 100,
    });
  });

  test.each([
    ['Nothing', {}, key, 'InvalidAction.NotFound', 404],
    ['DescribeEcho', {}, { ...key, accessKeyId: 'nobody' }, 'InvalidAccessKeyId.NotFound', 404],
    ['DescribeEcho', {}, { ...key, accessKeyId: 'disabled' }, 'InvalidAccessKeyId.Inactive', 400],
    ['DescribeEcho', {}, { ...key, accessKeySecret: 'wrong' }, 'SignatureDoesNotMatch', 400],
    ['DescribeEcho', { MaxResults: '101' }, key, 'InvalidMaxResults', 400],
    ['CreateSnapshot', {}, key, 'MissingSnapshotName', 400],
    ['CreateSnapshot', { SnapshotName: 'x' }, key, 'InvalidSnapshotName.Malformed', 400],
    ['FailAs', { As: 'OperationConflict' }, key, 'OperationConflict', 409],
    ['FailAs', { As: 'Throttling.User' }, key, 'Throttling.User', 400],
    ['FailAs', { As: 'Catalogue.Unavailable' }, key, 'ServiceUnavailable', 503],
    ['FailAs', { As: 'bug' }, key, 'InternalError', 500],
  ])('understands why %s %j is refused', async (action, parameters, as, code, status) => {
    expect(await refusalOf(name, call(action, parameters, as))).toMatchObject({ code, status });
  });
});

describe("the acceptance suite's own signer", () => {
  test.each<[SignOptions]>([
    [{ method: 'GET' }],
    [{ method: 'POST' }],
    [{ place: 'form' }],
    [{ hash: 'HMAC-SHA256' }],
    [{ format: 'XML' }],
  ])('%j is accepted', async (options) => {
    const parameters = {
      RegionId: 'cn-hangzhou',
      SnapshotName: NAME,
      'SnapshotId.1': '',
      'SnapshotId.2': 's-2',
    };
    const host = `127.0.0.1:${toy.port}`;
    for (const request of [
      signByParameters(key, 'DescribeEcho', parameters, { format: 'JSON', ...options }),
      signByHeaders(key, host, 'DescribeEcho', parameters, options),
    ]) {
      const { method, headers, body } = request;
      const answer = await fetch(`http://${host}${request.target}`, {
        method,
        headers,
        ...(method === 'POST' ? { body } : {}),
      });
      const text = await answer.text();
      expect(answer.status, text).toBe(200);
      expect(text).toContain(
        options.format === 'XML' ? NAME.replace('&', '&amp;').replace("'", '&apos;') : NAME,
      );
    }
  });
});
