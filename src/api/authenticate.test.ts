import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AuthenticationPorts, authenticate, checkTimestamp, type Incoming } from './authenticate.ts';
import { NonceWindow } from './nonces.ts';
import { signedV1, signedV3, timestamp } from './testing/sign.ts';
import { TEST_KEY } from './testing/toy-door.ts';
import { toyOperations } from './testing/toy-operations.ts';

const HOST = '127.0.0.1:8787';
const WINDOW = 15 * 60_000;

function ports(change: Partial<AuthenticationPorts> = {}): AuthenticationPorts {
  return {
    operations: toyOperations,
    keys: {
      find: async (id) => {
        if (id === 'disabled') return { secret: TEST_KEY.secret, status: 'Inactive', userName: 'eve' };
        return id === TEST_KEY.accessKeyId
          ? { secret: TEST_KEY.secret, status: 'Active', userName: 'alice' }
          : null;
      },
    },
    window: new NonceWindow(Date.now),
    clock: Date.now,
    timestampWindowMs: WINDOW,
    hosts: [],
    ...change,
  };
}

const byParameters = (parameters: Map<string, string>, method = 'GET'): Incoming => ({
  method,
  headers: { host: HOST },
  query: parameters,
  parameters,
  body: Buffer.alloc(0),
});

function byHeaders(
  change: Record<string, string | undefined> = {},
  after: Record<string, string | undefined> = {},
  query = new Map([['RegionId', 'cn-hangzhou']]),
): Incoming {
  const signed = signedV3('DescribeEcho', query, HOST, { change });
  const { Authorization, ...headers } = signed;
  return {
    method: 'POST',
    headers: { ...headers, authorization: Authorization, ...after },
    query,
    parameters: query,
    body: Buffer.alloc(0),
  };
}

async function codeOf(request: Incoming, change: Partial<AuthenticationPorts> = {}): Promise<string> {
  try {
    await authenticate(request, ports(change));
    return 'accepted';
  } catch (error) {
    return (error as { publicCode: string }).publicCode;
  }
}

describe('SignatureVersion 1.0', () => {
  test.each(['HMAC-SHA1', 'HMAC-SHA256'])('accepts %s by GET and by POST', async (SignatureMethod) => {
    for (const method of ['GET', 'POST']) {
      const request = byParameters(
        signedV1({ Action: 'DescribeEcho', SignatureMethod, SignatureType: '' }, method),
        method,
      );
      const { caller, operation } = await authenticate(request, ports());
      expect(operation.name).toBe('DescribeEcho');
      expect(caller).toMatchObject({ accessKeyId: 'testid', userName: 'alice' });
    }
  });

  // Each row also breaks what later checks look at: the first check in the order wins.
  test.each([
    [{ Action: undefined, Version: undefined }, 'MissingAction'],
    [{ Version: undefined, AccessKeyId: undefined }, 'MissingVersion'],
    [{ AccessKeyId: undefined }, 'MissingAccessKeyId'],
    [{ Signature: '', SignatureNonce: undefined }, 'MissingSignature'],
    [{ SignatureMethod: undefined }, 'MissingSignatureMethod'],
    [{ SignatureVersion: undefined }, 'MissingSignatureVersion'],
    [{ SignatureNonce: '' }, 'MissingSignatureNonce'],
    [{ Timestamp: undefined, Action: 'Nothing' }, 'MissingTimestamp'],
    [{ SignatureMethod: 'SHA256withRSA', Action: 'Nothing' }, 'InvalidSignatureMethod'],
    [{ SignatureMethod: 'toString' }, 'InvalidSignatureMethod'],
    [{ SignatureVersion: '2.0', Version: 'x' }, 'InvalidSignatureVersion'],
    [{ SignatureType: 'BEARERTOKEN' }, 'InvalidSignatureType'],
    [{ SignatureNonce: 'x'.repeat(257) }, 'InvalidSignatureNonce'],
    [{ Version: '2020-10-02', Action: 'Nothing', AccessKeyId: 'nobody' }, 'InvalidVersion'],
    [{ Action: 'Nothing', AccessKeyId: 'nobody' }, 'InvalidAction.NotFound'],
    [{ Action: 'HibernateDesktops', AccessKeyId: 'nobody' }, 'UnsupportedOperation'],
    [{ Action: 'describeecho' }, 'InvalidAction.NotFound'],
    [{ Action: '__proto__' }, 'InvalidAction.NotFound'],
    [{ AccessKeyId: 'nobody', Timestamp: 'x' }, 'InvalidAccessKeyId.NotFound'],
    [{ AccessKeyId: 'disabled', Timestamp: 'x' }, 'InvalidAccessKeyId.Inactive'],
    [{ SecurityToken: 'a/b+c=', Timestamp: 'x' }, 'InvalidSecurityToken.Malformed'],
    [{ Timestamp: 'yesterday', Signature: 'x' }, 'InvalidTimeStamp.Format'],
    [{ Timestamp: timestamp(0), Signature: 'x' }, 'InvalidTimeStamp.Expired'],
    [{ Signature: 'x' }, 'SignatureDoesNotMatch'],
    [{ Signature: '\0'.repeat(28) }, 'SignatureDoesNotMatch'],
  ])('refuses %j with %s', async (fields, code) => {
    const action = 'Action' in fields ? {} : { Action: 'DescribeEcho' };
    expect(await codeOf(byParameters(signedV1({ ...action, ...fields })))).toBe(code);
  });

  test('takes a nonce once, and only from a request that is signed right', async () => {
    const shared = ports();
    const fields = { Action: 'DescribeEcho', SignatureNonce: 'once' };
    await expect(authenticate(byParameters(signedV1(fields, 'GET', 'wrong')), shared)).rejects.toThrow(
      'matched',
    );
    await authenticate(byParameters(signedV1(fields)), shared);
    const again = byParameters(signedV1({ ...fields, Timestamp: timestamp(Date.now() - 400_000) }));
    await expect(authenticate(again, shared)).rejects.toThrow('nonce was used already');
  });

  test('a changed request is refused', async () => {
    const fixed = ports({ window: { take: () => {} } as unknown as NonceWindow });
    const valid = signedV1({
      Action: 'DescribeEcho',
      SnapshotName: "a b*~!'()/中文+&=",
      'SnapshotId.1': 's-1',
    });
    await authenticate(byParameters(valid), fixed);
    await fc.assert(
      fc.asyncProperty(mutation([...valid.keys()]), async (change) => {
        const changed = change(valid);
        fc.pre(!sameMap(changed, valid));
        await expect(authenticate(byParameters(changed), fixed)).rejects.toThrow(/./);
      }),
      { numRuns: 5000 },
    );
    await expect(authenticate(byParameters(valid, 'POST'), fixed)).rejects.toThrow('matched');
  });
});

describe('ACS3-HMAC-SHA256', () => {
  test('accepts a right signature, also over the public host', async () => {
    expect(await codeOf(byHeaders())).toBe('accepted');
    const moved = byHeaders({}, { host: 'inside:1' });
    expect(await codeOf(moved)).toBe('SignatureDoesNotMatch');
    expect(await codeOf(moved, { hosts: ['other', HOST] })).toBe('accepted');
  });

  test.each([
    [{}, { authorization: undefined }, 'MissingAccessKeyId'],
    [{}, { authorization: '', 'x-acs-version': 'x' }, 'MissingAccessKeyId'],
    [{}, { authorization: 'Bearer x' }, 'IncompleteSignature'],
    [{}, { authorization: 'ACS3-RSA-SHA256 x' }, 'InvalidSignatureMethod'],
    [{ 'x-acs-action': undefined }, {}, 'MissingAction'],
    [{ 'x-acs-version': undefined }, {}, 'MissingVersion'],
    [{ 'x-acs-date': undefined }, {}, 'MissingTimestamp'],
    [{ 'x-acs-signature-nonce': undefined }, {}, 'MissingSignatureNonce'],
    [{ 'x-acs-content-sha256': undefined }, {}, 'MissingContentSha256'],
    [{ host: undefined }, {}, 'IncompleteSignature'],
    [{}, { 'x-acs-unsigned': '1' }, 'IncompleteSignature'],
    [{ 'x-acs-extra': '1' }, { 'x-acs-extra': undefined }, 'IncompleteSignature'],
    [{ 'x-acs-version': '2014-05-26' }, {}, 'InvalidVersion'],
    [{ 'x-acs-action': 'Nothing' }, {}, 'InvalidAction.NotFound'],
    [{ 'x-acs-security-token': 't', 'x-acs-date': 'x' }, {}, 'InvalidSecurityToken.Malformed'],
    [{ 'x-acs-date': '2026-02-30T00:00:00Z' }, {}, 'InvalidTimeStamp.Format'],
    [{ 'x-acs-date': timestamp(0) }, {}, 'InvalidTimeStamp.Expired'],
    [{ 'x-acs-content-sha256': '0'.repeat(64) }, {}, 'SignatureDoesNotMatch'],
    [{ 'x-acs-credentials-provider': 'static_ak' }, {}, 'accepted'],
  ])('signed with %j, sent with %j: %s', async (change, after, code) => {
    expect(await codeOf(byHeaders(change, after))).toBe(code);
  });

  test('demands that the kind of a body is signed, and its hash right', async () => {
    const body = 'RegionId=cn-hangzhou';
    const empty = new Map<string, string>();
    const send = (
      change: Record<string, string | undefined>,
      sent: string,
      after: Record<string, string | undefined> = {},
    ) => {
      const { Authorization, ...headers } = signedV3('DescribeEcho', empty, HOST, { body, change });
      const all = { ...headers, authorization: Authorization, ...after };
      return codeOf({
        method: 'POST',
        headers: all,
        query: empty,
        parameters: empty,
        body: Buffer.from(sent),
      });
    };
    expect(await send({}, body)).toBe('accepted');
    expect(await send({}, 'RegionId=cn-hangzhoV')).toBe('SignatureDoesNotMatch');
    expect(await send({}, '')).toBe('SignatureDoesNotMatch');
    expect(await send({ 'content-type': undefined }, body)).toBe('accepted');
    expect(await send({ 'content-type': undefined }, body, { 'content-type': 'x' })).toBe(
      'IncompleteSignature',
    );
  });

  test('a changed request is refused', async () => {
    const fixed = ports({ window: { take: () => {} } as unknown as NonceWindow });
    const valid = byHeaders(
      {},
      {},
      new Map([
        ['RegionId', 'cn-hangzhou'],
        ['SnapshotId.1', 's-1'],
      ]),
    );
    await authenticate(valid, fixed);
    const headers = new Map(Object.entries(valid.headers as Record<string, string>));
    await fc.assert(
      fc.asyncProperty(
        mutation([...headers.keys()]),
        mutation([...valid.query.keys()]),
        fc.boolean(),
        async (h, q, which) => {
          const query = which ? q(valid.query) : valid.query;
          const changed = which ? headers : h(headers);
          fc.pre(!sameMap(query, valid.query) || !sameMap(trimmed(changed), headers));
          const request = { ...valid, headers: Object.fromEntries(changed), query, parameters: query };
          await expect(authenticate(request, fixed)).rejects.toThrow(/./);
        },
      ),
      { numRuns: 5000 },
    );
  });
});

test.each([
  [0, true],
  [-WINDOW, true],
  [-WINDOW - 1000, false],
  [WINDOW, true],
  [WINDOW + 1000, false],
  [31 * 60_000, false],
  [-31 * 60_000, false],
])('a timestamp %d ms from the clock is valid: %s', (offset, valid) => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  const check = () => checkTimestamp(timestamp(now + offset), now, WINDOW);
  if (valid) expect(check()).toBe(now + offset + WINDOW);
  else expect(check).toThrow(expect.objectContaining({ code: 'InvalidTimeStamp.Expired' }));
});

test.each([
  '',
  '2026-11-24',
  '2026-11-24T12:00:00',
  '2026-11-24T12:00:00.000Z',
  '2026-11-24 12:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-11-24T24:00:00Z',
  '2026-11-24T12:00:00+00:00',
  '1764000000',
])('the timestamp %j is malformed', (text) => {
  const now = Date.parse('2026-11-24T12:00:00Z');
  expect(() => checkTimestamp(text, now, WINDOW)).toThrow(
    expect.objectContaining({ code: 'InvalidTimeStamp.Format' }),
  );
});

type Change = (of: ReadonlyMap<string, string>) => Map<string, string>;

/** Changes one character, removes, adds or exchanges a field. */
function mutation(names: string[]): fc.Arbitrary<Change> {
  const name = fc.constantFrom(...names);
  const character = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).map((c) => c.toWellFormed());
  const set = (map: ReadonlyMap<string, string>, key: string, value: string) => new Map(map).set(key, value);
  return fc.oneof(
    fc.tuple(name, fc.nat(200), character).map(([n, at, c]) => (map: ReadonlyMap<string, string>) => {
      const text = map.get(n)!;
      const i = at % (text.length + 1);
      return set(map, n, text.slice(0, i) + c + text.slice(i + 1));
    }),
    name.map((n) => (map: ReadonlyMap<string, string>) => {
      const less = new Map(map);
      less.delete(n);
      return less;
    }),
    fc.tuple(name, name).map(
      ([a, b]) =>
        (map: ReadonlyMap<string, string>) =>
          set(set(map, a, map.get(b)!), b, map.get(a)!),
    ),
    fc.tuple(fc.nat(99), character).map(
      ([n, c]) =>
        (map: ReadonlyMap<string, string>) =>
          set(map, `x-acs-${n}`, c),
    ),
  );
}

function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([k, v]) => b.get(k) === v);
}

/** Spaces around a header's value are not part of it. */
function trimmed(headers: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...headers].map(([k, v]) => [k, v.trim()]));
}
