import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sendTo } from './testing/http.ts';
import { startToyDoor, type ToyDoor } from './testing/toy-door.ts';

let folder: string;
let toy: ToyDoor;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openecd-console-'));
  toy = await startToyDoor({ settings: { consoleDir: join(folder, 'dist') } });
});
afterEach(async () => {
  await toy.close();
  rmSync(folder, { recursive: true });
});

function built(): void {
  mkdirSync(join(folder, 'dist/assets'), { recursive: true });
  writeFileSync(join(folder, 'dist/index.html'), '<!doctype html><title>the console</title>');
  writeFileSync(join(folder, 'dist/assets/main-AbCd1234.js'), 'export {};'.repeat(100));
  writeFileSync(join(folder, 'dist/.sources'), 'not to be served');
  writeFileSync(join(folder, 'secret.js'), 'outside');
}

const get = (target: string, headers: Record<string, string> = {}) => sendTo(toy.port, target, { headers });
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

test('without a build it says how to make one, and finds it once it is made', async () => {
  const page = await get('/console/');
  expect(page.status).toBe(404);
  expect(page.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(page.text).toContain('node scripts/setup.mjs');
  built();
  expect((await get('/console/')).text).toContain('the console');
});

test('every page of the console gives the start page, and a missing file does not', async () => {
  built();
  expect((await get('/console')).headers['location']).toBe('/console/');
  for (const path of ['/console/', '/console/explorer/CreateSnapshot', '/console/sign-in?x=1']) {
    const page = await get(path);
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('the console') });
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(page.headers['set-cookie']).toBeUndefined();
  }
  for (const path of [
    'assets/gone.js',
    'assets/gone',
    '.sources',
    '../secret.js',
    '..%2fsecret.js',
    '%2e%2e/secret.js',
  ])
    expect((await get(`/console/${path}`)).status, path).toBe(404);
});

test('scripts come from files of this server alone', async () => {
  built();
  const rules = String((await get('/console/')).headers['content-security-policy']).split('; ');
  expect(rules).toEqual(
    expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'"]),
  );
  expect(rules.find((rule) => rule.startsWith('script-src'))).not.toMatch(/unsafe|http|\*/);
});

test('files named by their content are kept for ever, known by their ETag, and sent compressed', async () => {
  built();
  const path = '/console/assets/main-AbCd1234.js';
  const plain = await get(path);
  expect(plain.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
  });
  expect(plain.text).toBe('export {};'.repeat(100));
  const answer = await fetch(`http://127.0.0.1:${toy.port}${path}`);
  expect(answer.headers.get('content-encoding')).toBe('gzip');
  expect(Number(answer.headers.get('content-length'))).toBeLessThan(200);
  expect(await answer.text()).toBe(plain.text);
  const etag = String(plain.headers['etag']);
  expect((await get(path, { 'if-none-match': etag })).status).toBe(304);
  // The compressed form is another representation.
  expect((await get(path, { 'if-none-match': etag, 'accept-encoding': 'gzip' })).status).toBe(200);
  expect(answer.headers.get('etag')).not.toBe(etag);
});

test('the error page is text for programs and the console for browsers', async () => {
  const path = '/console/errors?q=NoPermission&requestId=R-1';
  built();
  const text = await get(path);
  expect(text.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(text.text).toContain('NoPermission   (HTTP 403)');
  expect(text.headers['vary']).toContain('Accept');
  const page = await get(path, HTML);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
});

test('without a build browsers get the error page as text, too', async () => {
  expect((await get('/console/errors?q=NoPermission', HTML)).text).toContain('NoPermission   (HTTP 403)');
});
