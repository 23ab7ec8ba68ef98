import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Catalogue } from '../catalogue/catalogue.ts';
import { openKeySecrets } from '../catalogue/keys.ts';
import { spendLink } from '../catalogue/sign-in-links.ts';
import { runCli } from './testing/run-cli.ts';

let work: string;
let data: string;
beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'oe-link-'));
  data = join(work, 'd');
  await runCli(['key', 'create', '--data', data, '--json']);
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const link = (...words: string[]) => runCli(['console', 'link', '--data', data, ...words]);

async function spend(url: string) {
  const catalogue = Catalogue.open(join(data, 'catalogue.db'));
  const box = await openKeySecrets(catalogue, join(data, 'secret.key'));
  const token = decodeURIComponent(new URL(url).hash.replace('#link=', ''));
  return spendLink(catalogue, box, token, Date.now()).finally(() => catalogue.close());
}

it('makes a link of the Administrator at the address of the service', async () => {
  writeFileSync(join(data, 'endpoint'), 'http://127.0.0.1:8787\n');
  const { stdout, code } = await link();
  expect(code).toBe(0);
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:8787\/console\/sign-in#link=[A-Za-z0-9%]+\n$/);
  const made = await spend(stdout.trim());
  expect(made).toMatchObject({ UserName: 'Administrator' });
  const left = Date.parse(made!.Expiration) - Date.now();
  expect(left).toBeGreaterThan(3590_000);
  expect(left).toBeLessThan(3601_000);
  expect(await spend(stdout.trim())).toBeNull();
});

it('makes one of a user, at another address, for as long as asked', async () => {
  await runCli(['user', 'create', 'bob', '--data', data]);
  const words = ['--user', 'bob', '--seconds', '60', '--endpoint', 'https://desk.example', '--json'];
  const { Url, UserName } = JSON.parse((await link(...words)).stdout);
  expect(Url).toMatch(/^https:\/\/desk\.example\/console\/sign-in#link=/);
  expect(UserName).toBe('bob');
  const made = await spend(Url);
  expect(Date.parse(made!.Expiration) - Date.now()).toBeLessThan(61_000);
});

it('says what is wrong', async () => {
  expect((await link()).stderr).toContain('No service runs on this data directory');
  const there = ['--endpoint', 'http://127.0.0.1:1'];
  expect((await link(...there, '--user', 'eve')).stderr).toContain('There is no user eve');
  for (const seconds of ['0', '43201', 'x', '1.5'])
    expect((await link(...there, '--seconds', seconds)).stderr).toContain('--seconds is a whole number');
});
