/** A certificate that changes under a running server. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeCertificates } from './cli/tls.ts';
import { readTls, watchTls } from './tls-files.ts';

let work: string;
let server: Server | undefined;
let stop: (() => void) | undefined;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'openecd-tls-'));
});
afterEach(async () => {
  stop?.();
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
  rmSync(work, { recursive: true, force: true });
});

const files = () => ({ certFile: join(work, 'cert.pem'), keyFile: join(work, 'key.pem') });
const use = (from: string, ...kinds: ('cert' | 'key')[]) => {
  for (const kind of kinds)
    copyFileSync(
      join(work, from, kind === 'cert' ? 'server.pem' : 'server-key.pem'),
      join(work, `${kind}.pem`),
    );
};

/** A connection, and the certificate it was shown. */
function dial(port: number): Promise<{ socket: TLSSocket; fingerprint: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () =>
      resolve({ socket, fingerprint: socket.getPeerCertificate().fingerprint256 }),
    );
    socket.once('error', reject);
  });
}

test('is served when it is whole, and not before; open connections go on', async () => {
  const { signal } = new AbortController();
  await makeCertificates(join(work, 'a'), ['localhost'], signal);
  await makeCertificates(join(work, 'b'), ['localhost'], signal);
  use('a', 'cert', 'key');
  const log: string[] = [];
  const line = (_: object, message: string) => void log.push(message);
  const running = createServer({ ...readTls(files()) }, (_request, response) => response.end('ok'));
  server = running;
  await new Promise<void>((resolve) => running.listen(0, '127.0.0.1', resolve));
  const { port } = running.address() as { port: number };
  stop = watchTls(files(), running, { info: line, warn: line }, 20);

  const first = await dial(port);
  use('b', 'cert');
  await expect.poll(() => log.length, { timeout: 5000 }).toBe(1);
  expect(log[0]).toContain('the old one stays');
  const between = await dial(port);
  expect(between.fingerprint).toBe(first.fingerprint);
  between.socket.destroy();
  writeFileSync(join(work, 'key.pem'), 'no key');
  await expect.poll(() => log.length, { timeout: 5000 }).toBe(2);
  use('b', 'key');
  await expect.poll(() => log.at(-1), { timeout: 5000 }).toBe('serving a new certificate');
  const second = await dial(port);
  expect(second.fingerprint).not.toBe(first.fingerprint);
  second.socket.destroy();

  const answer = new Promise<string>((resolve) => first.socket.once('data', (data) => resolve(String(data))));
  first.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await answer).toContain('200 OK');
  first.socket.destroy();
});

test('that does not fit its key is refused at the start', async () => {
  const { signal } = new AbortController();
  await makeCertificates(join(work, 'a'), ['localhost'], signal);
  await makeCertificates(join(work, 'b'), ['localhost'], signal);
  use('a', 'cert');
  expect(() => readTls(files())).toThrow('cannot be read');
  use('b', 'key');
  expect(() => readTls(files())).toThrow('do not work together');
  writeFileSync(join(work, 'cert.pem'), 'x');
  expect(() => readTls(files())).toThrow('no CERTIFICATE');
});
