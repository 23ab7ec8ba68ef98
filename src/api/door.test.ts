import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type SendOptions, sendTo } from './testing/http.ts';
import { encodeForm, signedV1, signedV3 } from './testing/sign.ts';
import { startToyDoor, type ToyDoor } from './testing/toy-door.ts';

let toy: ToyDoor;
afterEach(() => toy.close());

const send = (target: string, options?: SendOptions) => sendTo(toy.port, target, options);
const get = (fields: Record<string, string | undefined>) => send(`/?${encodeForm(signedV1(fields))}`);
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Sends bytes and gives all that comes until the server closes; fails after `ms`. */
function raw(bytes: string | Buffer, ms = 5000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(toy.port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    const timer = setTimeout(() => reject(new Error(`no answer to ${String(bytes).slice(0, 80)}`)), ms);
    socket.on('data', (part) => (text += part.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

describe('answers', () => {
  test('in JSON, in XML by default, with the headers of the public service', async () => {
    toy = await startToyDoor();
    const json = await get({ Action: 'DescribeEcho', Format: 'json' });
    expect(json.status).toBe(200);
    expect(json.headers['content-type']).toBe('application/json;charset=utf-8');
    const { RequestId, Echo } = JSON.parse(json.text) as { RequestId: string; Echo: unknown };
    expect(RequestId).toMatch(/^[0-9A-F]{8}-([0-9A-F]{4}-){3}[0-9A-F]{12}$/);
    expect(json.headers['x-acs-request-id']).toBe(RequestId);
    expect(Echo).toEqual({ RegionId: 'cn-hangzhou', MaxResults: 100 });

    const xml = await get({ Action: 'DescribeEcho', Format: undefined });
    expect(xml.headers['content-type']).toBe('text/xml;charset=utf-8');
    expect(xml.text).toMatch(/^<\?xml .*<DescribeEchoResponse><RequestId>.*<\/DescribeEchoResponse>$/);
  });

  test('ACS3 in JSON whatever it accepts, in XML only when Format says so', async () => {
    toy = await startToyDoor();
    const host = `127.0.0.1:${toy.port}`;
    for (const [query, type] of [
      [new Map([['RegionId', 'r']]), 'application/json;charset=utf-8'],
      [
        new Map([
          ['RegionId', 'r'],
          ['Format', 'xml'],
        ]),
        'text/xml;charset=utf-8',
      ],
    ] as const) {
      const headers = { ...signedV3('DescribeEcho', query, host), accept: 'text/xml' };
      const answer = await send(`/?${encodeForm(query)}`, { method: 'POST', headers });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe(type);
    }
    const anonymous = await send('/', {
      method: 'POST',
      headers: { 'x-acs-action': 'DescribeEcho', 'x-acs-version': '2020-09-30' },
    });
    expect(JSON.parse(anonymous.text)).toMatchObject({ Code: 'MissingAccessKeyId' });
  });

  test('to parameters in the query, the form, both, and a chunked form', async () => {
    toy = await startToyDoor();
    const all = signedV1({ Action: 'DescribeEcho', SnapshotName: 'x y' }, 'POST');
    const whole = await send('/', { method: 'POST', headers: FORM, body: encodeForm(all) });
    expect(whole.status).toBe(200);
    const again = signedV1({ Action: 'DescribeEcho', SnapshotName: 'x y' }, 'POST');
    const query = new Map([...again].filter(([name]) => name !== 'SnapshotName'));
    const split = await send(`/?${encodeForm(query)}`, {
      method: 'POST',
      headers: { ...FORM, 'transfer-encoding': 'chunked' },
      body: 'SnapshotName=x+y',
    });
    expect(JSON.parse(split.text)).toMatchObject({ Echo: { SnapshotName: 'x y' } });
    const byGet = signedV1({ Action: 'DescribeEcho' }, 'GET');
    const odd = await send('/', {
      headers: { ...FORM, 'content-length': String(encodeForm(byGet).length) },
      body: encodeForm(byGet),
    });
    expect(odd.status).toBe(200);
  });

  test('name this server, by its setting or by what the client called it', async () => {
    toy = await startToyDoor();
    expect(JSON.parse((await get({ Action: 'Nothing' })).text)).toMatchObject({
      HostId: `127.0.0.1:${toy.port}`,
    });
    const odd = await send('/?Format=JSON', { headers: { host: 'a<b' } });
    expect(JSON.parse(odd.text)).toMatchObject({ HostId: `127.0.0.1:${toy.port}`, Code: 'MissingAction' });
    await toy.close();
    toy = await startToyDoor({ settings: { publicUrl: 'https://ecd.example.org/' } });
    const answer = JSON.parse((await get({ Action: 'Nothing' })).text) as Record<string, string>;
    expect(answer['HostId']).toBe('ecd.example.org');
    expect(answer['Recommend']).toBe(
      `https://ecd.example.org/console/errors?q=InvalidAction.NotFound&product=ecd&requestId=${answer['RequestId']}`,
    );
  });
});

describe('refusals', () => {
  test('tell the string to sign', async () => {
    toy = await startToyDoor();
    const parameters = signedV1({ Action: 'DescribeEcho', Signature: 'wrong' });
    const v1 = JSON.parse((await send(`/?${encodeForm(parameters)}`)).text) as { Message: string };
    const { stringToSignV1 } = await import('./signature-v1.ts');
    expect(v1.Message).toBe(
      `Specified signature is not matched with our calculation. server string to sign is:${stringToSignV1('GET', parameters)}`,
    );
    const host = `127.0.0.1:${toy.port}`;
    const headers = signedV3('DescribeEcho', new Map(), host, { secret: 'wrong' });
    const v3 = JSON.parse((await send('/', { method: 'POST', headers })).text) as { Message: string };
    expect(v3.Message).toMatch(
      /^Specified signature does not match our calculation\. server StringToSign is \[ACS3-HMAC-SHA256\n[0-9a-f]{64}\] server CanonicalRequest is \[POST\n\/\n\nhost:127/,
    );
  });

  test('hide the machinery, log it with the RequestId, and never log a secret', async () => {
    toy = await startToyDoor();
    for (const [as, status, code] of [
      ['bug', 500, 'InternalError'],
      ['Qemu.CommandFailed', 500, 'InternalError'],
      ['Agent.NotAnswering', 503, 'ServiceUnavailable'],
    ] as const) {
      const answer = await get({ Action: 'FailAs', As: as });
      const body = JSON.parse(answer.text) as Record<string, string>;
      expect([answer.status, body['Code']]).toEqual([status, code]);
      expect(answer.text).not.toMatch(/machinery|QEMU|agent/);
      expect(toy.logs.at(-1)).toMatchObject({
        level: 'error',
        fields: { requestId: body['RequestId'], action: 'FailAs' },
      });
    }
    expect(JSON.stringify(toy.logs)).toMatch(/a secret of the machinery/);
    expect(JSON.stringify(toy.logs)).not.toMatch(/testsecret|Signature/);
  });

  test('of other paths, methods and formats are 4xx', async () => {
    toy = await startToyDoor();
    const code = async (target: string, method: string, headers = {}) => {
      const { status, text } = await send(target, { method, headers });
      return [
        status,
        text === '' ? '' : (/"Code":"([^"]+)"|<Code>(.*)<\/Code>/.exec(text) ?? []).slice(1).join(''),
      ];
    };
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'TRACE'])
      expect(await code('/?Action=x', method)).toEqual([400, 'UnsupportedHTTPMethod']);
    expect(await code('/', 'HEAD')).toEqual([400, '']);
    expect(await code('/nothing', 'GET')).toEqual([404, 'InvalidAction.NotFound']);
    expect(await code('/%zz', 'GET')).toEqual([404, 'InvalidAction.NotFound']);
    expect(await code('//', 'POST')).toEqual([404, 'InvalidAction.NotFound']);
    expect(await code('/', 'GET')).toEqual([400, 'MissingAction']);
    expect(await code('/?Format=YAML&Action=x', 'GET')).toEqual([400, 'InvalidParameter.Format']);
    expect(await code('/?a=%ff', 'GET')).toEqual([400, 'InvalidParameter.Encoding']);
    expect(await code(`/?${Array.from({ length: 4001 }, (_, i) => `${i}=`).join('&')}`, 'GET')).toEqual([
      400,
      'TooManyParameters',
    ]);
    expect(await code('/', 'POST', { 'content-type': 'nonsense', 'content-length': '0' })).toEqual([
      400,
      'InvalidParameter.Encoding',
    ]);
    expect((await send('/healthz')).status).toBe(200);
  });

  test('of bodies that are too large or of another kind', async () => {
    toy = await startToyDoor();
    const refused = async (body: string, headers: Record<string, string>) => {
      const { status, text } = await send('/', { method: 'POST', headers, body });
      return [status, (JSON.parse(text) as { Code: string }).Code];
    };
    const large = `a=${'x'.repeat(1024 * 1024)}`;
    expect(await refused(large, FORM)).toEqual([413, 'RequestTooLarge']);
    expect(await refused(large, { ...FORM, 'transfer-encoding': 'chunked' })).toEqual([
      413,
      'RequestTooLarge',
    ]);
    expect(await refused('{}', { 'content-type': 'application/json' })).toEqual([
      400,
      'InvalidParameter.Encoding',
    ]);
    expect(await refused('{}', { 'content-type': ';;;' })).toEqual([400, 'InvalidParameter.Encoding']);
    expect(await refused('x', { ...FORM, 'content-encoding': 'gzip' })).toEqual([
      400,
      'InvalidParameter.Encoding',
    ]);
  });

  test('an endless body is not read for ever', async () => {
    toy = await startToyDoor();
    const text = await new Promise<string>((resolve) => {
      const socket = connect(toy.port, '127.0.0.1', () => {
        socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
        const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
        const timer = setInterval(() => socket.write(chunk), 20);
        socket.on('close', () => clearInterval(timer));
      });
      let got = '';
      socket.on('data', (part) => (got += part.toString()));
      socket.on('error', () => {});
      socket.on('close', () => resolve(got));
    });
    expect(text).toMatch(/^HTTP\/1\.1 413 .*RequestTooLarge/s);
  });

  test('of what is no HTTP, or comes too slowly, are JSON, and the connection ends', async () => {
    toy = await startToyDoor({ settings: { headersTimeoutMs: 300, requestTimeoutMs: 600 } });
    const json = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as { Code: string };
    for (const [bytes, status] of [
      ['nonsense\r\n\r\n', 400],
      ['GET / HTTP/9.9\r\n\r\n', 400],
      ['GET /\xff HTTP/1.1\r\nHo st: x\r\n\r\n', 400],
      ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400],
      ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
      ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`, 431],
      ['GET / HTTP/1.1\r\nHost: x\r\n', 408],
      ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc', 408],
    ] as const) {
      const text = await raw(Buffer.from(bytes, 'latin1'));
      expect(text, bytes.slice(0, 60)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(json(text).Code).toBe('InvalidParameter.Encoding');
    }
  });
});
