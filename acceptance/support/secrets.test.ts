import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { demandNoLeaks, noteDataDir, searchLeft } from './search.ts';
import {
  findLeaks,
  noteExchange,
  noteKey,
  noteKeyFile,
  notePem,
  notePrinted,
  noteSecret,
  placesOf,
} from './secrets.ts';

const SECRET = 'Ab3+/secret of a key';
noteKey({ accessKeySecret: SECRET, securityToken: 'token-0123456789==' });
noteSecret('short', 'x');
noteExchange({ Password: 'pass-0123456789', CommandContent: 'echo häll 0123456789' }, 'ticket-0123456789');
noteKeyFile('fb'.repeat(32));
noteSecret('Password', 'say "0123456789"');
notePem('-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\n');
notePrinted('{"AccessKeyId": "LTAI0", "AccessKeySecret": "printedprintedprinted0"}');
notePrinted('AccessKeySecret  alsoalsoalsoalsoalso0\nSecurityToken    dG9rZW4gdG9rZW4gdG9rZW4=\n');
notePrinted('http://127.0.0.1:1/console/sign-in#link=bGluay9saW5r%2F2xpbmsvbGluaw%3D%3D\n');

test.each([
  [SECRET, 'AccessKeySecret'],
  [Buffer.from(SECRET).toString('base64'), 'AccessKeySecret'],
  [encodeURIComponent(SECRET), 'AccessKeySecret'],
  [Buffer.from(SECRET).toString('hex'), 'AccessKeySecret'],
  ['Ab3%2B%2Fsecret+of+a+key', 'AccessKeySecret'],
  ['say \\"0123456789\\"', 'Password'],
  ['fb'.repeat(32), 'secret.key'],
  ['FB'.repeat(32), 'secret.key'],
  [Buffer.alloc(32, 0xfb).toString('base64'), 'secret.key'],
  [Buffer.alloc(32, 0xfb).toString('base64url'), 'secret.key'],
  [Buffer.alloc(32, 0xfb).toString('latin1'), 'secret.key'],
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

test('what a service has left is searched for the secrets of its own data directory; the secret is not told', async () => {
  const data = mkdtempSync(join(tmpdir(), 'openecd-secrets-'));
  try {
    for (const folder of ['run', 'vault/snapshots']) mkdirSync(join(data, folder), { recursive: true });
    writeFileSync(join(data, 'vault/vault.json'), '{}');
    await expect(noteDataDir(data)).rejects.toThrow('ENOENT');
    writeFileSync(join(data, 'secret.key'), `${'c7'.repeat(32)}\n`);
    await searchLeft(data, [['the log', 'ordinaryordinary']]);
    writeFileSync(join(data, 'admin-key.json'), '{"AccessKeyId":"a","AccessKeySecret":"ordinaryordinary"}');
    await expect(searchLeft(data, [['the log', 'x ordinaryordinary']])).rejects.toThrow(
      /^secrets stand where they must not:\nAccessKeySecret in the log$/,
    );
    writeFileSync(join(data, 'run/x'), Buffer.alloc(40, 0xc7));
    await expect(searchLeft(data, [])).rejects.toThrow(/not:\nsecret\.key in .*\/run\/x$/);
    expect(() => demandNoLeaks([['here', 'nothing']])).not.toThrow();
  } finally {
    rmSync(data, { recursive: true });
  }
});
