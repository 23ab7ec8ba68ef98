import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Catalogue } from './catalogue.ts';
import { KeyStore, openKeySecrets } from './keys.ts';
import type { SecretBox } from './secrets.ts';
import { issueLink, LINK_MS, spendLink } from './sign-in-links.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const BOB = { userName: 'bob', sessionSeconds: 3600 };

let folder: string;
let catalogue: Catalogue;
let box: SecretBox;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openecd-links-'));
  catalogue = Catalogue.open(join(folder, 'catalogue.db'));
  box = await openKeySecrets(catalogue, join(folder, 'secret.key'));
  await catalogue.db.insertInto('users').values({ name: 'bob', comments: '', created_at: 0 }).execute();
});
afterEach(async () => {
  await catalogue.close();
  rmSync(folder, { recursive: true, force: true });
});

const issue = (now = NOW) => catalogue.transaction((trx) => issueLink(trx, BOB, now));
const spend = (token: string, now = NOW) => spendLink(catalogue, box, token, now);
const links = () => catalogue.db.selectFrom('sign_in_links').selectAll().execute();

it('gives temporary credentials of its user, once', async () => {
  const token = await issue();
  const other = await issue();
  const made = await spend(token);
  expect(made).toEqual({
    AccessKeyId: expect.stringMatching(/^STS\./),
    AccessKeySecret: expect.stringMatching(/^\w{44}$/),
    SecurityToken: expect.any(String),
    Expiration: '2026-11-24T13:00:00Z',
    UserName: 'bob',
  });
  const key = await new KeyStore(catalogue, box).find(made!.AccessKeyId);
  expect(key).toMatchObject({ userName: 'bob', secret: made!.AccessKeySecret, temporary: { policy: null } });
  expect(await spend(token)).toBeNull();
  expect(await spend(`${other}x`)).toBeNull();
  expect(await spend(other)).not.toBeNull();
});

it('of many that open it at once, one is signed in', async () => {
  const token = await issue();
  const all = await Promise.all(Array.from({ length: 8 }, () => spend(token)));
  expect(all.filter((one) => one !== null)).toHaveLength(1);
});

it('is worth nothing when its time is over or its user is gone, and is forgotten then', async () => {
  const old = await issue();
  expect(await spend(old, NOW + LINK_MS)).toBeNull();
  expect(await links()).toHaveLength(0);
  const fresh = await issue(NOW + 1);
  await issue(NOW + LINK_MS);
  expect(await links()).toHaveLength(2);
  await issue(NOW + LINK_MS + 1);
  expect(await links()).toHaveLength(2);
  expect(await spend(fresh, NOW + 2)).toBeNull();
  const orphan = await issue();
  await catalogue.db.deleteFrom('users').where('name', '=', 'bob').execute();
  expect(await links()).toHaveLength(0);
  expect(await spend(orphan)).toBeNull();
});

it('is on record as a hash alone', async () => {
  const token = await issue();
  await catalogue.close();
  expect(readFileSync(join(folder, 'catalogue.db'), 'latin1')).not.toContain(token);
  catalogue = Catalogue.open(join(folder, 'catalogue.db'));
});
