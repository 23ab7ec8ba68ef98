/** A disk that another process has open is refused, and nothing comes of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Bed } from './bed.ts';
import { nothingIsLeft, resetsAreRight, rowOf, snapshotsAreRight } from './check.ts';
import type { Replay } from './events.ts';
import { within } from './processes.ts';
import { Script } from './steps.ts';
import { World } from './world.ts';

const bed = new Bed();
afterAll(() => bed.close());

describe('a disk in use elsewhere', () => {
  let world: World;
  let desktop: string;
  let script: Script;
  let replay: Replay;
  let holder: ChildProcess | undefined;

  beforeEach(async () => {
    const dir = await bed.copy(true);
    world = await World.open(dir);
    desktop = (await world.desktopId())!;
    replay = Bed.replay();
    script = new Script(world, (event) => replay.add(event));
    await script.write('system');
    await script.take('system');
    await world.idle();
  });

  afterEach(async () => {
    await letGo();
    await world.close();
    await bed.sweep(world.dir.path);
  });

  /** Another program opens the active layer for writing, as an administrator's QEMU would. */
  async function hold(): Promise<void> {
    const { diskId, layers } = await world.stack(desktop, 'system');
    const filename = join(world.dir.disks, diskId, `${layers.at(-1)}.qcow2`);
    const image = { driver: 'qcow2', backing: null, file: { driver: 'file', filename } };
    holder = spawn('qemu-io', [`json:${JSON.stringify(image)}`], { stdio: ['pipe', 'pipe', 'ignore'] });
    const ready = new Promise<void>((resolve) => {
      holder!.stdout!.on('data', (said: Buffer) => said.includes('MiB') && resolve());
    });
    holder.stdin!.write('length\n');
    await within(20, 'qemu-io has the disk', ready);
  }

  async function letGo(): Promise<void> {
    if (holder === undefined) return;
    const gone = new Promise((resolve) => holder!.once('close', resolve));
    holder.stdin!.end('quit\n');
    await gone;
    holder = undefined;
  }

  test('CreateSnapshot: DiskInUse, no row, no lease; later it works', async () => {
    await hold();
    await expect(world.take(desktop, 'system', 'refused')).rejects.toMatchObject({
      code: 'OperationDenied.DiskInUse',
    });
    expect(await rowOf(world, 'refused')).toBeUndefined();
    await nothingIsLeft(world);
    // Another disk of the same desktop is not concerned.
    await script.take('data');
    await letGo();
    await script.take('system');
    await world.idle();
    await snapshotsAreRight(world, replay);
    expect(replay.kept).toHaveLength(3);
    await nothingIsLeft(world);
  });

  test('StartDesktops: Stopped with the reason; later it starts', async () => {
    await hold();
    await world.start(desktop);
    const row = await world.catalogue.db.selectFrom('desktops').selectAll().executeTakeFirstOrThrow();
    expect(row.status).toBe('Stopped');
    expect(row.stop_reason).toMatch(/lock/);
    await letGo();
    await world.start(desktop);
    expect(await world.status(desktop)).toBe('Running');
    await world.stop(desktop);
    await world.idle();
    await nothingIsLeft(world);
  });

  test('ResetSnapshot: DiskInUse, the disk is as it was; later it works', async () => {
    await hold();
    const before = (await world.stack(desktop, 'system')).layers;
    const [first] = replay.kept;
    await expect(world.reset(first!.id!)).rejects.toMatchObject({ code: 'OperationDenied.DiskInUse' });
    await world.idle();
    expect((await world.stack(desktop, 'system')).layers).toEqual(before);
    await nothingIsLeft(world);
    await letGo();
    await resetsAreRight(world, desktop, replay.kept);
  });

  test('a second service on the directory is refused', async () => {
    await expect(World.open(world.dir.path)).rejects.toMatchObject({ code: 'Service.Locked' });
  });
});
