/** ResetSnapshot answers after two seconds while a slow reset goes on: what it has promised then, it keeps. */
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { EcdError } from '../../src/errors.ts';
import { faults } from '../../src/faults.ts';
import { Bed } from './bed.ts';
import { diskIsRight, nothingIsLeft } from './check.ts';
import { Script } from './steps.ts';
import { World } from './world.ts';

const bed = new Bed();
afterAll(() => bed.close());

let world: World;
let desktop: string;
let id: string;
let replay: ReturnType<typeof Bed.replay>;
let log: string;

beforeEach(async () => {
  log = '';
  const logTo = (line: string) => (log += line);
  world = await World.open(await bed.copy(true), { logLevel: 'warn', logTo });
  desktop = (await world.desktopId())!;
  replay = Bed.replay();
  const script = new Script(world, (event) => replay.add(event));
  // Two, settled: the way back to the first goes by the difference.
  for (let n = 0; n < 2; n++) {
    await script.write('data');
    await script.take('data');
    await world.idle();
  }
  await script.write('data');
  id = replay.kept[0]!.id!;
});
afterEach(async () => {
  faults.clear();
  await world.close();
});

const slow = () => new Promise((resolve) => setTimeout(resolve, 2200));
const lost = new EcdError('Qemu.TimedOut', { command: 'blockdev-add', ms: 10_000 });

/** Fails the first `count` tries after `wait`. */
function failing(error: EcdError, count: number, wait: () => Promise<unknown>): void {
  let passed = 0;
  faults.set('reset.opened', async () => {
    if (++passed > count) return;
    await wait();
    throw error;
  });
}

async function itIs(what: 'reset' | 'as it was'): Promise<void> {
  const model = what === 'reset' ? replay.kept[0]!.model : replay.contents('data')[0]!;
  await diskIsRight(world, desktop, 'data', [model]);
  await nothingIsLeft(world);
}

test('a daemon that did not answer costs time and not the reset', async () => {
  failing(lost, 2, slow);
  await world.reset(id);
  await world.idle();
  expect(log).toMatch(/it is tried again/);
  await itIs('reset');
});

test('before it has promised anything it says what went wrong, and the disk is as it was', async () => {
  failing(lost, 1, async () => {});
  await expect(world.reset(id)).rejects.toMatchObject({ code: 'Qemu.TimedOut' });
  await world.idle();
  await itIs('as it was');
});

test('what no second try can mend ends it', async () => {
  failing(new EcdError('Vault.Damaged', { what: 'a chunk' }), 1, slow);
  await world.reset(id);
  await world.idle();
  expect(log).toMatch(/a reset failed; the disk is as it was/);
  await itIs('as it was');
});
