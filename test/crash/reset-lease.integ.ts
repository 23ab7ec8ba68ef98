/** A reset whose service was killed goes on in the next one, and until it is done nobody else touches the disk. */
import { afterAll, afterEach, expect, test } from 'vitest';
import { Claim } from '../../src/catalogue/nonces.ts';
import { faults } from '../../src/faults.ts';
import { Bed } from './bed.ts';
import { diskIsRight, nothingIsLeft, resetsAreRight, rowOf, snapshotsAreRight } from './check.ts';
import type { Replay } from './events.ts';
import { type Gate, gate, passed, turns } from './gate.ts';
import { World } from './world.ts';

const bed = new Bed();
afterAll(() => bed.close());

const CONFLICT = { code: 'OperationConflict' };
/** The second snapshot is still to be stored, and its layer then to be settled. */
const STEPS = ['write system', 'take system', 'idle', 'write system', 'take system', 'reset 1'];

let world: World;
let desktop: string;
let replay: Replay;
let reset: Gate;
let told: string[];

/** The next service, in which the reset that the last one had promised is held at this point. */
async function heldAt(point: string): Promise<void> {
  const run = await bed.run({ steps: STEPS, fault: 'reset.intended=kill' });
  expect(run.died, run.stderr).toBe(true);
  replay = run.replay;
  told = passed('reset.committed', 'desktop.start.opening', 'settle.begun', 'remove.disk.released');
  reset = gate(point);
  world = await World.open(run.dir);
  desktop = (await world.desktopId())!;
  await reset.reached;
  const { intent } = await world.disk(desktop, 'system');
  expect(JSON.parse(intent!)).toEqual({ kind: 'reset', snapshotId: (await rowOf(world, 'snapshot 1'))!.id });
  // What does not touch the disk goes on.
  await expect.poll(async () => (await rowOf(world, 'snapshot 2'))!.status).toBe('ACCOMPLISHED');
}

afterEach(async () => {
  reset.open();
  faults.clear();
  await world.close();
});

test('no snapshot, no other reset and no settle; a start waits, and runs what the reset has made', async () => {
  // The new stack is written, and the disk is still the old one.
  await heldAt('reset.prepared');
  const before = await world.disk(desktop, 'system');
  await expect(world.take(desktop, 'system', 'refused')).rejects.toMatchObject(CONFLICT);
  await expect(world.reset((await rowOf(world, 'snapshot 2'))!.id)).rejects.toMatchObject(CONFLICT);
  await expect(world.rebuild(desktop, undefined)).rejects.toMatchObject(CONFLICT);
  await world.desktops.start([desktop], Claim.none());
  await world.snapshots.desktopChanged(desktop);
  await turns(world);
  expect(told).toEqual([]);
  expect(await world.status(desktop)).toBe('Starting');
  expect(await world.disk(desktop, 'system')).toEqual(before);
  reset.open();
  await world.idle();
  expect(told.slice(0, 2)).toEqual(['reset.committed', 'desktop.start.opening']);
  expect(await world.status(desktop)).toBe('Running');
  const live = world.desktops.live(desktop, 'system')!;
  expect(await world.pool.topLayer(live)).toBe((await world.disk(desktop, 'system')).active_layer);
  await world.stop(desktop);
  await world.idle();
  const first = replay.kept.find(({ name }) => name === 'snapshot 1')!;
  await diskIsRight(world, desktop, 'system', [first.model]);
  expect(await rowOf(world, 'refused')).toBeUndefined();
  await snapshotsAreRight(world, replay);
  await resetsAreRight(world, desktop, replay.kept);
  await nothingIsLeft(world);
});

test('a start waits for a reset that has not begun yet as well', async () => {
  await heldAt('reset.intended');
  await world.desktops.start([desktop], Claim.none());
  await turns(world);
  expect(told.filter((point) => point !== 'settle.begun')).toEqual([]);
  expect(await world.status(desktop)).toBe('Starting');
  reset.open();
  await world.idle();
  expect(told.indexOf('reset.committed')).toBeLessThan(told.indexOf('desktop.start.opening'));
  expect(await world.status(desktop)).toBe('Running');
  await world.stop(desktop);
  await world.idle();
  const first = replay.kept.find(({ name }) => name === 'snapshot 1')!;
  await diskIsRight(world, desktop, 'system', [first.model]);
  await nothingIsLeft(world);
});

test('the files of a desktop that is deleted meanwhile go after it', async () => {
  await heldAt('reset.prepared');
  const { id } = await world.disk(desktop, 'system');
  await world.desktops.remove([desktop], Claim.none());
  await world.desktops.settled();
  await turns(world);
  // The other disk's have gone: nobody has to do with that one.
  expect(told).toEqual(['remove.disk.released']);
  expect(await world.pool.listLayers(id)).not.toEqual([]);
  reset.open();
  await world.idle();
  expect(told).toEqual(['remove.disk.released', 'reset.committed', 'remove.disk.released']);
  await snapshotsAreRight(world, replay);
  await nothingIsLeft(world);
});
