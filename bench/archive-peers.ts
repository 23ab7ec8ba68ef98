/** What other tools need to store the same disk, first and again after the same change. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PartContext } from './part.ts';
import { run, seconds, settleDisk } from './run.ts';
import { allocated } from './system-disk.ts';

const MB = 1e6;

/** One change of the disk: the same for OpenECD and for its peers. */
export interface Change {
  readonly offset: number;
  readonly data: Buffer;
}

interface Own {
  readonly first: { readonly seconds: number };
  readonly second: { readonly seconds: number };
  readonly dataBytes: number;
}

export async function peers(
  { dir, row, say }: PartContext,
  file: string,
  changes: readonly Change[],
  own: Own,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const compression of ['zlib', 'zstd']) {
    say(`qemu-img convert -c (${compression})`);
    const target = join(dir, `peer-${compression}.qcow2`);
    const options = ['-c', '-W', '-O', 'qcow2', '-o', `compression_type=${compression}`];
    const took = await seconds(async () => {
      await run('qemu-img', ['convert', ...options, file, target]);
      await run('sync', ['-d', target]);
    });
    row({
      what: `peer: qemu-img convert -c, ${compression}`,
      value: own.dataBytes / MB / took,
      unit: 'MB/s of data',
      n: 1,
      ratio: { of: took / own.first.seconds, to: "OpenECD's time" },
      note: `${took.toFixed(1)} s; ${((await allocated(target)) / MB).toFixed(0)} MB stored`,
    });
    await rm(target);
  }
  await restic({ dir, row, say }, file, changes, own);
}

async function restic(
  { dir, row, say }: Pick<PartContext, 'dir' | 'row' | 'say'>,
  file: string,
  changes: readonly Change[],
  own: Own,
): Promise<void> {
  const raw = join(dir, 'disk.raw');
  await run('qemu-img', ['convert', '-O', 'raw', file, raw]);
  const env = {
    RESTIC_REPOSITORY: join(dir, 'restic'),
    RESTIC_PASSWORD: 'bench',
    RESTIC_CACHE_DIR: join(dir, 'cache'),
  };
  await run('restic', ['init', '--quiet'], { env });
  await settleDisk();
  say('restic backup, twice');
  const first = await seconds(() => run('restic', ['backup', '--quiet', raw], { env }));
  row({
    what: 'peer: restic, first backup of the raw disk',
    value: own.dataBytes / MB / first,
    unit: 'MB/s of data',
    n: 1,
    ratio: { of: first / own.first.seconds, to: "OpenECD's time" },
    note: `${first.toFixed(1)} s; ${await stored(env.RESTIC_REPOSITORY)} MB stored; it also reads the disk's holes`,
  });
  const fd = openSync(raw, 'r+');
  for (const { offset, data } of changes) writeSync(fd, data, 0, data.length, offset);
  fsyncSync(fd);
  closeSync(fd);
  const second = await seconds(() => run('restic', ['backup', '--quiet', raw], { env }));
  row({
    what: 'peer: restic, second backup after the same change',
    value: second,
    unit: 's',
    n: 1,
    ratio: { of: second / own.second.seconds, to: "OpenECD's time" },
    note: 'it reads the whole disk again',
  });
}

async function stored(path: string): Promise<string> {
  return (Number((await run('du', ['-s', '-B1', path])).split('\t')[0]) / MB).toFixed(0);
}
