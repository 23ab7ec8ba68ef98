/** The storage daemon of a killed service goes on merging: the next service ends it before it touches a disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { loadStack } from '../../src/catalogue/stacks.ts';
import { DataDir } from '../../src/data-dir.ts';
import { Qcow2Pool } from '../../src/disks/qcow2/pool.ts';
import type { Stack } from '../../src/disks/types.ts';
import { SILENT } from '../../src/qemu/log.ts';
import { Bed } from './bed.ts';
import { diskIsRight, nothingIsLeft, resetsAreRight, snapshotsAreRight } from './check.ts';
import { processesOf, within } from './processes.ts';
import { Script } from './steps.ts';
import { World } from './world.ts';

const bed = new Bed();
afterAll(() => bed.close());

const DAEMON = fileURLToPath(new URL('../../src/qemu/storage-daemon.ts', import.meta.url));
const STEPS = ['take system', 'idle', 'big system', 'take system', 'idle'];

/** Another process begins the settle of the stack, so slowly that it takes a minute, and is killed meanwhile. */
async function orphan(dir: DataDir, stack: Stack): Promise<number> {
  const { disks: disksDir, images: imagesDir, daemons: runDir } = dir;
  const pool = new Qcow2Pool({ disksDir, imagesDir, runDir, log: SILENT });
  const [bottom, top, active] = stack.layers;
  const job = { 'job-id': 'settle', device: active, 'base-node': bottom, 'top-node': top, speed: 64 * 1024 };
  const code = `
    import { StorageDaemon } from ${JSON.stringify(DAEMON)};
    const daemon = await StorageDaemon.start({ dir: ${JSON.stringify(runDir)} });
    await daemon.add(${JSON.stringify(pool.blockdevs(stack))});
    await daemon.qmp.execute('block-commit', ${JSON.stringify(job)});
    const merged = async () => (await daemon.qmp.execute('query-jobs'))[0]['current-progress'];
    while ((await merged()) === 0);
    process.stdout.write(String(daemon.process.pid) + '\\n');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await within(20, 'it merges', once(child.stdout, 'data'))) as [Buffer];
  child.kill('SIGKILL');
  await once(child, 'exit');
  return Number(line.toString());
}

test('a snapshot right after the start of the service finds the disk free, half merged as it is', async () => {
  const run = await bed.run({ steps: STEPS, fault: 'settle.begun=kill' });
  expect(run.died, run.stderr).toBe(true);
  const dir = DataDir.open(run.dir, { create: false });
  const catalogue = Catalogue.open(dir.catalogue);
  const disks = catalogue.db.selectFrom('disks').selectAll().where('settling_layer', 'is not', null);
  const stack = await loadStack(catalogue.db, await disks.executeTakeFirstOrThrow());
  await catalogue.close();
  const pid = await orphan(dir, stack);
  const alive = async () => (await processesOf(run.dir)).some((each) => each.pid === pid);
  expect(await alive()).toBe(true);

  const world = await World.open(run.dir);
  try {
    expect(await alive()).toBe(false);
    const script = new Script(world, (event) => run.replay.add(event), 2);
    await script.take('system');
    expect(run.replay.snapshots.get('snapshot 3')).toMatchObject({ state: 'taken' });
    await world.idle();
    const desktop = (await world.desktopId())!;
    await snapshotsAreRight(world, run.replay);
    await diskIsRight(world, desktop, 'system', run.replay.contents('system'));
    await resetsAreRight(world, desktop, run.replay.kept);
    await nothingIsLeft(world);
  } finally {
    await world.close();
  }
});
