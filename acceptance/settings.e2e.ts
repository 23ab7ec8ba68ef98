/**
 * Settings that guard the door, given to the service as a user gives them: what stands in a settings file or on the command
 * line is what the running service does.
 */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { Service } from './support/service.ts';
import { signByHeaders } from './support/signer.ts';

const PROXY = '198.51.100.7';
let service: Service | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a signed DescribeRegions with further headers, signed for `host`. */
function send(host: string, headers: Record<string, string> = {}): Promise<Got> {
  const signed = signByHeaders(service!.key, host, 'DescribeRegions', { RegionId: 'cn-hangzhou' });
  const options = { method: signed.method, headers: { ...signed.headers, ...headers } };
  return new Promise((done, fail) => {
    const sent = request(`${service!.url}${signed.target}`, options, async (answer) =>
      done({ status: answer.statusCode!, headers: answer.headers, text: await text(answer) }),
    );
    sent.on('error', fail).end(signed.body);
  });
}

test('a certificate that is replaced is served without a restart', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'oe-settings-'));
  const file = (set: string, name: string) => join(dir, set, `${name}.pem`);
  const args = ['--tls-cert', file('first', 'server'), '--tls-key', file('first', 'server-key')];
  service = await Service.start({ args }, async ({ openecd }) => {
    for (const set of ['first', 'second']) await openecd('tls', 'init', '--out', join(dir, set), '--json');
  });
  const { port } = new URL(service.url);
  const served = () =>
    new Promise<string>((done, fail) => {
      const socket: TLSSocket = connect(
        { port: Number(port), host: '127.0.0.1', rejectUnauthorized: false },
        () => {
          done(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        },
      );
      socket.on('error', fail);
    });
  const before = await served();
  for (const name of ['server-key', 'server']) await copyFile(file('second', name), file('first', name));
  await expect.poll(served, { timeout: 20_000 }).not.toBe(before);
  await rm(dir, { recursive: true });
});

test('requests without TLS are refused when it is required, but from a proxy that says it had it', async () => {
  service = await Service.start({ settings: { requireTls: true, trustedProxies: ['127.0.0.1'] } });
  const bare = await send(service.host);
  expect([bare.status, JSON.parse(bare.text).Code]).toEqual([400, 'InvalidProtocol.NeedSsl']);
  const proxied = { 'x-forwarded-proto': 'https', 'x-forwarded-for': PROXY };
  expect((await send(service.host, proxied)).status).toBe(200);
});

test('the host that clients sign, where they come from, and pages of other origins', async () => {
  service = await Service.start({
    settings: {
      trustedHosts: ['ecd.example'],
      trustedProxies: ['127.0.0.1'],
      audit: { reads: true },
      cors: { origins: ['https://console.example'] },
    },
  });
  // Signed for the name that the proxy is reached by; the service is reached by its address.
  expect((await send('ecd.example', { host: service.host, 'x-forwarded-for': PROXY })).status).toBe(200);
  expect((await send('other.example', { host: service.host })).status).not.toBe(200);
  const allowed = await send(service.host, { origin: 'https://console.example' });
  expect(allowed.headers['access-control-allow-origin']).toBe('https://console.example');
  const other = await send(service.host, { origin: 'https://other.example' });
  expect(other.headers['access-control-allow-origin']).toBeUndefined();
  await expect
    .poll(async () => service!.command('audit', 'export'), { timeout: 5000 })
    .toContain(`"SourceAddress":"${PROXY}"`);
});
