import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DirectoryStore } from './directory-store.ts';
import { storeContract } from './store.contract.ts';
import { tempDir } from './testing.ts';

storeContract('directory', async () => {
  const dir = await tempDir();
  const store = new DirectoryStore(dir);
  await store.make();
  return { store, again: async () => new DirectoryStore(dir) };
});

test('files are for their owner only', async () => {
  const dir = await tempDir();
  const store = new DirectoryStore(join(dir, 'v'));
  await store.make();
  await store.putRecord('snapshots/a.json', Buffer.from('a'));
  expect((await stat(join(dir, 'v/snapshots/a.json'))).mode & 0o077).toBe(0);
  expect((await stat(join(dir, 'v/packs'))).mode & 0o077).toBe(0);
});

test('a directory that is gone is unavailable, with its cause', async () => {
  const dir = await tempDir();
  const store = new DirectoryStore(join(dir, 'v'));
  await store.make();
  await rm(join(dir, 'v'), { recursive: true });
  const unavailable = { code: 'Vault.Unavailable', cause: expect.objectContaining({ code: 'ENOENT' }) };
  await expect(store.list('packs/')).rejects.toMatchObject(unavailable);
  await expect(store.create('packs/x.pack')).rejects.toMatchObject(unavailable);
  await expect(store.putRecord('snapshots/a.json', Buffer.alloc(1))).rejects.toMatchObject(unavailable);
  await expect(store.freeBytes()).rejects.toMatchObject(unavailable);
  await expect(store.lock()).rejects.toMatchObject(unavailable);
});

test('a record that cannot be put leaves nothing', async () => {
  const dir = await tempDir();
  const store = new DirectoryStore(dir);
  await store.make();
  await mkdir(join(dir, 'snapshots/a.json'));
  await expect(store.putRecord('snapshots/a.json', Buffer.alloc(1))).rejects.toMatchObject({
    code: 'Vault.Unavailable',
  });
  expect(await readdir(join(dir, 'snapshots'))).toEqual(['a.json']);
});

test('the lock of a dead process is broken, by one of many; that of another host is not', async () => {
  const dir = await tempDir();
  const store = new DirectoryStore(dir);
  const holder = { pid: 2 ** 22 + 5, host: hostname(), boot: 'x', started: '1' };
  await writeFile(join(dir, 'lock.1'), JSON.stringify(holder));
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => store.lock()));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) if (result.status === 'fulfilled') await result.value();
  // A process of that number lives, but it is another one.
  await writeFile(join(dir, 'lock.1'), JSON.stringify({ ...holder, pid: process.pid, boot: '' }));
  await (await store.lock())();
  await writeFile(join(dir, 'lock.1'), 'half a lo');
  await (await store.lock())();
  await writeFile(join(dir, 'lock.1'), JSON.stringify({ ...holder, host: 'elsewhere' }));
  await expect(store.lock()).rejects.toMatchObject({
    code: 'Vault.Locked',
    details: { path: dir, pid: holder.pid, host: 'elsewhere', file: join(dir, 'lock.1') },
  });
  expect((await readdir(dir)).sort()).toEqual(['lock.1']);
});
