import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { imgCheck, imgInfo } from '../../qemu/img.ts';
import { isUntouched, renameBacking } from './header.ts';

const SIZE = 3 * 1024 ** 4;
let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'oe-header-'));
  for (const name of ['one', 'two'])
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', join(dir, `${name}.qcow2`), '3T']);
  file = join(dir, 'top.qcow2');
  execFileSync('qemu-img', [
    ...['create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', 'one.qcow2'],
    ...['-o', 'cluster_size=128k,extended_l2=on', file, '3T'],
  ]);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('another backing file of the same length is what qemu-img reads; of another length nothing changes', async () => {
  expect(await renameBacking(file, 'longer.qcow2')).toBe(false);
  expect((await imgInfo(file, { format: 'qcow2' })).backingFile).toBe('one.qcow2');
  expect(await renameBacking(file, 'two.qcow2')).toBe(true);
  expect(await imgInfo(file, { format: 'qcow2' })).toMatchObject({
    backingFile: 'two.qcow2',
    backingFormat: 'qcow2',
  });
  expect(await imgCheck(file)).toEqual({ errors: 0, leaks: 0, checkErrors: 0 });
});

test('one sector at the far end of a large disk is seen', async () => {
  expect(await isUntouched(file, SIZE)).toBe(true);
  execFileSync('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-b', '', file]);
  const at = String(SIZE - 512);
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', `write -P 7 ${at} 512`, file]);
  expect(await isUntouched(file, SIZE)).toBe(false);
});

test('a file of another kind and one cut off are damaged', async () => {
  truncateSync(file, 200);
  await expect(isUntouched(file, SIZE)).rejects.toMatchObject({ code: 'Disk.Damaged' });
  writeFileSync(file, Buffer.alloc(4096));
  await expect(isUntouched(file, SIZE)).rejects.toMatchObject({ code: 'Disk.Damaged' });
  await expect(renameBacking(file, 'two.qcow2')).rejects.toMatchObject({ code: 'Disk.Damaged' });
});

test.each([
  ['no entry', 36, 0],
  ['fewer entries', 36, 3],
  ['a table elsewhere', 44, 0x30200],
  ['a table in the header', 44, 0],
  ['the mark of a corrupt file', 76, 0x12],
  ['another size', 28, 512],
])('a header with %s is damaged, not that of a layer that nobody wrote to', async (_, at, value) => {
  const handle = openSync(file, 'r+');
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  writeSync(handle, bytes, 0, 4, at);
  closeSync(handle);
  await expect(isUntouched(file, SIZE)).rejects.toMatchObject({ code: 'Disk.Damaged' });
});
