import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ALLOCATION_DEPTH, BASE_ALLOCATION, NbdClient } from './nbd.ts';
import { contextsFor, type MergedExtent, mergedExtents } from './nbd-extents.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
let folder: string;
let daemon: ChildProcess | null;
const path = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nbd-'));
  daemon = null;
});
afterEach(async () => {
  if (daemon?.exitCode === null && daemon.kill()) await once(daemon, 'exit');
  rmSync(folder, { recursive: true });
});

function layer(name: string, size: number, backing: string | null, options: string): void {
  const below = backing === null ? [] : ['-b', path(backing), '-F', 'qcow2'];
  execFileSync('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    '-o',
    options,
    ...below,
    path(name),
    String(size),
  ]);
}

function io(name: string, ...commands: string[]): void {
  execFileSync('qemu-io', ['-d', 'unmap', '-f', 'qcow2', ...commands.flatMap((c) => ['-c', c]), path(name)]);
}

async function serve(name: string, writable = false): Promise<string> {
  const socket = path('s');
  const node = { driver: 'qcow2', 'node-name': 'd', 'read-only': !writable, discard: 'unmap' };
  const file = { driver: 'file', filename: path(name) };
  daemon = spawn('qemu-storage-daemon', [
    ...['--blockdev', JSON.stringify({ ...node, file })],
    ...['--nbd-server', `addr.type=unix,addr.path=${socket},max-connections=16`],
    ...['--export', `nbd,id=e,node-name=d,name=d,allocation-depth=on,writable=${writable ? 'on' : 'off'}`],
  ]);
  for (let i = 0; i < 500; i++) {
    if (existsSync(socket)) {
      const tried = await NbdClient.connect({ socket, exportName: 'd' }).catch(() => null);
      if (tried !== null) return tried.close().then(() => socket);
    }
    await sleep(20);
  }
  throw new Error('the storage daemon did not start');
}

async function changed(socket: string, depth: number | 'all'): Promise<MergedExtent[]> {
  const client = await NbdClient.connect({ socket, exportName: 'd', metaContexts: contextsFor(depth) });
  const extents: MergedExtent[] = [];
  for await (const extent of mergedExtents(client, { depth })) extents.push(extent);
  await client.close();
  return extents;
}
/** Extents in KiB, for short expectations. */
const data = (offset: number, length: number) => ({
  offset: offset * KiB,
  length: length * KiB,
  zero: false,
});
const zero = (offset: number, length: number) => ({ offset: offset * KiB, length: length * KiB, zero: true });

test('extents of the top layers of a stack, over a golden image with smaller clusters', async () => {
  // Not a multiple of 128 KiB.
  const size = 8 * MiB + 36 * KiB;
  const sub = 'extended_l2=on,cluster_size=128k';
  layer('golden', size, null, 'cluster_size=64k');
  io('golden', 'write -P 1 0 4M', 'write -P 1 8M 36k');
  layer('l3', size, 'golden', sub);
  io('l3', 'write -P 3 1M 512k');
  layer('l2', size, 'l3', sub);
  io('l2', 'write -P 2 2M 4k', 'write -P 2 2052k 4k', 'write -P 2 3M 256k', 'write -z 1280k 128k');
  layer('l1', size, 'l2', sub);
  io(
    'l1',
    'write -z 3M 128k', // zeros over data of layer 2
    'write -z 1M 128k', // zeros over data of layer 3
    'discard 256k 128k', // over the golden image's data
    'discard 6M 128k', // over what nobody ever wrote
    'write -P 9 5124k 4k', // one sub-cluster
    'write -z -u 5136k 8k', // two zero sub-clusters of the same cluster
    'write -P 9 8M 4k', // in the last, short cluster
  );
  const socket = await serve('l1');

  const top = [
    zero(256, 128),
    zero(1024, 128),
    zero(3072, 128),
    data(5124, 4),
    zero(5136, 8),
    zero(6144, 128),
    data(8192, 4),
  ];
  expect(await changed(socket, 1)).toEqual(top);
  // Layer 2's data under layer 1's zeros counts as zeros, its own zeros and the rest of its data are there.
  expect(await changed(socket, 2)).toEqual([
    zero(256, 128),
    zero(1024, 128),
    zero(1280, 128),
    data(2048, 8),
    zero(3072, 128),
    data(3200, 128),
    ...top.slice(3),
  ]);
  expect(await changed(socket, 'all')).toEqual([
    data(0, 256),
    data(384, 640),
    data(1152, 128),
    data(1408, 1664),
    data(3200, 896),
    data(5124, 4),
    data(8192, 36),
  ]);

  // What all layers changed lies over everything that reads otherwise than the golden image.
  const client = await NbdClient.connect({ socket, exportName: 'd' });
  expect(client.size).toBe(size);
  const [above, below] = [await client.read(0, size), Buffer.alloc(size)];
  below.fill(1, 0, 4 * MiB).fill(1, 8 * MiB);
  for (const { offset, length, zero } of await changed(socket, 3)) {
    if (zero) expect(above.subarray(offset, offset + length).every((byte) => byte === 0)).toBe(true);
    above.copy(below, offset, offset, offset + length);
  }
  expect(above.equals(below)).toBe(true);
  await client.close();
});

test('a sparse terabyte is walked in many steps and in little time', async () => {
  layer('big', 2 ** 40, null, 'extended_l2=on,cluster_size=128k');
  io('big', 'write -P 1 0 4k', `write -P 1 ${2 ** 39 + 4096} 8k`, `write -P 1 ${2 ** 40 - 4096} 4k`);
  const socket = await serve('big');
  const before = performance.now();
  const found = [data(0, 4), data(2 ** 29 + 4, 8), data(2 ** 30 - 4, 4)];
  expect(await changed(socket, 1)).toEqual(found);
  expect(await changed(socket, 'all')).toEqual(found);
  expect(performance.now() - before).toBeLessThan(20_000);
});

test('writes, zeros and flush arrive, many at once, and explicit zeros are no holes', async () => {
  layer('golden', 4 * MiB, null, 'cluster_size=64k');
  io('golden', 'write -P 5 0 4M');
  layer('top', 4 * MiB, 'golden', 'extended_l2=on,cluster_size=128k');
  const socket = await serve('top', true);
  const metaContexts = [BASE_ALLOCATION, ALLOCATION_DEPTH];
  const client = await NbdClient.connect({ socket, exportName: 'd', metaContexts });
  const expected = Buffer.alloc(4 * MiB, 5);
  const block = Buffer.from(Array.from({ length: MiB }, (_, i) => i % 253));
  block.copy(expected, 512 * KiB);
  expected.fill(0, 3 * MiB, 3 * MiB + 256 * KiB);
  expected.write('small', 4 * MiB - 512);
  await Promise.all([
    client.write(512 * KiB, block),
    client.writeZeroes(3 * MiB, 256 * KiB, { noHole: true }),
    client.write(4 * MiB - 512, Buffer.from('small'.padEnd(512, '\x05'))),
  ]);
  await client.flush();
  const parts = await Promise.all(
    Array.from({ length: 32 }, (_, i) => client.read(i * 128 * KiB, 128 * KiB)),
  );
  expect(Buffer.concat(parts).equals(expected)).toBe(true);
  expect(await changed(socket, 1)).toEqual([data(512, 1024), zero(3072, 256), data(4092, 4)]);
  const status = await client.blockStatus(3 * MiB, 256 * KiB);
  expect(status.get(ALLOCATION_DEPTH)).toEqual([{ length: 256 * KiB, flags: 1 }]);
  await client.close();
});

test('what the daemon refuses is an error, a killed daemon a lost connection', async () => {
  layer('one', 4 * MiB, null, 'cluster_size=64k');
  io('one', 'write -P 1 0 4M');
  const socket = await serve('one');
  await expect(NbdClient.connect({ socket, exportName: 'no' })).rejects.toMatchObject({ code: 'Nbd.Failed' });
  const client = await NbdClient.connect({ socket, exportName: 'd' });
  expect(client.readOnly).toBe(true);
  await expect(client.write(0, Buffer.alloc(512))).rejects.toThrow('read-only');
  daemon!.kill('SIGSTOP');
  const reads = [client.read(0, 4 * MiB), client.read(MiB, MiB)];
  daemon!.kill('SIGKILL');
  for (const result of await Promise.allSettled(reads)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'Nbd.Failed' } });
  }
  await client.close();
});
