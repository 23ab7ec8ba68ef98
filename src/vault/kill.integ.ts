/** The writer killed at every named point, and a file system that is really full. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { encodeChunk } from './codec.ts';
import { parseRoot } from './root.ts';
import { CHUNK, chunkOf, openVault, restore, tempDir } from './testing.ts';
import { Vault } from './vault.ts';

const BIG = 64 * 1024;

/** Stores six disks, gives the third up, and collects; prints what it has acknowledged. */
const SCRIPT = `
const { Vault } = await import(process.argv[2]);
const { encodeChunk } = await import(process.argv[3]);
const base = process.argv[4];
const vault = await Vault.open({ dir: base + '/vault', indexFile: base + '/index.sqlite', create: { chunkSize: 512, fanout: 4 } });
const { writeSync } = await import('node:fs');
const roots = [];
for (let disk = 0; disk < 6; disk++) {
  const session = await vault.session();
  const changes = [];
  for (let index = 0; index < 6; index++) {
    const chunk = encodeChunk(Buffer.alloc(512, 'disk ' + disk + ' chunk ' + index));
    await session.put([chunk]);
    changes.push({ index, name: chunk.name });
  }
  const root = await session.buildTree(null, 6 * 512, changes);
  await session.flush();
  await vault.putRecord('s-' + disk, { root: root.name.toString('hex') + ':' + root.size });
  writeSync(1, disk + ' ' + root.name.toString('hex') + ':' + root.size + '\\n');
  if (disk !== 2) roots.push(root);
  await session.close();
}
await vault.collect({ roots: async () => roots });
writeSync(1, 'collected\\n');
await vault.close();
`;

test.each([
  'vault.pack.written=kill@1',
  'vault.pack.written=kill@4',
  'vault.pack.synced=kill@1',
  'vault.pack.synced=kill@5',
  'vault.index.committed=kill@1',
  'vault.index.committed=kill@5',
  'vault.record.written=kill@3',
  'vault.collect.hidden=kill',
  'vault.pack.written=kill@7',
  'vault.pack.synced=kill@7',
  'vault.collect.rewritten=kill',
])('%s: what was acknowledged is there, nothing else stays', async (fault) => {
  const base = await tempDir();
  await writeFile(join(base, 'script.mjs'), SCRIPT);
  const url = (file: string) => pathToFileURL(join(import.meta.dirname, file)).href;
  const args = [join(base, 'script.mjs'), url('vault.ts'), url('codec.ts'), base];
  const run = spawnSync(process.execPath, args, {
    env: { PATH: process.env['PATH'], OPENECD_FAULT: fault },
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect([run.signal, run.stderr.replace(/.*ExperimentalWarning.*\n.*\n/g, '')]).toEqual(['SIGKILL', '']);
  const acknowledged = run.stdout.split('\n').filter((line) => /^\d/.test(line));
  const vault = await openVault(base);
  // Disk 2 was given up: after the last acknowledgement its collection may have gone any way.
  const kept =
    acknowledged.length === 6 ? acknowledged.filter((line) => !line.startsWith('2 ')) : acknowledged;
  const disks = kept.map((line) => Number(line.split(' ')[0]));
  const roots = kept.map((line) => parseRoot(line.split(' ')[1]!));
  for (const [at, root] of roots.entries()) {
    const disk = disks[at];
    const want = Array.from({ length: 6 }, (_, i) => Buffer.alloc(CHUNK, `disk ${disk} chunk ${i}`));
    expect((await restore(vault, root)).equals(Buffer.concat(want))).toBe(true);
  }
  expect(await vault.verify({ roots, data: true })).toMatchObject({ ok: true });
  await vault.collect({ roots: async () => roots });
  expect(await vault.stats()).toMatchObject({ chunks: roots.length * 6 });
  const top = await readdir(join(base, 'vault'));
  expect(top.sort()).toEqual(['lock.2', 'packs', 'snapshots', 'vault.json']);
  expect((await readdir(join(base, 'vault/packs'))).some((name) => name.endsWith('.tmp'))).toBe(false);
});

test('a file system that is really full', async () => {
  const base = await tempDir();
  const dir = join(base, 'small');
  await mkdir(dir);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir]);
  onTestFinished(() => void execFileSync('umount', ['-l', dir]));
  const vault = await Vault.open({
    dir,
    indexFile: join(base, 'index.sqlite'),
    create: { chunkSize: BIG, fanout: 4 },
  });
  onTestFinished(() => vault.close());
  const first = await vault.session();
  const chunk = encodeChunk(chunkOf(1, BIG));
  await first.put([chunk]);
  const root = await first.buildTree(null, BIG, [{ index: 0, name: chunk.name }]);
  await first.flush();
  await first.close();
  const free = await vault.freeBytes();
  const session = await vault.session();
  const fill = async () => {
    for (let n = 1; ; n++) {
      await session.put([encodeChunk(chunkOf(n, BIG))]);
      if (n > 1000) throw new Error('it never became full');
    }
  };
  await expect(fill()).rejects.toMatchObject({ code: 'Vault.Unavailable', cause: { code: 'ENOSPC' } });
  await session.close();
  expect(await vault.freeBytes()).toBeGreaterThan(free - 100_000);
  expect((await vault.getChunk(chunk.name)).equals(chunkOf(1, BIG))).toBe(true);
  expect(await vault.verify({ roots: [root], data: true })).toMatchObject({ ok: true, packs: 1 });
});
