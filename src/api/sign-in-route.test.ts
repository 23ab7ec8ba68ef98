import { afterEach, expect, test } from 'vitest';
import { Throttle } from '../access/limits.ts';
import type { AnswerRecord, DoorPorts, SignedIn } from './ports.ts';
import { startToyDoor, type ToyDoor } from './testing/toy-door.ts';

const MADE: SignedIn = {
  AccessKeyId: 'STS.key',
  AccessKeySecret: 'the-secret',
  SecurityToken: 'the-token',
  Expiration: '2026-11-24T13:00:00Z',
  UserName: 'bob',
};
let toy: ToyDoor;
let audit: AnswerRecord[];
let spent: string[];
let now: number;
afterEach(() => toy.close());

async function open(settings: DoorPorts['settings'] = {}): Promise<void> {
  audit = [];
  spent = [];
  now = 0;
  const throttle = new Throttle({ userPerSecond: 2, apiPerSecond: 20 }, () => now);
  toy = await startToyDoor({
    settings,
    audit: (answer) => void audit.push(answer),
    signInLinks: {
      throttle: (address) => throttle.take(address, 'link'),
      spend: async (token) => {
        spent.push(token);
        return token === 'good' ? MADE : null;
      },
    },
  });
}

async function post(headers: Record<string, string>, body = JSON.stringify({ Token: 'good' })) {
  // Each try is alone: none is slowed down by the ones before.
  now += 1000;
  const answer = await fetch(`http://127.0.0.1:${toy.port}/console/sign-in-link`, {
    method: 'POST',
    headers,
    body,
  });
  const fields = (await answer.json()) as Record<string, string>;
  return { status: answer.status, headers: answer.headers, fields, code: fields['Code'] ?? 'OK' };
}
const own = () => ({ origin: `http://127.0.0.1:${toy.port}` });

test('gives credentials to its own page, keeps them from caches, and tells the audit log', async () => {
  await open();
  const { status, headers, fields } = await post(own());
  expect(status).toBe(200);
  expect(fields).toEqual({ RequestId: fields['RequestId'], ...MADE });
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('access-control-allow-origin')).toBeNull();
  expect((await post(own(), '{"Token":"bad"}')).code).toBe('OperationDenied.SignInLinkInvalid');
  expect(audit).toMatchObject([
    { operation: 'ConsoleSignIn', userName: 'bob', accessKeyId: 'STS.key', status: 200, code: 'OK' },
    { operation: 'ConsoleSignIn', userName: '', status: 403, code: 'OperationDenied.SignInLinkInvalid' },
  ]);
  expect(audit[0]!.requestId).toBe(fields['RequestId']);
  expect(JSON.stringify([audit, toy.logs])).not.toMatch(/the-secret|the-token|good/);
});

test.each<[Record<string, string>, string]>([
  [{}, 'no origin'],
  [{ origin: 'null' }, 'a page that hides its origin'],
  [{ origin: 'https://evil.example' }, 'another page'],
  [{ origin: 'http://127.0.0.1:1' }, 'another port'],
  [{ 'sec-fetch-site': 'cross-site' }, 'what the browser calls another site'],
])('looks at no token of %j: %s', async (headers) => {
  await open();
  const asked = 'sec-fetch-site' in headers ? { ...own(), ...headers } : headers;
  expect((await post(asked)).code).toBe('OperationDenied.ForeignOrigin');
  expect(spent).toEqual([]);
});

test('what is no token in JSON is malformed, whatever its length', async () => {
  await open();
  for (const body of ['', 'good', '[]', '{"Token":1}', '"', '{"Token":null}'])
    expect((await post(own(), body)).code).toBe('InvalidToken');
  expect((await post(own(), `{"Token":"${'x'.repeat(2000)}"}`)).code).toBe('RequestTooLarge');
  expect(spent).toEqual([]);
});

test('a secret goes over the network by TLS only', async () => {
  await open({ trustedProxies: ['127.0.0.1'] });
  const from = (address: string, protocol: string, page = protocol) => {
    const origin = `${page}://127.0.0.1:${toy.port}`;
    return post({ origin, 'x-forwarded-for': address, 'x-forwarded-proto': protocol });
  };
  expect((await from('192.0.2.7', 'http')).code).toBe('InvalidProtocol.NeedSsl');
  expect((await from('192.0.2.7', 'https', 'http')).code).toBe('OperationDenied.ForeignOrigin');
  expect(spent).toEqual([]);
  expect((await from('192.0.2.7', 'https')).code).toBe('OK');
  await toy.close();
  await open({ requireTls: true });
  expect((await post(own())).code).toBe('InvalidProtocol.NeedSsl');
});

test('behind a proxy the page is of the public address', async () => {
  await open({ publicUrl: 'https://desk.example' });
  expect((await post({ origin: 'https://desk.example' })).code).toBe('OK');
});

test('an address that tries too often is told to wait, and spends nothing', async () => {
  await open();
  now = 10_000;
  const codes: string[] = [];
  for (let tries = 0; tries < 4; tries++) {
    now -= 1000;
    codes.push((await post(own(), '{"Token":"bad"}')).code);
  }
  expect(codes.filter((code) => code === 'Throttling.User')).toHaveLength(2);
  expect(spent).toHaveLength(2);
});
