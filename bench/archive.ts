/**
 * Storing a real system disk in the vault, storing it again after a change, and going back.
 *
 * All of it through the service's door, on the data disk of a Stopped desktop, so that no guest takes part of the
 * processors. Peers store the same content: qemu-img as a compressed qcow2, restic in a repository of its own.
 */
import { randomBytes } from 'node:crypto';
import { rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { loadStack } from '../src/catalogue/stacks.ts';
import { faults } from '../src/faults.ts';
import { type Change, peers } from './archive-peers.ts';
import { Bed, bundle } from './bed.ts';
import type { PartContext } from './part.ts';
import { bytesReadBy, cpuOf, cpuOfThreads, run, seconds, settleDisk, until } from './run.ts';
import { sum } from './stats.ts';
import { allocated, systemDisk } from './system-disk.ts';

const CHUNK = 128 * 1024;
const MB = 1e6;
/** Parts of the disk that are changed. */
const CHANGED = 0.01;

interface Archived {
  readonly seconds: number;
  readonly bytesRead: number;
  readonly storedBytes: number;
  /** Processor seconds: storage daemon, main thread, all other threads of the service. */
  readonly cpu: { readonly daemon: number; readonly main: number; readonly workers: number };
}

export async function archive(context: PartContext): Promise<void> {
  const { quick, say, row } = context;
  const disk = await systemDisk(quick, say);
  const gib = disk.virtualBytes / 1024 ** 3;
  const bed = await Bed.open(join(context.dir, 's'), { bundles: [bundle(gib)] });
  try {
    const desktop = await bed.create(gib);
    await bed.stop(desktop);
    say('filling the disk');
    await fillFrom(bed, desktop, disk.file);
    const bottom = await bed.disk(desktop, 'data');
    const dataBytes = await allocated(bed.layerFile(bottom.id, bottom.active_layer));
    row({
      what: 'data on the disk',
      value: dataBytes / 1024 ** 3,
      unit: 'GiB',
      ...(quick ? {} : { target: { least: 4 } }),
    });

    const first = await archiveOnce(bed, desktop);
    const speed = dataBytes / MB / first.seconds;
    const { daemon, main, workers } = first.cpu;
    row({
      what: 'first archive',
      value: speed,
      unit: 'MB/s of data',
      n: 1,
      target: { least: 300 },
      note: `${first.seconds.toFixed(1)} s; ${(first.storedBytes / MB).toFixed(0)} MB stored; processor seconds: storage daemon ${daemon.toFixed(1)}, main thread ${main.toFixed(1)}, worker and I/O threads ${workers.toFixed(1)}`,
    });

    const changes = await changeSome(
      bed,
      desktop,
      disk.virtualBytes,
      Math.round((dataBytes / CHUNK) * CHANGED),
    );
    const chunks = new Set(
      changes.flatMap(({ offset, data }) => [
        Math.floor(offset / CHUNK),
        Math.floor((offset + data.length - 1) / CHUNK),
      ]),
    ).size;
    const second = await archiveOnce(bed, desktop);
    row({
      what: 'second archive after a change of 1 %: bytes read to bytes of the changed chunks',
      value: second.bytesRead / (chunks * CHUNK),
      unit: 'x',
      target: { most: 2 },
      note: `${chunks} chunks changed by writes of 4 to 64 KiB; ${second.seconds.toFixed(2)} s; counted by the kernel for the storage daemon, metadata included; ${(second.storedBytes / MB).toFixed(1)} MB stored`,
    });
    row({
      what: 'second archive',
      value: second.seconds,
      unit: 's',
      n: 1,
      ratio: { of: second.seconds / first.seconds, to: 'the first' },
    });
    await bed.idle(desktop, 'data');
    await resets(context, bed, desktop);
    await bed.close();
    await rm(context.dir, { recursive: true, force: true });
    await peers(context, disk.file, changes, { first, second, dataBytes });
  } catch (error) {
    await bed.close();
    throw error;
  }
}

async function fillFrom(bed: Bed, desktop: string, file: string): Promise<void> {
  await bed.writing(desktop, 'data', (_, url) =>
    run('qemu-img', ['convert', '-n', '-W', '-f', 'qcow2', '-O', 'raw', file, url]),
  );
  await settleDisk();
}

/** CreateSnapshot of the Stopped desktop, measured from the opening of the view to the durable row. */
async function archiveOnce(bed: Bed, desktop: string): Promise<Archived> {
  let began = 0;
  let ended = 0;
  let pid = 0;
  let before = new Map<number, number>();
  let after = before;
  let bytesRead = 0;
  let daemon = 0;
  faults.set('archive.opened', ({ qsd }) => {
    began = performance.now();
    pid = qsd!;
    before = cpuOfThreads();
  });
  faults.set('archive.stored', () => {
    bytesRead = bytesReadBy(pid);
    daemon = cpuOf(pid);
  });
  faults.set('archive.committed', () => {
    ended = performance.now();
    after = cpuOfThreads();
  });
  const id = await bed.snapshot(desktop, 'data');
  const listed = await bed.archived(id);
  await until('the end of an archive', 10, () => (ended > 0 ? true : undefined));
  faults.clear();
  const spent = (tid: number) => (after.get(tid) ?? 0) - (before.get(tid) ?? 0);
  const main = spent(process.pid);
  const workers = sum([...after.keys()].filter((tid) => tid !== process.pid).map(spent));
  return {
    seconds: (ended - began) / 1000,
    bytesRead,
    storedBytes: Number(listed['StoredBytes']),
    cpu: { daemon, main, workers },
  };
}

/** Random bytes at random places that hold data, 4 to 64 KiB each, one in a chunk. */
async function changeSome(bed: Bed, desktop: string, sizeBytes: number, count: number): Promise<Change[]> {
  const changes = new Map<number, Change>();
  await bed.writing(desktop, 'data', async (client) => {
    let state = 12345;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const probe = Buffer.alloc(4096);
    while (changes.size < count) {
      const chunk = random(Math.floor(sizeBytes / CHUNK));
      if (changes.has(chunk)) continue;
      const length = 4096 * (1 + random(16));
      const offset = chunk * CHUNK + 4096 * random((CHUNK - length) / 4096 + 1);
      await client.readInto(probe, offset);
      if (probe.every((byte) => byte === 0)) continue;
      const data = randomBytes(length);
      await client.write(offset, data);
      changes.set(chunk, { offset, data });
    }
  });
  return [...changes.values()];
}

/** Back to the first snapshot by the difference, then again with the disk's files lost: all from the vault. */
async function resets({ row, quick }: PartContext, bed: Bed, desktop: string): Promise<void> {
  const snapshots = (await bed.call('DescribeSnapshots', { DesktopId: desktop }))['Snapshots'] as {
    SnapshotId: string;
  }[];
  const [second, first] = snapshots.map((each) => each.SnapshotId);
  await settleDisk();
  const difference = await seconds(() => resetTo(bed, desktop, first!));
  await bed.idle(desktop, 'data');
  await settleDisk();
  const disk = await bed.disk(desktop, 'data');
  const { layers } = await loadStack(bed.catalogue.db, disk);
  await unlink(bed.layerFile(disk.id, layers[0]!));
  const full = await seconds(() => resetTo(bed, desktop, second!));
  row({ what: 'full restore from the vault (base lost)', value: full, unit: 's', n: 1 });
  row({
    what: 'reset to a snapshot 1 % away',
    value: difference,
    unit: 's',
    n: 1,
    ratio: { of: difference / full, to: 'the full restore' },
  });
  row({
    what: 'reset 1 % away, part of the full restore',
    value: difference / full,
    unit: '',
    ...(quick ? {} : { target: { most: 0.1 } }),
  });
}

async function resetTo(bed: Bed, desktop: string, snapshotId: string): Promise<void> {
  await bed.call('ResetSnapshot', { SnapshotId: snapshotId });
  await until(
    'the end of a reset',
    900,
    async () => ((await bed.disk(desktop, 'data')).intent === null ? true : undefined),
    10,
  );
}
