/** A snapshot depends on no other: of four of a disk, each remaining one is whole whatever was deleted in which order. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Claim } from '../../src/catalogue/nonces.ts';
import { Bed } from './bed.ts';
import {
  nothingIsLeft,
  onlyWantedIsStored,
  resetsAreRight,
  snapshotsAreRight,
  vaultIsRight,
} from './check.ts';
import type { Replay } from './events.ts';
import { Script } from './steps.ts';
import { REGION, World } from './world.ts';

const bed = new Bed();
afterAll(() => bed.close());

function permutations(items: readonly number[]): number[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((first) =>
    permutations(items.filter((each) => each !== first)).map((rest) => [first, ...rest]),
  );
}

describe('four snapshots of a disk, deleted in every order', () => {
  let template: string;
  const events = Bed.replay();

  beforeAll(async () => {
    template = await bed.copy(true);
    const world = await World.open(template);
    const script = new Script(world, (event) => events.add(event));
    for (let n = 1; n <= 4; n++) {
      await script.write('system');
      await script.take('system');
      await world.idle();
    }
    await script.write('system');
    await world.close();
  });

  test.each(permutations([1, 2, 3, 4]).map((order) => [order.join(', '), order] as const))(
    '%s',
    async (_, order) => {
      const dir = await bed.copyOf(template);
      const replay: Replay = Bed.replay();
      for (const event of events.events) replay.add(event);
      const world = await World.open(dir);
      try {
        const desktop = (await world.desktopId())!;
        for (const n of order.slice(0, 3)) {
          const name = `snapshot ${n}`;
          const { id } = replay.snapshots.get(name)!;
          replay.add({ e: 'deleting', name });
          await world.snapshots.remove(REGION, [id!], Claim.none());
          replay.add({ e: 'deleted', name });
          await world.idle();
          await onlyWantedIsStored(world);
          await snapshotsAreRight(world, replay);
        }
        await vaultIsRight(world);
        await resetsAreRight(world, desktop, replay.kept);
        await nothingIsLeft(world);
      } finally {
        await world.close();
        await bed.sweep(dir);
      }
    },
  );
});
