import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSecrets, SecretBox } from './secrets.ts';

let work: string;
let file: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'openecd-secrets-'));
  file = join(work, 'secret.key');
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

describe('a secret box', () => {
  const box = new SecretBox(Buffer.alloc(32, 1));

  it('opens what it sealed, and seals differently each time', () => {
    const sealed = box.seal('LTAI1', 'hidden');
    expect(box.open('LTAI1', sealed)).toBe('hidden');
    expect(sealed).not.toContain('hidden');
    expect(box.seal('LTAI1', 'hidden')).not.toBe(sealed);
  });

  it('does not open with another key, for another id, or after any change', () => {
    const sealed = box.seal('LTAI1', 'hidden');
    expect(() => new SecretBox(Buffer.alloc(32, 2)).open('LTAI1', sealed)).toThrow('another key file');
    expect(() => box.open('LTAI2', sealed)).toThrow('LTAI2 was sealed with another key file');
    const bytes = Buffer.from(sealed.slice(3), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => box.open('LTAI1', `v1.${changed.toString('base64url')}`)).toThrow('cannot be read');
    }
    for (const bad of ['', 'v1.', `v2${sealed.slice(2)}`, sealed.slice(0, 30)])
      expect(() => box.open('LTAI1', bad)).toThrow('row of LTAI1 is damaged');
  });
});

describe('the key file', () => {
  it('is made once, for the owner only, and read again', () => {
    const sealed = openSecrets(file, { create: true }).seal('id', 'hidden');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(openSecrets(file, { create: true }).open('id', sealed)).toBe('hidden');
    expect(readdirSync(work)).toEqual(['secret.key']);
  });

  it('is not made where it should be there', () => {
    expect(() => openSecrets(file, { create: false })).toThrow('secret.key is missing');
    expect(readdirSync(work)).toEqual([]);
  });

  it('is refused when it is damaged or open to others', () => {
    writeFileSync(file, 'short', { mode: 0o600 });
    expect(() => openSecrets(file, { create: true })).toThrow('is damaged');
    chmodSync(file, 0o640);
    expect(() => openSecrets(file, { create: true })).toThrow('is open to other users');
  });

  it('is the same for processes that make it at the same time', async () => {
    const script = `const { openSecrets } = await import(${JSON.stringify(join(import.meta.dirname, 'secrets.ts'))});
      process.stdout.write('ready');
      for await (const _ of process.stdin) {}
      process.stdout.write(openSecrets(process.argv[1], { create: true }).seal('id', 'hidden'));`;
    const children = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.on('data', (chunk) => (text += chunk));
      const ready = new Promise((resolve) => child.stdout.once('data', resolve));
      const ended = new Promise<string>((resolve) =>
        child.once('close', () => resolve(text.slice('ready'.length))),
      );
      return { child, ready, ended };
    });
    await Promise.all(children.map(({ ready }) => ready));
    for (const { child } of children) child.stdin.end();
    const sealed = await Promise.all(children.map(({ ended }) => ended));
    const box = openSecrets(file, { create: false });
    expect(sealed.map((text) => box.open('id', text))).toEqual(Array(4).fill('hidden'));
    expect(readdirSync(work)).toEqual(['secret.key']);
    expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
  });
});
