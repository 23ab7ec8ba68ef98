import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { imgCreate } from '../../qemu/img.ts';
import { isAlive, type ProcessRef } from '../../qemu/process.ts';
import { StorageDaemon } from '../../qemu/storage-daemon.ts';
import { Keeper } from './keeper.ts';

let dir: string;
let keeper: Keeper;
let started: ProcessRef[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keeper-'));
  started = [];
  keeper = new Keeper(async () => {
    const daemon = await StorageDaemon.start({ dir });
    started.push(daemon.process);
    return daemon;
  });
});
afterEach(async () => {
  await keeper.close();
  rmSync(dir, { recursive: true, force: true });
});

async function layer(name: string): Promise<string> {
  const file = join(dir, `${name}.qcow2`);
  await imgCreate({ file, sizeBytes: 1024 ** 2 });
  return file;
}

test('a lock keeps others out as long as it is held; one daemon serves all', async () => {
  const [a, b] = [await layer('a'), await layer('b')];
  const other = new Keeper(() => StorageDaemon.start({ dir }));
  try {
    await keeper.withLock(a, async () => {
      await expect(other.withLock(a, async () => 1)).rejects.toMatchObject({
        code: 'OperationDenied.DiskInUse',
      });
      expect(await keeper.withLock(b, async () => 2)).toBe(2);
    });
    expect(await other.withLock(a, async () => 3)).toBe(3);
  } finally {
    await other.close();
  }
  expect(started).toHaveLength(1);
});

test('a daemon that does not answer any more fails one call, holds no lock, and is replaced', async () => {
  const a = await layer('a');
  await keeper.withLock(a, async () => {});
  process.kill(started[0]!.pid, 'SIGSTOP');
  await expect(keeper.withLock(a, async () => {})).rejects.toMatchObject({ code: 'Qemu.TimedOut' });
  expect(isAlive(started[0]!)).toBe(false);
  expect(await keeper.withLock(a, async () => 'again')).toBe('again');
  expect(started).toHaveLength(2);
});

test('what was done under the lock stays done when the daemon cannot give it back', async () => {
  const a = await layer('a');
  const done = keeper.withLock(a, async () => {
    process.kill(started[0]!.pid, 'SIGSTOP');
    return 'done';
  });
  expect(await done).toBe('done');
  expect(isAlive(started[0]!)).toBe(false);
  expect(await keeper.withLock(a, async () => 'again')).toBe('again');
});
