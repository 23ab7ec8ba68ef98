/** What stands before signatures: TLS demanded, proxies believed, other origins, headers of pages, signed hosts. */
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { DoorSettings } from './ports.ts';
import { Sources } from './source.ts';
import { sendTo } from './testing/http.ts';
import { encodeForm, signedV1, signedV3 } from './testing/sign.ts';
import { startToyDoor, type ToyDoor } from './testing/toy-door.ts';

let toy: ToyDoor | undefined;
afterEach(async () => {
  await toy?.close();
  toy = undefined;
});

const open = async (settings: DoorSettings) => (toy = await startToyDoor({ settings }));
const target = () => `/?${encodeForm(signedV1({ Action: 'DescribeEcho' }))}`;
const codeOf = (text: string) => (JSON.parse(text) as { Code?: string }).Code ?? 'OK';

describe('where a request comes from', () => {
  const message = (peer: string, headers: Record<string, string> = {}, encrypted = false) =>
    ({ socket: { remoteAddress: peer, encrypted }, headers }) as unknown as IncomingMessage;
  const chain = (forwarded: string, proto?: string) => ({
    'x-forwarded-for': forwarded,
    ...(proto === undefined ? {} : { 'x-forwarded-proto': proto }),
  });

  test.each<[string, string[], IncomingMessage, string, boolean]>([
    ['nobody is believed', [], message('192.0.2.1', chain('10.0.0.1', 'https')), '192.0.2.1', false],
    ['IPv4 in IPv6', [], message('::ffff:192.0.2.1', {}, true), '192.0.2.1', true],
    ['another peer', ['10.0.0.1'], message('10.0.0.2', chain('1.1.1.1', 'https')), '10.0.0.2', false],
    ['a proxy', ['10.0.0.1'], message('10.0.0.1', chain('1.1.1.1', 'https')), '1.1.1.1', true],
    [
      'a proxy without TLS',
      ['10.0.0.1'],
      message('10.0.0.1', chain('1.1.1.1', 'http'), true),
      '1.1.1.1',
      false,
    ],
    ['a proxy that says nothing', ['10.0.0.1'], message('10.0.0.1', {}, true), '10.0.0.1', true],
    [
      'what the client made up',
      ['10.0.0.1'],
      message('10.0.0.1', chain('127.0.0.1, 1.1.1.1', 'http, https')),
      '1.1.1.1',
      true,
    ],
    ['two proxies', ['10.0.0.0/8'], message('10.0.0.1', chain('1.1.1.1, 10.9.9.9')), '1.1.1.1', false],
    ['nonsense', ['10.0.0.1'], message('10.0.0.1', chain('x')), '', false],
    ['IPv6', ['::1', 'fd00::/8'], message('::1', chain('2001:db8::1, fd00::2')), '2001:db8::1', false],
    ['a lost connection', ['::1'], { socket: {}, headers: {} } as unknown as IncomingMessage, '', false],
  ])('%s', (_, proxies, from, address, secure) => {
    expect(new Sources(proxies).of(from)).toEqual({ address, secure });
  });

  test.each(['10.0.0.0/33', '10.0.0', 'x', '::1/x', '10.0.0.1/8/9'])('%s is no proxy', (text) => {
    expect(() => new Sources([text])).toThrow('trustedProxies');
  });
});

test('plain requests are refused where TLS is demanded, but those that a trusted proxy brings', async () => {
  const { port } = await open({ requireTls: true });
  const plain = await sendTo(port, target());
  expect([plain.status, codeOf(plain.text)]).toEqual([400, 'InvalidProtocol.NeedSsl']);
  const claimed = await sendTo(port, target(), { headers: { 'x-forwarded-proto': 'https' } });
  expect(codeOf(claimed.text)).toBe('InvalidProtocol.NeedSsl');
  expect((await sendTo(port, '/healthz')).status).toBe(200);
  await toy!.close();
  const behind = await open({ requireTls: true, trustedProxies: ['127.0.0.1'] });
  const brought = await sendTo(behind.port, target(), { headers: { 'x-forwarded-proto': 'https' } });
  expect(brought.status).toBe(200);
  expect(codeOf((await sendTo(behind.port, target())).text)).toBe('InvalidProtocol.NeedSsl');
});

test('a host that clients sign though a proxy changed the header is taken only if it is configured', async () => {
  const { port } = await open({ trustedHosts: ['ecd.example.org'] });
  const query = new Map([['RegionId', 'r']]);
  const send = (signed: string) => {
    const headers = { ...signedV3('DescribeEcho', query, signed), host: `127.0.0.1:${port}` };
    return sendTo(port, `/?${encodeForm(query)}`, { method: 'POST', headers });
  };
  expect((await send('ecd.example.org')).status).toBe(200);
  expect(codeOf((await send('evil.example.org')).text)).toBe('SignatureDoesNotMatch');
});

describe('pages of other origins', () => {
  const preflight = (port: number, origin: string) =>
    sendTo(port, '/', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-acs-action',
      },
    });
  const cors = (headers: object) => Object.keys(headers).filter((name) => name.startsWith('access-control-'));

  test('may not call, unless they are named', async () => {
    const { port } = await open({});
    const answer = await sendTo(port, target(), { headers: { origin: 'https://a.example' } });
    expect([answer.status, cors(answer.headers)]).toEqual([200, []]);
    expect(codeOf((await preflight(port, 'https://a.example')).text)).toBe('UnsupportedHTTPMethod');
  });

  test('may when they are named, and no others', async () => {
    const { port } = await open({ corsOrigins: ['https://a.example'] });
    const good = await preflight(port, 'https://a.example');
    expect([good.status, good.text]).toEqual([204, '']);
    expect(good.headers).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers': expect.stringContaining('x-acs-security-token'),
      vary: 'Origin',
    });
    expect(good.headers['access-control-allow-credentials']).toBeUndefined();
    const bad = await preflight(port, 'https://b.example');
    expect([bad.status, cors(bad.headers)]).toEqual([403, []]);
    for (const [origin, allowed] of [
      ['https://a.example', 'https://a.example'],
      ['https://a.example.evil', undefined],
    ]) {
      const answer = await sendTo(port, target(), { headers: { origin: origin! } });
      expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, allowed]);
    }
    const refused = await sendTo(port, '/?Action=x&Format=JSON', {
      headers: { origin: 'https://a.example' },
    });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([
      400,
      'https://a.example',
    ]);
  });

  test('all may if the settings say so', async () => {
    const { port } = await open({ corsOrigins: ['*'] });
    const answer = await sendTo(port, target(), { headers: { origin: 'null' } });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });
});

test('pages run nothing, are framed nowhere and are not kept', async () => {
  const { port } = await open({});
  const page = await sendTo(port, '/console/errors?q=<script>NoPermission');
  expect(page.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-security-policy': expect.stringContaining("default-src 'none'; frame-ancestors 'none'"),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  expect(page.headers['strict-transport-security']).toBeUndefined();
});
