import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlockdevNode } from './blockdev.ts';
import { imgCheck, imgCreate, imgInfo } from './img.ts';
import { runJob } from './jobs.ts';
import { isAlive, type ProcessRef, readPidFile, spawnDetached, terminate, waitExit } from './process.ts';
import { StorageDaemon } from './storage-daemon.ts';

const MiB = 1024 * 1024;
let dir: string;
let daemons: StorageDaemon[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'qsd-'));
  daemons = [];
});
afterEach(async () => {
  for (const daemon of daemons) await daemon.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function start(user?: { uid: number; gid: number }): Promise<StorageDaemon> {
  const daemon = await StorageDaemon.start({ dir, user });
  daemons.push(daemon);
  return daemon;
}

const path = (name: string): string => join(dir, `${name}.qcow2`);
/** A layer's file and format nodes, as a stack is opened for merging: below the top, read-only. */
const layer = (name: string, backing: string | null, top: boolean): BlockdevNode[] => [
  { driver: 'file', 'node-name': `${name}-f`, filename: path(name), 'auto-read-only': !top },
  { driver: 'qcow2', 'node-name': name, file: `${name}-f`, backing, 'read-only': !top },
];

/** Base with 64 MiB of data, a frozen layer with `dirty` MiB over it, an empty top. */
async function chain(dirty: number): Promise<void> {
  const size = { sizeBytes: 1024 * MiB };
  await imgCreate({ ...size, file: path('base') });
  await imgCreate({ ...size, file: path('mid'), backingFile: path('base') });
  await imgCreate({ ...size, file: path('top'), backingFile: path('mid') });
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 1 0 64M', path('base')], { stdio: 'pipe' });
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -P 2 32M ${dirty}M`, path('mid')], { stdio: 'pipe' });
}

const reads = (name: string, pattern: number, offset: string, length: string): void => {
  const command = `read -P ${pattern} ${offset} ${length}`;
  const out = execFileSync('qemu-io', ['-r', '-f', 'qcow2', '-c', command, path(name)], { encoding: 'utf8' });
  expect(out).not.toContain('Pattern verification failed');
  expect(out).toContain('read ');
};

const commit = (daemon: StorageDaemon, speed: number) => () =>
  daemon.qmp.execute('block-commit', {
    'job-id': 'settle',
    device: 'top',
    'top-node': 'mid',
    'base-node': 'base',
    'backing-file': path('base'),
    speed,
  });

describe('StorageDaemon', () => {
  test('starts, opens nodes, makes a snapshot, exports, and leaves nothing behind', async () => {
    const size = { sizeBytes: 64 * MiB };
    await imgCreate({ ...size, file: path('a') });
    await imgCreate({ ...size, file: path('b'), backingFile: path('a') });
    const daemon = await start();
    await daemon.add([...layer('a', null, true), ...layer('b', null, true)]);
    await daemon.qmp.execute('blockdev-snapshot', { node: 'a', overlay: 'b' });
    const first = await daemon.exportNbd({ node: 'a', name: 'one', writable: false, allocationDepth: true });
    const second = await daemon.exportNbd({ node: 'b', name: 'two' });
    expect(second.socket).toBe(first.socket);
    const exports = await daemon.qmp.execute<{ id: string }[]>('query-block-exports');
    expect(exports).toHaveLength(2);
    const uri = (name: string): string => `nbd+unix:///${name}?socket=${first.socket}`;
    expect(execFileSync('qemu-img', ['info', uri('one')], { encoding: 'utf8' })).toContain('64 MiB');
    await Promise.all([daemon.stop(), daemon.stop()]);
    expect(isAlive(daemon.process)).toBe(false);
    expect(readdirSync(dir).sort()).toEqual(['a.qcow2', 'b.qcow2']);
  });

  test('runs as another user, who owns its files; a node it may not open is an error', async () => {
    chownSync(dir, 64155, 64155);
    await imgCreate({ file: path('a'), sizeBytes: MiB });
    const daemon = await start({ uid: 64155, gid: 64155 });
    const status = readFileSync(`/proc/${daemon.process.pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+64155\s+64155\s+64155\s+64155$/m);
    expect(status).toMatch(/^Groups:\s*$/m);
    await expect(daemon.add(layer('a', null, true))).rejects.toMatchObject({ code: 'Qemu.CommandFailed' });
    chownSync(path('a'), 64155, 64155);
    await daemon.add(layer('a', null, true));
    const { socket } = await daemon.exportNbd({ node: 'a', name: 'x' });
    expect(statSync(socket).mode & 0o077).toBe(0);
  });

  test('one that does not answer is ended, and another one started', async () => {
    let silent = 0;
    const watch = setInterval(() => {
      const file = readdirSync(dir).find((name) => name.endsWith('.pid'));
      const first = file === undefined || silent !== 0 ? null : readPidFile(join(dir, file));
      if (first === null) return;
      silent = first.pid;
      process.kill(silent, 'SIGSTOP');
    });
    const daemon = await start().finally(() => clearInterval(watch));
    expect(silent).toBeGreaterThan(0);
    expect(daemon.process.pid).not.toBe(silent);
    expect(existsSync(`/proc/${silent}`)).toBe(false);
    expect(await daemon.qmp.execute('query-block-exports')).toEqual([]);
    expect(readdirSync(dir).filter((name) => name.endsWith('.pid'))).toHaveLength(1);
  });

  test('merges a frozen layer under an active one, with progress and ticks', async () => {
    await chain(64);
    const daemon = await start();
    await daemon.add([
      ...layer('base', null, false),
      ...layer('mid', 'base', false),
      ...layer('top', 'mid', true),
    ]);
    const seen: number[] = [];
    let ticks = 0;
    await runJob(daemon.qmp, 'settle', commit(daemon, 200 * MiB), {
      pollMs: 20,
      onProgress: (done) => seen.push(done),
      tick: { everyMs: 20, run: async () => void ticks++ },
    });
    expect(seen.length).toBeGreaterThan(1);
    expect(ticks).toBeGreaterThan(1);
    await daemon.qmp.execute('blockdev-del', { 'node-name': 'mid' });
    await daemon.stop();
    expect((await imgInfo(path('top'))).backingFile).toBe(path('base'));
    for (const name of ['base', 'top'])
      expect(await imgCheck(path(name))).toEqual({ errors: 0, leaks: 0, checkErrors: 0 });
    reads('top', 1, '0', '32M');
    reads('top', 2, '32M', '64M');
  });

  test('a cancelled merge ends, the chain is whole, and a second one completes', async () => {
    await chain(128);
    const daemon = await start();
    await daemon.add([
      ...layer('base', null, false),
      ...layer('mid', 'base', false),
      ...layer('top', 'mid', true),
    ]);
    const abort = new AbortController();
    const began = Date.now();
    const merging = runJob(daemon.qmp, 'settle', commit(daemon, 20 * MiB), {
      pollMs: 20,
      signal: abort.signal,
      onProgress: (done) => {
        if (done > 0) abort.abort();
      },
    });
    await expect(merging).rejects.toMatchObject({ code: 'Cancelled' });
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(await daemon.qmp.execute('query-jobs')).toEqual([]);
    expect(await daemon.qmp.execute('query-block-jobs')).toEqual([]);
    await runJob(daemon.qmp, 'settle', commit(daemon, 0));
    await daemon.stop();
    reads('top', 1, '0', '32M');
    reads('top', 2, '32M', '128M');
  });

  test('a job QEMU makes files with: done, failing, and a start that is refused', async () => {
    const daemon = await start();
    const create = (id: string, filename: string, size: number) => () =>
      daemon.qmp.execute('blockdev-create', { 'job-id': id, options: { driver: 'file', filename, size } });
    await runJob(daemon.qmp, 'c1', create('c1', join(dir, 'new'), 4096));
    expect(statSync(join(dir, 'new')).size).toBe(4096);
    const bad = runJob(daemon.qmp, 'c2', create('c2', join(dir, 'no/where'), 4096));
    await expect(bad).rejects.toMatchObject({ code: 'Qemu.CommandFailed', details: { command: 'job c2' } });
    const refused = runJob(daemon.qmp, 'c3', () => daemon.qmp.execute('block-commit', { device: 'none' }));
    await expect(refused).rejects.toMatchObject({ details: { command: 'block-commit' } });
    expect(await daemon.qmp.execute('query-jobs')).toEqual([]);
  });

  test('a daemon that is killed is a lost connection, for a job too, and stop cleans up', async () => {
    await chain(64);
    const daemon = await start();
    await daemon.add([
      ...layer('base', null, false),
      ...layer('mid', 'base', false),
      ...layer('top', 'mid', true),
    ]);
    const merging = runJob(daemon.qmp, 'settle', commit(daemon, MiB), { pollMs: 20 });
    setTimeout(() => process.kill(daemon.process.pid, 'SIGKILL'), 100);
    await expect(merging).rejects.toMatchObject({ code: 'Qemu.ConnectionLost' });
    await daemon.stop();
    expect(readdirSync(dir).some((name) => name.startsWith('qsd-'))).toBe(false);
  });

  test('one that is called gone has no thread left that could hold a file or a lock', async () => {
    for (let tried = 0; tried < 30; tried++) {
      const { process: ref } = await start();
      process.kill(ref.pid, 'SIGKILL');
      // Its first thread is a zombie some time before its last one has let go of the files.
      expect(await waitExit(ref, 5000)).toBe(true);
      const threads = existsSync(`/proc/${ref.pid}`) ? readdirSync(`/proc/${ref.pid}/task`) : [];
      expect(threads.filter((thread) => thread !== String(ref.pid))).toEqual([]);
    }
  });

  test('a directory with a long path is said', async () => {
    const long = { dir: `/tmp/${'x'.repeat(100)}` };
    await expect(StorageDaemon.start(long)).rejects.toThrow(/data path is too long/);
  });
});

describe('orphans', () => {
  test('daemons left behind are ended and free their locks, others are let alone', async () => {
    await imgCreate({ file: path('a'), sizeBytes: MiB });
    const [one, two] = [await start(), await start()];
    await one.add(layer('a', null, true));
    await expect(imgCheck(path('a'))).rejects.toThrow(/lock/);
    const sleeper: ProcessRef = await spawnDetached({
      program: 'sleep',
      args: ['60'],
      cwd: dir,
      logFile: join(dir, 'qsd-0000aaaa.log'),
      pidFile: join(dir, 'qsd-0000aaaa.pid'),
    });
    writeFileSync(join(dir, 'qsd-0000bbbb.pid'), 'nothing');
    writeFileSync(join(dir, 'qsd-0000cccc.sock'), '');
    try {
      await expect.poll(() => readFileSync(`/proc/${sleeper.pid}/stat`, 'utf8')).toContain('(sleep)');
      expect(await StorageDaemon.endOrphans(dir)).toBe(2);
      expect([one, two].map((each) => isAlive(each.process))).toEqual([false, false]);
      expect(isAlive(sleeper)).toBe(true);
      expect(await imgCheck(path('a'))).toMatchObject({ errors: 0 });
      expect(readdirSync(dir)).toEqual(['a.qcow2']);
      expect(await StorageDaemon.endOrphans(dir)).toBe(0);
      expect(await StorageDaemon.endOrphans(join(dir, 'none'))).toBe(0);
    } finally {
      await terminate(sleeper, 1_000);
    }
  });
});
