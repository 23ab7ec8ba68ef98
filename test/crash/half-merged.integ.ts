/**
 * A disk that is made new while a settle of its old stack is unfinished: the layers below hold neither what they held
 * nor what they were to hold, and nobody may build on them again.
 */
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { EcdError } from '../../src/errors.ts';
import { faults } from '../../src/faults.ts';
import { Bed } from './bed.ts';
import { SLOW_SETTLE } from './cases.ts';
import { diskIsRight, nothingIsLeft, resetsAreRight, snapshotsAreRight } from './check.ts';
import { type Gate, gate } from './gate.ts';
import { Script } from './steps.ts';
import { World } from './world.ts';

const bed = new Bed();
afterAll(() => bed.close());

let world: World;
let desktop: string;
let log: string;
let script: Script;
let storing: Gate;
let replay: ReturnType<typeof Bed.replay>;

beforeEach(async () => {
  log = '';
  replay = Bed.replay();
  const logTo = (line: string) => (log += line);
  world = await World.open(await bed.copy(true), { ...SLOW_SETTLE, logLevel: 'info', logTo });
  desktop = (await world.desktopId())!;
  script = new Script(world, (event) => replay.add(event));
});
afterEach(async () => {
  storing?.open();
  faults.clear();
  await world.close();
});

const model = (name: string) => replay.snapshots.get(name)!.model;

test.each([
  ['is read when the disk is made new', 'archive.opened'],
  ['holds nothing', 'archive.flushed'],
])('a snapshot of a layer below it comes from the vault, byte for byte; the last layer %s', async (_, at) => {
  await script.write('system');
  await script.take('system');
  await world.idle();
  await world.start(desktop);
  // A layer of 3 MiB over the first snapshot's is merged into that at 1 MiB a second, until QEMU ends.
  const half = Promise.withResolvers<void>();
  let looks = 0;
  faults.set('settle.running', () => void (++looks === 3 && half.resolve()));
  await script.run(['big system']);
  await script.take('system');
  if (at === 'archive.opened') await script.write('system');
  await half.promise;
  faults.set('settle.begun', () => {
    throw new EcdError('Qemu.ConnectionLost', { what: 'the settle of this test' });
  });
  await world.stop(desktop);
  const { diskId, imageId, sizeBytes, layers } = await world.stack(desktop, 'system');
  expect((await world.disk(desktop, 'system')).settling_layer).toBe(layers[1]);

  // A snapshot that is not stored yet keeps the old stack as a branch when the disk is made new.
  storing = gate(at);
  await script.take('system');
  await storing.reached;
  await world.rebuild(desktop, undefined);
  expect(await world.pool.listLayers(diskId)).toEqual(expect.arrayContaining([...layers]));
  const bottom = { diskId, imageId, sizeBytes, layers: layers.slice(0, 1) };
  expect(model('snapshot 1').mismatch(await world.readStack(bottom))).not.toBeNull();

  await world.reset(replay.snapshots.get('snapshot 1')!.id!);
  expect(log).toMatch(/"way":"difference"/);
  await diskIsRight(world, desktop, 'system', [model('snapshot 1')]);
  storing.open();
  faults.clear();
  await world.idle();
  await diskIsRight(world, desktop, 'system', [model('snapshot 1')]);
  await snapshotsAreRight(world, replay);
  await resetsAreRight(world, desktop, replay.kept);
  expect(replay.kept).toHaveLength(3);
  await world.idle();
  await nothingIsLeft(world);
});
