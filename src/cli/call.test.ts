import { createHash, createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { call, endpointUrl } from './client.ts';
import { runCli } from './testing/run-cli.ts';

const KEY = { accessKeyId: 'LTAItest', accessKeySecret: 'testsecret' };

interface Seen {
  readonly message: IncomingMessage;
  readonly body: string;
  readonly parameters: Record<string, string>;
}

let server: Server;
let endpoint: string;
let seen: Seen[];
let answer: { status: number; body: string };

beforeEach(async () => {
  seen = [];
  answer = { status: 200, body: '{"RequestId":"R-1"}' };
  server = createServer(async (message, response) => {
    let body = '';
    for await (const chunk of message) body += chunk;
    const query = message.url!.split('?')[1] ?? '';
    const parameters = Object.fromEntries(new URLSearchParams(query === '' ? body : query));
    seen.push({ message, body, parameters });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** The signature as the public description of ACS3-HMAC-SHA256 says it, from what arrived and nothing else. */
function rightSignature({ message, body, parameters }: Seen, secret: string): string {
  const strict = (text: string) =>
    [...Buffer.from(text)]
      .map((byte) => {
        const char = String.fromCharCode(byte);
        return /[A-Za-z0-9._~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
      })
      .join('');
  const sha = (text: string) => createHash('sha256').update(text).digest('hex');
  const names = /SignedHeaders=([^,]*)/.exec(message.headers.authorization!)![1]!.split(';');
  const signedQuery = message.url!.includes('?') ? parameters : {};
  const query = Object.keys(signedQuery)
    .sort()
    .map((name) => `${strict(name)}=${strict(signedQuery[name]!)}`)
    .join('&');
  const headers = names.map((name) => `${name}:${message.headers[name]}`).join('\n');
  const canonical = `${message.method}\n/\n${query}\n${headers}\n\n${names.join(';')}\n${sha(body)}`;
  return createHmac('sha256', secret)
    .update(`ACS3-HMAC-SHA256\n${sha(canonical)}`)
    .digest('hex');
}

function expectSigned(request: Seen): void {
  const { headers } = request.message;
  expect(headers.authorization).toMatch(
    /^ACS3-HMAC-SHA256 Credential=LTAItest,SignedHeaders=[a-z0-9;-]+,Signature=[0-9a-f]{64}$/,
  );
  expect(headers.authorization).toContain(`Signature=${rightSignature(request, KEY.accessKeySecret)}`);
  const signed = /SignedHeaders=([^,]*)/.exec(headers.authorization!)![1]!.split(';');
  for (const name of ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-acs-'))])
    expect(signed).toContain(name);
  expect(headers['x-acs-content-sha256']).toBe(createHash('sha256').update(request.body).digest('hex'));
  expect(headers['x-acs-date']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
}

describe('the client', () => {
  it('signs a request with odd characters', async () => {
    const params = {
      SnapshotName: "a b*~!'()/中文+&=%",
      'SnapshotId.2': 'b',
      'SnapshotId.10': 'c',
      Empty: '',
    };
    expect(await call(endpoint, KEY, 'CreateSnapshot', params)).toEqual({ RequestId: 'R-1' });
    expectSigned(seen[0]!);
    expect(seen[0]!.parameters).toEqual(params);
    expect(seen[0]!.message.headers).toMatchObject({
      'x-acs-action': 'CreateSnapshot',
      'x-acs-version': '2020-09-30',
    });
  });

  it('puts long parameters into the body and signs it', async () => {
    const params = { CommandContent: 'x'.repeat(20_000), RegionId: 'cn-hangzhou' };
    await call(endpoint, KEY, 'RunCommand', params);
    expectSigned(seen[0]!);
    expect(seen[0]!.message.url).toBe('/');
    expect(seen[0]!.message.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(seen[0]!.parameters).toEqual(params);
  });

  it('signs a security token, and uses a new nonce each time', async () => {
    for (let n = 0; n < 2; n++)
      await call(endpoint, { ...KEY, securityToken: 'to/k+en=' }, 'DescribeRegions', {});
    expectSigned(seen[0]!);
    expect(seen[0]!.message.headers).toMatchObject({
      'x-acs-security-token': 'to/k+en=',
      'x-acs-accesskey-id': 'LTAItest',
    });
    const nonces = seen.map(({ message }) => message.headers['x-acs-signature-nonce']);
    expect(new Set(nonces).size).toBe(2);
  });

  it('throws what the server says', async () => {
    answer = {
      status: 404,
      body: '{"Code":"X.NotFound","Message":"no x","RequestId":"R-2","Recommend":"http://here/?q=X"}',
    };
    const error = await call(endpoint, KEY, 'DescribeRegions', {}).catch((e: unknown) => e);
    expect(EcdError.is(error, 'Call.Refused') && error.details).toEqual({
      status: 404,
      code: 'X.NotFound',
      message: 'no x',
      requestId: 'R-2',
      recommend: 'http://here/?q=X',
    });
  });

  it('tells an address that does not answer, and one that is no such server', async () => {
    answer = { status: 502, body: '<html>' };
    await expect(call(endpoint, KEY, 'A', {})).rejects.toThrow('answers 502 with something else than JSON');
    await new Promise((resolve) => server.close(resolve));
    await expect(call(endpoint, KEY, 'A', {})).rejects.toThrow(
      `${endpoint} cannot be reached: connect ECONNREFUSED`,
    );
    server.listen(0);
  });

  it('reads endpoints', () => {
    expect(endpointUrl('ecd.cn-hangzhou.aliyuncs.com').origin).toBe('https://ecd.cn-hangzhou.aliyuncs.com');
    expect(endpointUrl('localhost:8787').origin).toBe('http://localhost:8787');
    for (const bad of ['', 'http://', 'http://a/path', 'http://u:p@host', 'a b'])
      expect(() => endpointUrl(bad)).toThrow('no address');
  });
});

describe('openecd call', () => {
  const env = () => ({
    ALIBABA_CLOUD_ACCESS_KEY_ID: KEY.accessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: KEY.accessKeySecret,
    ALIBABA_CLOUD_ENDPOINT: endpoint,
  });

  it('reads parameters, lists in both ways, and the environment', async () => {
    const words = ['call', 'DeleteSnapshot', '--SnapshotId', 's-1', '--SnapshotId=s-2', '--Tag.1.Key', '-k'];
    const { code, stdout } = await runCli(words, {
      env: { ...env(), ALIBABA_CLOUD_REGION_ID: 'cn-beijing' },
    });
    expect([code, JSON.parse(stdout)]).toEqual([0, { RequestId: 'R-1' }]);
    expectSigned(seen[0]!);
    expect(seen[0]!.parameters).toEqual({
      RegionId: 'cn-beijing',
      'SnapshotId.1': 's-1',
      'SnapshotId.2': 's-2',
      'Tag.1.Key': '-k',
    });
  });

  it('lets options win over the environment, and parameters over options', async () => {
    const words = ['call', 'A', '--endpoint', endpoint, '--region', 'r1', '--Value=--dashes'];
    await runCli(words, {
      env: { ...env(), ALIBABA_CLOUD_ENDPOINT: 'http://127.0.0.1:9', ALIBABA_CLOUD_REGION_ID: 'r0' },
    });
    await runCli([...words, '--RegionId', 'r2'], { env: env() });
    expect(seen.map(({ parameters }) => parameters)).toEqual([
      { RegionId: 'r1', Value: '--dashes' },
      { RegionId: 'r2', Value: '--dashes' },
    ]);
  });

  it('takes key and address of a data directory', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'openecd-call-'));
    try {
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, 'catalogue.db'), '');
      writeFileSync(join(dir, 'endpoint'), `${endpoint}\n`);
      const key = { AccessKeyId: KEY.accessKeyId, AccessKeySecret: KEY.accessKeySecret };
      writeFileSync(join(dir, 'admin-key.json'), JSON.stringify(key));
      expect((await runCli(['call', 'DescribeRegions', '--data', dir])).code).toBe(0);
      expectSigned(seen[0]!);
      writeFileSync(join(dir, 'admin-key.json'), '{}');
      expect((await runCli(['call', 'DescribeRegions', '--data', dir])).stderr).toContain(
        'admin-key.json cannot be read',
      );
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it('shows an error answer on standard error and ends with 1', async () => {
    answer = {
      status: 403,
      body: '{"Code":"NoPermission","Message":"not you","RequestId":"R-3","Recommend":"http://here/?q=NoPermission"}',
    };
    expect(await runCli(['call', 'A'], { env: env() })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'openecd: NoPermission: not you (RequestId R-3)\n  http://here/?q=NoPermission\n',
    });
  });

  it.each([
    [[], 'ACTION is missing'],
    [['A', 'B'], "Unexpected argument 'B'"],
    [['A', '--nonsense', 'x'], "Unknown option '--nonsense'"],
    [['A', '--Name'], '--Name needs a value'],
    [['A', '--Name', '--Other', 'x'], '--Name needs a value'],
    [['A', '--X.1', 'a', '--X', 'b', '--X', 'c'], 'X.1 is given twice'],
    [['A', '--endpoint', 'a', '--endpoint', 'b'], '--endpoint is given twice'],
    [['A', '--timeout', '1s'], '--timeout'],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await runCli(['call', ...words], { env: env() });
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(seen).toEqual([]);
  });

  it('says what to set when there is no key', async () => {
    const { code, stderr } = await runCli(['call', 'A'], { env: {} });
    expect(code).toBe(1);
    expect(stderr).toContain('ALIBABA_CLOUD_ACCESS_KEY_ID');
  });
});
