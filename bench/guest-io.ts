/**
 * What a guest sees of its disk: random 4 KiB accesses on a plain qcow2 file and on OpenECD's stack (golden image, base,
 * active layer), at rest, while its data disk is archived, and while its own frozen layer is settled.
 *
 * Two guests run at the same time, one on each kind of disk, and are measured in turn, so that the machine's moods meet
 * both.
 */
import { join as joinPath, resolve } from 'node:path';
import { buildDemoImage } from '../images/build.ts';
import { faults } from '../src/faults.ts';
import { Bed, bundle } from './bed.ts';
import { iolat, join, type Latencies, rate, type Shell, stall } from './iolat.ts';
import { serviceAccelerator } from './machine.ts';
import type { PartContext } from './part.ts';
import { PlainGuest } from './plain-guest.ts';
import { run, settleDisk, sleep } from './run.ts';
import { max } from './stats.ts';
import { systemDisk } from './system-disk.ts';

const CACHE = resolve(import.meta.dirname, '../.cache');
const FILE = '/var/bench.bin';
const MODES = ['read', 'write'] as const;

type Both = Record<(typeof MODES)[number], Latencies>;

export async function guestIo(context: PartContext): Promise<void> {
  const { dir, quick, say } = context;
  const disk = await systemDisk(quick, say);
  const gib = disk.virtualBytes / 1024 ** 3;
  const image = joinPath(dir, 'plain.qcow2');
  await run('qemu-img', ['convert', '-O', 'qcow2', await buildDemoImage({ cacheDir: CACHE }), image]);
  const bed = await Bed.open(joinPath(dir, 's'), { bundles: [bundle(gib)] });
  let plain: PlainGuest | undefined;
  try {
    const desktop = await bed.create(gib);
    await bed.stop(desktop);
    await bed.writing(desktop, 'data', (_, url) =>
      run('qemu-img', ['convert', '-n', '-W', '-f', 'qcow2', '-O', 'raw', disk.file, url]),
    );
    await bed.start(desktop);
    plain = await PlainGuest.start(
      joinPath(dir, 'g'),
      [{ device: 'system', file: image }],
      await serviceAccelerator(),
    );
    await measure(context, bed, desktop, plain.shell.bind(plain));
  } finally {
    await plain?.close();
    await bed.close();
  }
}

async function measure(context: PartContext, bed: Bed, desktop: string, plain: Shell): Promise<void> {
  const { quick, say } = context;
  const mib = quick ? 64 : 256;
  const seconds = quick ? 2 : 5;
  const own: Shell = (script, limit) => bed.shell(desktop, script, limit);
  say('making the files');
  for (const shell of [plain, own]) await shell(`iolat ${FILE} read ${mib} 1`);
  await bed.archived(await bed.snapshot(desktop, 'system'));
  await bed.idle(desktop, 'system');
  await settleDisk();

  const fresh = await iolat(own, FILE, 'write', mib, seconds);
  const turns: { plain: Both; own: Both }[] = [];
  for (let i = 0; i < (quick ? 1 : 3); i++)
    turns.push({ plain: await both(plain, mib, seconds), own: await both(own, mib, seconds) });
  const reference = joined(turns.map((turn) => turn.plain));
  report(context, 'plain qcow2', reference, null);
  report(context, 'at rest', joined(turns.map((turn) => turn.own)), { reference, least: 95 });
  one(context, 'write into a layer that is fresh from a snapshot', fresh, { reference: reference.write });

  await settleDisk();
  const archiving = await during(
    bed,
    'archive',
    () => bed.snapshot(desktop, 'data'),
    () => both(own, mib, seconds),
  );
  report(
    context,
    'while its data disk is archived',
    archiving.measured,
    { reference, least: 80 },
    archiving.whole,
  );

  await own(`iolat /var/fill.bin read ${quick ? 300 : 1300} 1; sync`, 300);
  await settleDisk();
  const settling = await during(
    bed,
    'settle',
    () => bed.snapshot(desktop, 'system'),
    () => both(own, mib, seconds),
  );
  report(context, 'while its disk is settled', settling.measured, { reference, least: 80 }, settling.whole);
  await bed.idle(desktop, 'system');
  await freezes(context, bed, desktop, own, mib);
}

async function both(shell: Shell, mib: number, seconds: number): Promise<Both> {
  return {
    read: await iolat(shell, FILE, 'read', mib, seconds),
    write: await iolat(shell, FILE, 'write', mib, seconds),
  };
}

function joined(turns: readonly Both[]): Both {
  return { read: join(turns.map((turn) => turn.read)), write: join(turns.map((turn) => turn.write)) };
}

/** Measures once the work has begun; `whole`: it still ran at the end. */
async function during(
  bed: Bed,
  work: 'archive' | 'settle',
  start: () => Promise<string>,
  measured: () => Promise<Both>,
): Promise<{ measured: Both; whole: boolean }> {
  const begun = Promise.withResolvers<void>();
  let ended = false;
  faults.set(work === 'archive' ? 'archive.opened' : 'settle.running', () => begun.resolve());
  faults.set(work === 'archive' ? 'archive.stored' : 'settle.merged', () => {
    ended = true;
  });
  const id = await start();
  await begun.promise;
  const result = await measured();
  const whole = !ended;
  await bed.archived(id);
  faults.clear();
  return { measured: result, whole };
}

/** The longest write around a freeze, with the guest agent as it is: file systems are frozen too. */
async function freezes(
  context: PartContext,
  bed: Bed,
  desktop: string,
  own: Shell,
  mib: number,
): Promise<void> {
  const count = context.quick ? 2 : 8;
  const seconds = count * 2;
  await own(
    `(sleep 1; exec setsid iolat ${FILE} write ${mib} ${seconds} >/run/freezes.json) </dev/null >/dev/null 2>&1 &`,
  );
  await sleep(2000);
  for (let i = 0; i < count; i++) {
    await bed.snapshot(desktop, 'system');
    await sleep(1300);
  }
  const said = await own(`while ! [ -s /run/freezes.json ]; do sleep 1; done; cat /run/freezes.json`, 60);
  const { windowMaxUs } = JSON.parse(said) as { windowMaxUs: number[] };
  const longest = windowMaxUs
    .map((us) => us / 1000)
    .sort((a, b) => b - a)
    .slice(0, count);
  context.row({
    what: `write stall of a freeze with a guest agent (the longest ${count} of ${count} freezes, median)`,
    value: longest[Math.floor(count / 2)]!,
    unit: 'ms',
    n: count,
    worst: longest[0]!,
    note: 'the agent freezes and thaws the file system around it; without an agent, see the part freeze',
  });
}

interface Against {
  readonly reference: Both;
  readonly least: number;
}

function report(
  context: PartContext,
  where: string,
  measured: Both,
  against: Against | null,
  whole = true,
): void {
  for (const mode of MODES) {
    const to = against === null ? null : { reference: against.reference[mode], least: against.least };
    one(context, `4k random ${mode}, ${where}`, measured[mode], to, whole);
  }
}

function one(
  { row, quick }: PartContext,
  what: string,
  measured: Latencies,
  against: { readonly reference: Latencies; readonly least?: number } | null,
  whole = true,
): void {
  const n = measured.windows.length;
  row({ what, value: rate(measured), unit: 'accesses/s', n: measured.ops });
  if (against !== null) {
    row({
      what: `${what}, part of plain`,
      value: (100 * rate(measured)) / rate(against.reference),
      unit: '%',
      ...(against.least === undefined || quick ? {} : { target: { least: against.least } }),
      ...(whole ? {} : { note: 'the work in the background ended before the measurement did' }),
    });
  }
  row({
    what: `${what}: longest in 200 ms, median`,
    value: stall(measured),
    unit: 'ms',
    n,
    worst: max(measured.windows),
  });
}
