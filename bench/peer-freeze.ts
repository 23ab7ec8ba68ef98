/**
 * The same point in time by other means, of a guest that writes, on plain qcow2 files: QEMU's bare `blockdev-snapshot` of
 * a prepared overlay, and its internal snapshot, which has to write down every cluster's reference.
 */
import { join, resolve } from 'node:path';
import { buildDemoImage } from '../images/build.ts';
import { serviceAccelerator } from './machine.ts';
import type { PartContext } from './part.ts';
import { PlainGuest } from './plain-guest.ts';
import { run, sleep } from './run.ts';
import { max, median } from './stats.ts';

const CACHE = resolve(import.meta.dirname, '../.cache');

export async function peerFreeze({ dir, quick, row, say }: PartContext): Promise<void> {
  const sizes = quick ? [1, 2] : [1, 10, 40];
  const count = quick ? 4 : 20;
  const system = join(dir, 'system.qcow2');
  await run('qemu-img', ['convert', '-O', 'qcow2', await buildDemoImage({ cacheDir: CACHE }), system]);
  const disks = [{ device: 'system', file: system }];
  for (const gib of sizes) {
    const file = join(dir, `d${gib}.qcow2`);
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', 'preallocation=metadata', file, `${gib}G`]);
    disks.push({ device: `d${gib}`, file });
  }
  const guest = await PlainGuest.start(join(dir, 'g'), disks, await serviceAccelerator());
  const firsts: Record<string, number> = {};
  try {
    for (const [at, gib] of sizes.entries()) {
      const node = `d${gib}`;
      const writing = guest.shell(`iolat /dev/vd${'bcd'[at]} write 64 ${count * 1.2 + 3}`, 300);
      await sleep(2000);
      say(`${gib} GiB: ${count} internal and ${count} external snapshots`);
      const internal = await internalSnapshots(guest, node, count);
      const external = await externalSnapshots(guest, dir, node, gib, count);
      await writing;
      for (const [what, times] of [
        ["peer: QEMU's internal snapshot", internal],
        ['peer: bare blockdev-snapshot of a prepared overlay', external],
      ] as const) {
        firsts[what] ??= median(times);
        row({
          what: `${what}, ${gib} GiB allocated`,
          value: median(times),
          unit: 'ms',
          n: times.length,
          worst: max(times),
          ratio: { of: median(times) / firsts[what], to: `that of ${sizes[0]} GiB` },
        });
      }
    }
  } finally {
    await guest.close();
  }
}

async function internalSnapshots({ qmp }: PlainGuest, node: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const snapshot = { device: node, name: `s${i}` };
    const began = performance.now();
    await qmp.execute('blockdev-snapshot-internal-sync', snapshot, { timeoutMs: 60_000 });
    times.push(performance.now() - began);
    await qmp.execute('blockdev-snapshot-delete-internal-sync', snapshot, { timeoutMs: 60_000 });
    await sleep(100);
  }
  return times;
}

async function externalSnapshots(
  { qmp }: PlainGuest,
  dir: string,
  first: string,
  gib: number,
  count: number,
): Promise<number[]> {
  const times: number[] = [];
  let top = first;
  for (let i = 0; i < count; i++) {
    const node = `${first}-${i}`;
    const filename = join(dir, `${node}.qcow2`);
    const options = ['-o', 'cluster_size=128k,extended_l2=on', '-F', 'qcow2', '-b', `${top}.qcow2`];
    await run('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', ...options, filename, `${gib}G`]);
    const file = { driver: 'file', filename, discard: 'unmap' };
    await qmp.execute('blockdev-add', {
      driver: 'qcow2',
      'node-name': node,
      file,
      backing: null,
      discard: 'unmap',
    });
    await run('sync', ['-d', join(dir, `${top}.qcow2`)]);
    const began = performance.now();
    await qmp.execute('blockdev-snapshot', { node: top, overlay: node }, { timeoutMs: 60_000 });
    times.push(performance.now() - began);
    top = node;
    await sleep(100);
  }
  return times;
}
