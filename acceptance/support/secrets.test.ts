import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findLeaks, noteExchange, noteKey, notePem, notePrinted, noteSecret, placesOf } from './secrets.ts';

const SECRET = 'Ab3+/secret of a key';
noteKey({ accessKeySecret: SECRET, securityToken: 'token-0123456789==' });
noteSecret('short', 'x');
noteExchange({ Password: 'pass-0123456789', CommandContent: 'echo häll 0123456789' }, 'ticket-0123456789');
notePem('-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\n');
notePrinted('{"AccessKeyId": "LTAI0", "AccessKeySecret": "printedprintedprinted0"}');
notePrinted('AccessKeySecret  alsoalsoalsoalsoalso0\nSecurityToken    dG9rZW4gdG9rZW4gdG9rZW4=\n');
notePrinted('http://127.0.0.1:1/console/sign-in#link=bGluay9saW5r%2F2xpbmsvbGluaw%3D%3D\n');

test.each([
  [SECRET, 'AccessKeySecret'],
  [Buffer.from(SECRET).toString('base64'), 'AccessKeySecret'],
  [encodeURIComponent(SECRET), 'AccessKeySecret'],
  ['token-0123456789==', 'SecurityToken'],
  ['pass-0123456789', 'Password'],
  ['echo häll 0123456789', 'CommandContent'],
  [Buffer.from('echo häll 0123456789').toString('latin1'), 'CommandContent'],
  ['ticket-0123456789', 'Ticket'],
  ['MIIEvQIBADANBgkq', 'TLS key'],
  ['printedprintedprinted0', 'AccessKeySecret'],
  ['alsoalsoalsoalsoalso0', 'AccessKeySecret'],
  ['dG9rZW4gdG9rZW4gdG9rZW4=', 'SecurityToken'],
  ['bGluay9saW5r/2xpbmsvbGluaw==', 'sign-in link'],
])('%s is found where it stands, and its place is named', (text, what) => {
  expect(findLeaks([['the log', `a line\n{"x":"${text}"}\n`]])).toEqual([`${what} in the log`]);
});

notePrinted('{"Code":"InvalidSecurityToken.MismatchWithAccessKey"}');

test('what is no secret is not, and a script may stand in the catalogue', () => {
  expect(findLeaks([['the log', 'x -----BEGIN PRIVATE KEY----- LTAI0 MismatchWithAccessKey']])).toEqual([]);
  const text = 'echo häll 0123456789 pass-0123456789';
  expect(findLeaks([['/data/catalogue.db', text]])).toEqual(['Password in /data/catalogue.db']);
});

test('the files of a data directory are looked through, but those that hold secrets on purpose', async () => {
  const data = mkdtempSync(join(tmpdir(), 'openecd-secrets-'));
  try {
    for (const folder of ['run/ecd-1', 'vault/snapshots/a', 'vault/packs', 'disks'])
      mkdirSync(join(data, folder), { recursive: true });
    const files = [
      'catalogue.db',
      'catalogue.db-wal',
      'run/ecd-1/qemu.log',
      'vault/snapshots/a/b',
      'vault/vault.json',
    ];
    for (const file of [...files, 'secret.key', 'admin-key.json', 'vault/packs/p', 'disks/d'])
      writeFileSync(join(data, file), SECRET);
    const wanted = files.map((file) => `AccessKeySecret in ${join(data, file)}`);
    expect(findLeaks(await placesOf(data)).sort()).toEqual(wanted.sort());
    rmSync(join(data, 'vault/vault.json'));
    await expect(placesOf(data)).rejects.toThrow('ENOENT');
  } finally {
    rmSync(data, { recursive: true });
  }
});
