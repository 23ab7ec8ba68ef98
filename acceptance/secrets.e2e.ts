/**
 * A service that tells all it can, used with every kind of secret there is, is searched for them at its end like every
 * other one; and the search finds what is put there.
 */
import { appendFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from './support/client.ts';
import { Room } from './support/room.ts';
import { findLeaks } from './support/secrets.ts';
import { Service } from './support/service.ts';
import { signByParameters } from './support/signer.ts';

const TOKEN = 'metrics-token-9f2c71d04b';
const PASSWORD = 'end-user-password-5be1';
const SCRIPT = 'echo root:guest-password-41d7 | chpasswd';

let room: Room;
let desktopId: string;
/** Where certificates and keys lie. */
let tls: { certificate: string; key: string };

beforeAll(async () => {
  const settings = { logLevel: 'trace', audit: { reads: true }, metrics: { token: TOKEN } };
  room = await Room.open(settings, async ({ data, openecd }) => {
    tls = JSON.parse(await openecd('tls', 'init', '--out', join(data, '../tls'), '--json'));
    return ['--tls-cert', tls.certificate, '--tls-key', tls.key];
  });
  expect(room.service.url).toMatch(/^https:/);
  const made = await room.client.ok('CreateDesktops', { BundleId: 'bundle_demo', Amount: '1' });
  desktopId = (made['DesktopId'] as string[])[0]!;
  await room.until(desktopId, 'Running');
});
// The search of all that was written is part of it.
afterAll(() => room?.close());

/** Every way to sign and to send. */
const WAYS = (['headers', 'parameters'] as const).flatMap((signature) =>
  (['query', 'form'] as const).flatMap((place) =>
    (place === 'form' ? (['POST'] as const) : (['GET', 'POST'] as const)).map((method) => ({
      ...{ signature, place, method },
    })),
  ),
);

test.each(WAYS)('tickets, passwords and scripts by $signature, $place, $method', async (way) => {
  const call = (client: Client, action: string, parameters: Record<string, string>) =>
    client.call(action, parameters, { ...way, format: 'JSON' });
  const one = { 'DesktopId.1': desktopId };
  const ticket = await call(room.client, 'GetConnectionTicket', { DesktopId: desktopId, Password: PASSWORD });
  expect(ticket.body['Ticket']).toMatch(/^[A-Za-z0-9+/]{128}$/);
  // The ticket comes back where nothing expects one.
  const astray = { TaskId: String(ticket.body['Ticket']), Password: PASSWORD };
  expect((await call(room.client, 'GetConnectionTicket', astray)).code).toBe('InvalidTaskId.NotFound');
  const script = { ...one, Type: 'RunShellScript', CommandContent: SCRIPT };
  const { body } = await call(room.client, 'RunCommand', script);
  await call(room.client, 'StopInvocation', { InvokeId: String(body['InvokeId']) });
  const late = { ...script, Timeout: '0' };
  expect((await call(room.client, 'RunCommand', late)).code).toBe('InvalidTimeout');
});

test('keys of users, made, rotated, temporary, and wrong ones', async () => {
  const { service } = room;
  await service.command('user', 'create', 'bob');
  const key = await service.newKey('key', 'create', '--user', 'bob');
  expect((await service.client(key).call('DescribeDesktops')).code).toBe('NoPermission');
  const rotated = await service.newKey('key', 'rotate', key.accessKeyId);
  const old = async () => (await service.client(key).call('DescribeDesktops')).code;
  // A running service sees it within a second.
  await expect.poll(old, { timeout: 5_000 }).toBe('InvalidAccessKeyId.Inactive');
  expect((await service.client(rotated).call('DescribeDesktops')).code).toBe('NoPermission');
  const text = await service.command('key', 'temporary', '--user', 'bob', '--seconds', '600');
  const [, accessKeyId, accessKeySecret, securityToken] = /(STS\.\w+)\s+\w+\s+(\w+)\s+\w+\s+(\S+)/.exec(
    text,
  )!;
  const temporary = {
    accessKeyId: accessKeyId!,
    accessKeySecret: accessKeySecret!,
    securityToken: securityToken!,
  };
  const send = (parameters: Record<string, string>, secret = temporary.accessKeySecret) =>
    service.client().send(
      signByParameters({ ...temporary, accessKeySecret: secret }, 'DescribeDesktops', {
        ...{ RegionId: 'cn-hangzhou', SecurityToken: temporary.securityToken },
        ...parameters,
      }),
    );
  expect((await send({})).code).toBe('NoPermission');
  expect((await send({}, rotated.accessKeySecret)).code).toBe('SignatureDoesNotMatch');
  expect((await send({ SecurityToken: `${temporary.securityToken.slice(0, -8)}AAAAAAA=` })).code).toMatch(
    /^InvalidSecurityToken/,
  );
  // A secret in the place of an id, as a hurried user pastes it.
  const swapped = { accessKeyId: rotated.accessKeySecret, accessKeySecret: 'x' };
  expect((await service.client(swapped).call('DescribeDesktops')).code).toBe('InvalidAccessKeyId.NotFound');
  await service.command('key', 'list');
  await service.command('user', 'delete', 'bob');
});

test('the token of the metrics, right and wrong', async () => {
  const get = (token: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const options = { rejectUnauthorized: false, headers };
      request(`${room.service.url}/metrics?token=${token}`, options, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });
  expect(await get(TOKEN)).toBe(200);
  expect(await get(`${TOKEN}x`)).toBe(401);
});

test('a restart with all of it, as by a crash', async () => {
  expect(await room.service.down('SIGKILL')).toBe('SIGKILL');
  await room.service.up();
  room.client = room.service.client();
  await room.client.ok('DescribeDesktops', { 'DesktopId.1': desktopId });
  // What is looked through tells something.
  expect(room.service.log).toContain(desktopId);
  expect(findLeaks([['here', `${TOKEN} ${PASSWORD} ${encodeURIComponent(SCRIPT)}`]]).sort()).toEqual([
    'CommandContent in here',
    'Password in here',
    'metrics token in here',
  ]);
});

test.each([
  ['run/planted.log', (service: Service) => service.key.accessKeySecret, 'AccessKeySecret'],
  ['vault/snapshots/planted', () => TOKEN, 'metrics token'],
  ['planted.db', (service: Service) => service.key.accessKeySecret, 'AccessKeySecret'],
])('a secret in %s of another service fails its close, which names the file', async (file, secret, what) => {
  const service = await Service.start({ settings: { metrics: { token: TOKEN } } });
  await service.client().ok('DescribeRegions');
  const path = join(service.data, file);
  await appendFile(path, `before ${secret(service)} after`);
  const failure = await service.close().then(
    () => '',
    (error: Error) => error.message,
  );
  expect(failure).toBe(`secrets stand where they must not:\n${what} in ${path}`);
  expect(failure).not.toContain(secret(service));
});
