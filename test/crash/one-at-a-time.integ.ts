/** What asks for a disk in the same moment: it waits for the other or is refused, and nothing is lost. */
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { Claim } from '../../src/catalogue/nonces.ts';
import { faults } from '../../src/faults.ts';
import { Bed } from './bed.ts';
import { nothingIsLeft, onlyWantedIsStored, resetsAreRight, rowOf, snapshotsAreRight } from './check.ts';
import type { Replay } from './events.ts';
import { type Gate, gate, passed, turns } from './gate.ts';
import { Script } from './steps.ts';
import { REGION, World } from './world.ts';

const bed = new Bed();
afterAll(() => bed.close());

let world: World;
let desktop: string;
let replay: Replay;
let script: Script;
let held: Gate | undefined;
beforeEach(async () => {
  world = await World.open(await bed.copy(true));
  desktop = (await world.desktopId())!;
  replay = Bed.replay();
  script = new Script(world, (event) => replay.add(event));
  held = undefined;
});
afterEach(async () => {
  held?.open();
  faults.clear();
  await world.close();
});

async function allIsRight(): Promise<void> {
  await world.idle();
  if ((await world.status(desktop)) === 'Running') await world.stop(desktop);
  await world.idle();
  await snapshotsAreRight(world, replay);
  if ((await world.status(desktop)) === 'Stopped') await resetsAreRight(world, desktop, replay.kept);
  await nothingIsLeft(world);
}

const remove = () => world.desktops.remove([desktop], Claim.none());

test('StartDesktops waits for a snapshot of the stopped desktop, and QEMU opens the new stack', async () => {
  await script.write('system');
  // A start that finds the lease judges the freeze as if nobody were at it any more.
  const told = passed('desktop.start.opening', 'take.committed', 'freeze.judged');
  held = gate('take.locked');
  const taking = script.take('system');
  await held.reached;
  await world.desktops.start([desktop], Claim.none());
  await turns(world);
  expect(told).toEqual([]);
  held.open();
  await taking;
  await world.desktops.settled();
  expect(told).toEqual(['take.committed', 'desktop.start.opening']);
  expect(await world.status(desktop)).toBe('Running');
  const live = world.desktops.live(desktop, 'system')!;
  expect(await world.pool.topLayer(live)).toBe((await world.disk(desktop, 'system')).active_layer);
  expect((await rowOf(world, 'snapshot 1'))!.consistency).toBe('stopped');
  await script.write('system');
  await script.take('system');
  await allIsRight();
  expect(replay.kept).toHaveLength(2);
});

test('a snapshot that finds its desktop Starting is refused, and the start goes on', async () => {
  held = gate('take.ready');
  const taking = world.take(desktop, 'system', 'refused').catch((error: unknown) => error);
  await held.reached;
  await world.desktops.start([desktop], Claim.none());
  held.open();
  expect(await taking).toMatchObject({ code: 'IncorrectDesktopStatus' });
  await world.desktops.settled();
  expect(await world.status(desktop)).toBe('Running');
  expect(await rowOf(world, 'refused')).toBeUndefined();
  await allIsRight();
});

test.each(['settle.offline.opened', 'settle.merged', 'settle.committed', 'layers.released'])(
  'a snapshot while a settle is at %s',
  async (point) => {
    await script.write('system');
    await script.take('system');
    await world.idle();
    await script.write('system');
    held = gate(point);
    await script.take('system');
    await held.reached;
    const taking = script.take('system');
    await turns(world);
    expect(await rowOf(world, 'snapshot 3')).toMatchObject({ consistency: null });
    held.open();
    await taking;
    expect(replay.snapshots.get('snapshot 3')).toMatchObject({ state: 'taken' });
    await allIsRight();
    expect(replay.kept).toHaveLength(3);
  },
);

test('DeleteDesktops while one snapshot is being stored and another waits: both are stored, then all files go', async () => {
  await script.write('system');
  await script.write('data');
  held = gate('archive.opened');
  await script.take('system');
  await held.reached;
  await script.take('data');
  const disks = [await world.disk(desktop, 'system'), await world.disk(desktop, 'data')];
  await remove();
  await world.desktops.settled();
  await turns(world);
  for (const { id } of disks) expect(await world.pool.listLayers(id)).not.toEqual([]);
  held.open();
  await allIsRight();
  for (const { id } of disks) expect(await world.pool.listLayers(id)).toEqual([]);
  expect(replay.kept).toHaveLength(2);
});

test('DeleteDesktops and DeleteSnapshot while it is being stored: it is called off, and nothing stays', async () => {
  const told = passed('archive.stored');
  held = gate('archive.opened');
  await script.write('system');
  await script.take('system');
  await held.reached;
  await remove();
  await world.desktops.settled();
  await world.snapshots.remove(REGION, [(await rowOf(world, 'snapshot 1'))!.id], Claim.none());
  held.open();
  await world.idle();
  expect(told).toEqual([]);
  expect(await rowOf(world, 'snapshot 1')).toBeUndefined();
  await nothingIsLeft(world);
  await onlyWantedIsStored(world);
});
