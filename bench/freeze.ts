/**
 * CreateSnapshot of a Running desktop whose guest writes, with its agent stopped: from the request to the answer, and
 * the parts of it, with little and with much allocated, at rest and while a settle runs.
 */
import { chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { faults } from '../src/faults.ts';
import { Bed, bundle } from './bed.ts';
import { parse, READ_RESULT, stall, withoutAgent } from './iolat.ts';
import type { PartContext } from './part.ts';
import { run, settleDisk, sleep, until } from './run.ts';
import { max, median } from './stats.ts';

const IO_FILE = '/data/io.bin';
const IO_MIB = 64;
const POINTS = [
  'take.intended',
  'take.presynced',
  'take.quiesced',
  'take.frozen',
  'take.switched',
  'take.committed',
];

interface Taken {
  /** Milliseconds from the request to its answer. */
  readonly answer: number;
  readonly freeze: number;
  /** From the flush by the service to the beginning of the freeze: that is ending a settle. */
  readonly cancel: number;
}

export async function freeze(context: PartContext): Promise<void> {
  const sizes = context.quick ? [1, 2] : [1, 40];
  const bed = await Bed.open(join(context.dir, 's'), { bundles: sizes.map(bundle) });
  const medians: number[] = [];
  try {
    for (const gib of sizes) medians.push(await oneSize(context, bed, gib));
  } finally {
    await bed.close();
  }
  context.row({
    what: `answer with ${sizes[1]} GiB allocated to that with ${sizes[0]} GiB`,
    value: medians[1]! / medians[0]!,
    unit: 'x',
    target: { most: 1.5 },
  });
}

async function oneSize(context: PartContext, bed: Bed, gib: number): Promise<number> {
  const { quick, say, row } = context;
  const count = quick ? 5 : 25;
  const desktop = await bed.create(gib);
  await bed.stop(desktop);
  await allocateAll(bed, desktop, gib);
  await bed.start(desktop);
  say(`${gib} GiB: booting, first snapshot`);
  await bed.shell(desktop, `iolat ${IO_FILE} read ${IO_MIB} 1`);
  await bed.archived(await bed.snapshot(desktop, 'data'));
  await bed.idle(desktop, 'data');
  await settleDisk();

  const rest = await whileGuestWrites(bed, desktop, quick ? 12 : 50, async (time) => {
    const all: Taken[] = [];
    while (all.length < count && time.left()) {
      all.push(await take(bed, desktop));
      await bed.idle(desktop, 'data');
      await sleep(50 + Math.random() * 150);
    }
    return all;
  });
  rows(row, `${gib} GiB allocated`, rest.taken);
  row({
    what: `${gib} GiB: guest's longest write in 200 ms, while snapshots are taken`,
    value: stall(rest.guest),
    unit: 'ms',
    n: rest.guest.windows.length,
    worst: max(rest.guest.windows),
  });

  const fill = quick ? 200 : 500;
  await bed.shell(desktop, `iolat /data/fill.bin read ${fill} 1; sync`);
  await settleDisk();
  const settling = await whileGuestWrites(bed, desktop, quick ? 12 : 45, async (time) => {
    const all: Taken[] = [];
    await bed.snapshot(desktop, 'data');
    while (all.length < count && time.left()) {
      await settleRuns();
      await sleep(50 + Math.random() * 250);
      all.push(await take(bed, desktop));
    }
    return all;
  });
  rows(row, `${gib} GiB allocated, while a settle runs`, settling.taken);
  row({
    what: `${gib} GiB, while a settle runs: the part of ending the settle`,
    value: median(settling.taken.map((one) => one.cancel)),
    unit: 'ms',
    n: settling.taken.length,
    worst: max(settling.taken.map((one) => one.cancel)),
  });
  await bed.stop(desktop);
  return median(rest.taken.map((one) => one.answer));
}

function rows(row: PartContext['row'], where: string, taken: readonly Taken[]): void {
  const answers = taken.map((one) => one.answer);
  const freezes = taken.map((one) => one.freeze);
  const n = taken.length;
  row({
    what: `answer, ${where}`,
    value: median(answers),
    unit: 'ms',
    n,
    worst: max(answers),
    target: { most: 60 },
  });
  row({
    what: `freeze itself, ${where}`,
    value: median(freezes),
    unit: 'ms',
    n,
    worst: max(freezes),
    target: { most: 25 },
  });
}

/** The data disk's only layer, with every cluster allocated in its tables, and as little behind them as a file can hold. */
async function allocateAll(bed: Bed, desktop: string, gib: number): Promise<void> {
  const disk = await bed.disk(desktop, 'data');
  const file = bed.layerFile(disk.id, disk.active_layer);
  const { uid, gid } = statSync(file);
  const options = 'cluster_size=128k,extended_l2=on,preallocation=metadata';
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', options, file, `${gib}G`]);
  chownSync(file, uid, gid);
}

/**
 * Runs `work` while the guest writes for so many seconds with its agent stopped; the guest's own latencies come with the
 * result.
 */
async function whileGuestWrites(
  bed: Bed,
  desktop: string,
  seconds: number,
  work: (time: { left(): boolean }) => Promise<Taken[]>,
) {
  await bed.shell(desktop, withoutAgent(IO_FILE, IO_MIB, seconds));
  await sleep(3000);
  const end = performance.now() + (seconds - 4) * 1000;
  const taken = await work({ left: () => performance.now() < end });
  const guest = parse(await bed.shell(desktop, READ_RESULT));
  return { taken, guest };
}

/** Waits until a settle has begun to move data. */
async function settleRuns(): Promise<void> {
  const running = Promise.withResolvers<void>();
  faults.set('settle.running', () => running.resolve());
  await Promise.race([
    running.promise,
    sleep(60_000).then(() => {
      throw new Error('no settle runs');
    }),
  ]);
  faults.set('settle.running', () => {});
}

async function take(bed: Bed, desktop: string): Promise<Taken> {
  const at = new Map<string, number>();
  for (const point of POINTS) faults.set(point, () => void at.set(point, performance.now()));
  const began = performance.now();
  await bed.snapshot(desktop, 'data');
  const answer = performance.now() - began;
  await until('all points', 5, () => (at.size === POINTS.length ? true : undefined));
  const between = (from: string, to: string) => at.get(to)! - at.get(from)!;
  return {
    answer,
    freeze: between('take.quiesced', 'take.frozen'),
    cancel: between('take.presynced', 'take.quiesced'),
  };
}
