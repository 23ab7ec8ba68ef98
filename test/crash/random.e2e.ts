/**
 * kill -9 at whatever moment: snapshots, writes, resets and deletes on both disks at once, and then the service, its
 * QEMU, its storage daemons die. A case follows from its seed but for the exact moment.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { Bed, type Kill } from './bed.ts';
import { numbers } from './model.ts';
import { judged } from './verdict.ts';

const COUNT = process.env['OPENECD_TEST_TIER'] === 'full' ? 300 : 15;
/** Another one tries other moments: OPENECD_TEST_SEED. */
const SEED = Number(process.env['OPENECD_TEST_SEED'] ?? Math.floor(Date.now() / 1000) % 1_000_000);

const bed = new Bed();
afterAll(() => bed.close());

function killsOf(random: (below: number) => number): Kill[] {
  const end = 200 + random(5000);
  const before = () => random(end);
  const service: Kill = { what: 'service', afterMs: end };
  const qemu: Kill = { what: 'qemu-system', afterMs: before() };
  const daemons: Kill = { what: 'qemu-storage', afterMs: before() };
  const together: Kill = { what: 'qemu-system', afterMs: end };
  return [[service], [qemu, service], [daemons, service], [together, service]][random(4)]!;
}

describe.concurrent(`at random instants, seed ${SEED}`, () => {
  const seeds = Array.from({ length: COUNT }, (_, n) => SEED * 1000 + n);
  const table = seeds.map((seed) => {
    const kills = killsOf(numbers(seed));
    return [seed, kills.map(({ what, afterMs }) => `${what} after ${afterMs} ms`).join(', '), kills] as const;
  });
  test.each(table)('%i: %s', (seed, _, kills) =>
    bed.inTurn(async () => {
      const run = await bed.run({ steps: [`busy ${seed}`], kills });
      expect(run.died).toBe(true);
      await judged(bed, run);
    }),
  );
});
