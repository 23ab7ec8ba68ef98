import { existsSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import type { Machine } from './machine.ts';
import { runFolder } from './run-folder.ts';
import { Pictures } from './screen.ts';

const PPM = Buffer.concat([Buffer.from('P6\n2 1\n255\n'), Buffer.from([1, 2, 3, 4, 5, 6])]);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'openecd-picture-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A machine whose QEMU does this when it is to make a picture. */
function machine(dump: (file: string) => void | Promise<void>): Machine {
  const folder = { ...runFolder(dir, 'ecd-1'), screen: join(dir, 'screen.ppm') };
  const execute = async (_: string, { filename }: { filename: string }) => dump(filename);
  return { qmp: { execute }, folder } as unknown as Machine;
}
const left = () => existsSync(join(dir, 'screen.ppm'));

it('gives what QEMU wrote, and leaves no file', async () => {
  const picture = await new Pictures().take(machine((file) => writeFileSync(file, PPM)));
  expect(picture).toMatchObject({ width: 2, height: 1 });
  expect([...picture.pixels]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(left()).toBe(false);
});

it.each<[string, (file: string) => void]>([
  ['a link to another file', (file) => symlinkSync('/etc/passwd', file)],
  ['nothing', () => {}],
  ['something else', (file) => writeFileSync(file, 'root:x:0:0')],
  [
    'more than a screen has',
    (file) => {
      writeFileSync(file, PPM);
      truncateSync(file, 64 * 1024 * 1024);
    },
  ],
  [
    'a part, and then fails',
    (file) => {
      writeFileSync(file, PPM.subarray(0, 8));
      throw new EcdError('Qemu.TimedOut', { command: 'screendump', ms: 1 });
    },
  ],
])('a QEMU that leaves %s gives no picture, and its file is removed', async (_, dump) => {
  await expect(new Pictures().take(machine(dump))).rejects.toBeInstanceOf(EcdError);
  expect(left()).toBe(false);
});

it('makes one picture at a time, which all that ask meanwhile get', async () => {
  let dumps = 0;
  const one = machine(async (file) => {
    dumps++;
    await new Promise((done) => setTimeout(done, 20));
    writeFileSync(file, PPM);
  });
  const pictures = new Pictures();
  const got = await Promise.all([pictures.take(one), pictures.take(one), pictures.take(one)]);
  expect([dumps, new Set(got).size]).toEqual([1, 1]);
  await pictures.take(one);
  expect(dumps).toBe(2);
});

it('without a monitor there is none', async () => {
  const lost = { ...machine(() => {}), qmp: null } as unknown as Machine;
  await expect(new Pictures().take(lost)).rejects.toMatchObject({ code: 'Qemu.ConnectionLost' });
});
