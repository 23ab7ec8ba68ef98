import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newId } from '../../ids.ts';
import { imgCheck } from '../../qemu/img.ts';
import { SILENT } from '../../qemu/log.ts';
import { diskPoolContract, type PoolUnderTest } from '../pool.contract.ts';
import { liveDiskPoolContract } from '../pool-live.contract.ts';
import { storagePoolContract } from '../pool-storage.contract.ts';
import { untouchedPoolContract } from '../pool-untouched.contract.ts';
import type { Stack } from '../types.ts';
import { Qcow2Pool, type Qcow2PoolOptions } from './pool.ts';

function folders(): { dir: string; options: Qcow2PoolOptions } {
  const dir = mkdtempSync(join(tmpdir(), 'qp-'));
  const [disksDir, imagesDir, runDir] = [join(dir, 'disks'), join(dir, 'images'), join(dir, 'run')];
  for (const each of [disksDir, imagesDir]) mkdirSync(each);
  return { dir, options: { disksDir, imagesDir, runDir, log: SILENT } };
}

async function make(): Promise<PoolUnderTest> {
  const { dir, options } = folders();
  const pool = new Qcow2Pool(options);
  const layer = (diskId: string, layerId: string) => join(options.disksDir, diskId, `${layerId}.qcow2`);
  return {
    pool,
    runDir: dir,
    async image(content) {
      const id = newId.image();
      const raw = join(dir, 'image.raw');
      writeFileSync(raw, content);
      const file = join(options.imagesDir, `${id}.qcow2`);
      execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', '-o', 'cluster_size=64k', raw, file]);
      return id;
    },
    async damage(diskId, layerId) {
      const fd = openSync(layer(diskId, layerId), 'r+');
      writeSync(fd, Buffer.alloc(512, 0xff), 0, 512, 0);
    },
    async sound(diskId, layerId) {
      const found = await imgCheck(layer(diskId, layerId));
      expect(found).toEqual({ errors: 0, leaks: 0, checkErrors: 0 });
    },
    async aside(diskId) {
      const names = readdirSync(join(options.disksDir, diskId, 'aside'));
      return names.map((name) => name.replace('.qcow2', ''));
    },
    orphan: (stack) => orphan(options, stack),
    async close() {
      await pool.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Another process with a pool of its own is killed while it has a view open. */
async function orphan(options: Qcow2PoolOptions, stack: Stack): Promise<{ alive(): boolean }> {
  const code = `
    import { Qcow2Pool } from ${JSON.stringify(join(import.meta.dirname, 'pool.ts'))};
    const log = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((name) => [name, () => {}]));
    const pool = new Qcow2Pool({ ...${JSON.stringify({ ...options, log: undefined })}, log });
    const view = await pool.openView(${JSON.stringify(stack)});
    process.stdout.write(String(view.pid) + '\\n');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGKILL');
  await once(child, 'exit');
  // A zombie that nobody has looked at is not alive.
  const stat = `/proc/${Number(line.toString())}/stat`;
  return { alive: () => existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, 'utf8')) };
}

diskPoolContract('the qcow2 pool', make);
storagePoolContract('the qcow2 pool', make);
liveDiskPoolContract('the qcow2 pool', make);
untouchedPoolContract('the qcow2 pool', make);

test("files belong to QEMU's user alone", async () => {
  const { dir, options } = folders();
  const owner = { uid: 64155, gid: 64155 };
  const pool = new Qcow2Pool({ ...options, owner: process.getuid!() === 0 ? owner : undefined });
  const stack = { diskId: newId.disk(), sizeBytes: 1024 * 1024, imageId: null, layers: [newId.layer()] };
  await pool.prepare({ ...stack, layers: [] }, stack.layers[0]!);
  const next = newId.layer();
  await pool.prepare(stack, next);
  for (const name of stack.layers.concat(next)) {
    const found = statSync(join(options.disksDir, stack.diskId, `${name}.qcow2`));
    expect(found.mode & 0o077).toBe(0);
    if (process.getuid!() === 0) expect([found.uid, found.gid]).toEqual([owner.uid, owner.gid]);
  }
  expect(statSync(join(options.disksDir, stack.diskId)).mode & 0o077).toBe(0);
  rmSync(dir, { recursive: true, force: true });
});

test('a golden image that was written belongs to nobody for writing, and one left half-made is begun anew', async () => {
  const { dir, options } = folders();
  const owner = process.getuid!() === 0 ? { uid: 64155, gid: 64155 } : undefined;
  chmodSync(dir, 0o711);
  const pool = new Qcow2Pool({ ...options, owner });
  const id = newId.image();
  writeFileSync(join(options.imagesDir, `.${id}.half`), 'what a service that died has left');
  const writer = await pool.writeImage(id, 1024 * 1024);
  expect(readdirSync(options.imagesDir)).toEqual([`.${id}.half`]);
  await writer.finish();
  expect(readdirSync(options.imagesDir)).toEqual([`${id}.qcow2`]);
  const file = join(options.imagesDir, `${id}.qcow2`);
  const found = statSync(file);
  expect(found.mode & 0o777).toBe(owner === undefined ? 0o400 : 0o440);
  if (owner !== undefined) expect([found.uid, found.gid]).toEqual([0, owner.gid]);
  expect(await imgCheck(file)).toEqual({ errors: 0, leaks: 0, checkErrors: 0 });
  await pool.releaseImage(id);
  expect(readdirSync(options.imagesDir)).toEqual([]);
  await pool.close();
  rmSync(dir, { recursive: true, force: true });
});
