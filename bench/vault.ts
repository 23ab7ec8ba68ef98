/** The vault alone, with one thread and real data: encoding and storing chunks, and reading them back. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { chunkName, encodeChunk, type Name, Vault, ZERO_NAME } from '../src/vault/index.ts';
import type { PartContext } from './part.ts';
import { run, seconds, settleDisk } from './run.ts';
import { systemDisk } from './system-disk.ts';

const MB = 1e6;

export async function vault({ dir, quick, row, say }: PartContext): Promise<void> {
  const disk = await systemDisk(quick, say);
  const raw = join(dir, 'part.raw');
  await run('qemu-img', [
    'dd',
    '-f',
    'qcow2',
    '-O',
    'raw',
    'bs=1M',
    `count=${quick ? 256 : 2048}`,
    `if=${disk.file}`,
    `of=${raw}`,
  ]);
  const open_ = () => Vault.open({ dir: join(dir, 'vault'), indexFile: join(dir, 'index.db'), create: {} });
  const store = await open_();
  await settleDisk();
  const file = await open(raw);
  const names: Name[] = [];
  let bytes = 0;
  let naming = 0;
  let encoding = 0;
  let putting = 0;
  const session = await store.session();
  try {
    const { size } = await file.stat();
    for (let at = 0; at < size; at += store.chunkSize) {
      const chunk = Buffer.alloc(store.chunkSize);
      await file.read(chunk, 0, chunk.length, at);
      const began = performance.now();
      const name = chunkName(chunk);
      const named = performance.now();
      naming += named - began;
      if (name.equals(ZERO_NAME)) continue;
      const encoded = encodeChunk(chunk, name);
      const ready = performance.now();
      encoding += ready - named;
      await session.put([encoded]);
      putting += performance.now() - ready;
      names.push(name);
      bytes += chunk.length;
    }
    putting += 1000 * (await seconds(() => session.flush()));
  } finally {
    await session.close();
    await file.close();
  }
  const speed = (ms: number) => bytes / MB / (ms / 1000);
  row({ what: 'naming (SHA-256)', value: speed(naming), unit: 'MB/s', n: names.length });
  row({ what: 'compressing (zstd 1)', value: speed(encoding), unit: 'MB/s', n: names.length });
  row({
    what: 'put of encoded chunks, synced',
    value: speed(putting),
    unit: 'MB/s of data',
    n: names.length,
  });
  row({
    what: 'all of storing, one thread',
    value: speed(naming + encoding + putting),
    unit: 'MB/s of data',
    n: names.length,
  });
  const reading = await seconds(async () => {
    for (const name of names) await store.getChunk(name);
  });
  row({
    what: 'get, decompressed and verified, one at a time',
    value: bytes / MB / reading,
    unit: 'MB/s of data',
    n: names.length,
  });
  await store.close();
}
