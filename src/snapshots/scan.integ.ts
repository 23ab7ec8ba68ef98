import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Extent, ReaderSpec } from '../disks/types.ts';
import { NbdClient } from '../qemu/nbd.ts';
import { contextsFor, mergedExtents } from '../qemu/nbd-extents.ts';
import { chunkName, decode, type Encoded, ZERO_NAME } from '../vault/codec.ts';
import { type ScannedChunk, ScanPool, type ScanRequest } from './scan.ts';

const CHUNK = 128 * 1024;
let folder: string;
let daemon: ChildProcess | null;
let pool: ScanPool;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scan-'));
  daemon = null;
  pool = new ScanPool({ threads: 2, chunkSize: CHUNK, batchChunks: 4 });
});
afterEach(async () => {
  await pool.close();
  if (daemon?.exitCode === null && daemon.kill('SIGKILL')) await once(daemon, 'exit');
  rmSync(folder, { recursive: true });
});

async function serve(file: string, driver: string, sizeBytes: number): Promise<ReaderSpec> {
  const socket = join(folder, 's');
  daemon = spawn('qemu-storage-daemon', [
    '--blockdev',
    JSON.stringify({ driver, 'node-name': 'd', 'read-only': true, file: { driver: 'file', filename: file } }),
    ...['--nbd-server', `addr.type=unix,addr.path=${socket},max-connections=16`],
    ...['--export', 'nbd,id=e,node-name=d,name=d,allocation-depth=on'],
  ]);
  const spec = { socket, exportName: 'd', sizeBytes };
  for (let i = 0; i < 500; i++) {
    const tried = existsSync(socket) ? await NbdClient.connect(spec).catch(() => null) : null;
    if (tried !== null) return tried.close().then(() => spec);
    await sleep(20);
  }
  throw new Error('the storage daemon did not start');
}

async function* whole(sizeBytes: number): AsyncGenerator<Extent> {
  yield { offset: 0, length: sizeBytes, zero: false };
}

/** A vault of nothing but a map. */
function memoryVault() {
  const objects = new Map<string, Encoded>();
  let puts = 0;
  return {
    objects,
    puts: () => puts,
    known: async (names: Buffer[]) => names.map((name) => objects.has(name.toString('hex'))),
    put: async (batch: Encoded[]) => {
      puts += batch.length;
      // The scan uses the data's memory again.
      for (const object of batch)
        objects.set(object.name.toString('hex'), { ...object, data: Buffer.from(object.data) });
    },
  };
}

async function scanAll(request: ScanRequest): Promise<ScannedChunk[]> {
  const found: ScannedChunk[] = [];
  for await (const chunk of pool.scan(request)) found.push(chunk);
  return found;
}

/** Text, noise, zeros and repeated chunks, with a short last chunk. */
function content(): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; i < 60; i++) {
    if (i % 4 === 0) parts.push(Buffer.alloc(CHUNK, `line ${i} of a text\n`));
    else if (i % 4 === 1) parts.push(randomBytes(CHUNK));
    else if (i % 4 === 2) parts.push(Buffer.alloc(CHUNK));
    else parts.push(Buffer.alloc(CHUNK, 'always the same'));
  }
  return Buffer.concat([...parts, Buffer.alloc(5 * 512, 'end')]);
}

test('names every chunk, stores each unknown content once, and knows it the next time', async () => {
  const disk = content();
  writeFileSync(join(folder, 'disk'), disk);
  const spec = await serve(join(folder, 'disk'), 'raw', disk.length);
  const vault = memoryVault();
  const progress: number[] = [];
  const request = {
    spec,
    known: vault.known,
    put: vault.put,
    onProgress: (bytes: number) => progress.push(bytes),
  };
  const found = await scanAll({ ...request, extents: whole(disk.length) });

  expect(found.map(({ index }) => index)).toEqual(Array.from({ length: 61 }, (_, i) => i));
  for (const { index, name } of found) {
    const raw = Buffer.alloc(CHUNK);
    disk.copy(raw, 0, index * CHUNK);
    expect(name.equals(chunkName(raw))).toBe(true);
    if (name.equals(ZERO_NAME)) continue;
    expect(decode(vault.objects.get(name.toString('hex'))!).equals(raw)).toBe(true);
  }
  // 15 texts, 15 noises, the repeated one, the last one.
  expect(vault.objects.size).toBe(32);
  expect(progress.at(-1)).toBe(disk.length);

  const puts = vault.puts();
  const again = await scanAll({ ...request, extents: whole(disk.length) });
  expect(again).toEqual(found);
  expect(vault.puts()).toBe(puts);
});

test('two scans at once on one pool', async () => {
  const disk = content();
  writeFileSync(join(folder, 'disk'), disk);
  const spec = await serve(join(folder, 'disk'), 'raw', disk.length);
  const vaults = [memoryVault(), memoryVault()];
  const [a, b] = await Promise.all(
    vaults.map((vault) => scanAll({ spec, known: vault.known, put: vault.put, extents: whole(disk.length) })),
  );
  expect(a).toEqual(b);
  for (const vault of vaults) expect(vault.objects.size).toBe(32);
});

test('a tebibyte of zeros is neither read nor held', async () => {
  const size = 2 ** 40;
  const file = join(folder, 'big.qcow2');
  const options = 'extended_l2=on,cluster_size=128k';
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', options, file, String(size)]);
  execFileSync('qemu-io', ['-c', 'write -z 0 1G', '-c', 'write -P 7 512M 64k', file]);
  const spec = await serve(file, 'qcow2', size);
  const client = await NbdClient.connect({ ...spec, metaContexts: contextsFor(1) });
  const vault = memoryVault();
  const rest = { offset: 2 ** 30, length: size - 2 ** 30, zero: true };
  async function* extents(): AsyncGenerator<Extent> {
    yield* mergedExtents(client, { depth: 1 });
    yield rest;
  }
  let count = 0;
  let peak = 0;
  const before = process.memoryUsage.rss();
  for await (const { index, name } of pool.scan({
    spec,
    known: vault.known,
    put: vault.put,
    extents: extents(),
  })) {
    if (index !== count || (name !== ZERO_NAME) !== (index === 4096)) throw new Error(`wrong chunk ${index}`);
    if (++count % 65536 === 0) peak = Math.max(peak, process.memoryUsage.rss());
  }
  expect(count).toBe(size / CHUNK);
  expect(vault.objects.size).toBe(1);
  expect(peak - before).toBeLessThan(128 * 1024 * 1024);
  await client.close();
});

test('failures end the scan with their error, and the pool goes on', async () => {
  const disk = content();
  writeFileSync(join(folder, 'disk'), disk);
  const spec = await serve(join(folder, 'disk'), 'raw', disk.length);
  const vault = memoryVault();
  const request = { spec, known: vault.known, put: vault.put };
  const run = (changes: Partial<ScanRequest>) =>
    scanAll({ ...request, extents: whole(disk.length), ...changes });

  const full = new Error('no space');
  await expect(run({ put: () => Promise.reject(full) })).rejects.toBe(full);
  await expect(run({ known: () => Promise.reject(full) })).rejects.toBe(full);
  await expect(run({ spec: { ...spec, sizeBytes: disk.length + 512 } })).rejects.toThrow('bytes, the disk');
  await expect(run({ spec: { ...spec, exportName: 'no' } })).rejects.toMatchObject({ code: 'Nbd.Failed' });
  const abort = new AbortController();
  const hanging = run({
    signal: abort.signal,
    extents: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) },
  });
  setTimeout(() => abort.abort(), 50);
  await expect(hanging).rejects.toMatchObject({ code: 'Cancelled' });
  for await (const _ of pool.scan({ ...request, extents: whole(disk.length) })) break;

  expect(await run({})).toHaveLength(61);
});

test('a thread that dies fails its scan, and the next scan has a new one', async () => {
  const disk = content();
  writeFileSync(join(folder, 'disk'), disk);
  const spec = await serve(join(folder, 'disk'), 'raw', disk.length);
  const vault = memoryVault();
  const workers: Worker[] = [];
  const onWorker = (worker: Worker) => workers.push(worker);
  process.on('worker', onWorker);
  const request = { spec, put: vault.put, extents: whole(disk.length) };
  const known = async (names: Buffer[]) => {
    await workers[0]!.terminate();
    return vault.known(names);
  };
  await expect(scanAll({ ...request, known })).rejects.toMatchObject({ code: 'Worker.Died' });
  expect(workers).toHaveLength(2);
  expect(await scanAll({ ...request, extents: whole(disk.length), known: vault.known })).toHaveLength(61);
  expect(workers).toHaveLength(3);
  process.off('worker', onWorker);

  const closing = scanAll({ ...request, extents: whole(disk.length), known: vault.known });
  const [closed] = await Promise.allSettled([closing, pool.close()]);
  expect(closed).toMatchObject({ status: 'rejected', reason: { code: 'Worker.Died' } });
});

test('a killed storage daemon fails the scan', async () => {
  const disk = content();
  writeFileSync(join(folder, 'disk'), disk);
  const spec = await serve(join(folder, 'disk'), 'raw', disk.length);
  const vault = memoryVault();
  const known = async (names: Buffer[]) => {
    daemon!.kill('SIGKILL');
    return vault.known(names);
  };
  const killed = scanAll({ spec, known, put: vault.put, extents: whole(disk.length) });
  await expect(killed).rejects.toMatchObject({ code: 'Nbd.Failed' });
});
