/** Holding what goes on in this process at a named point, and letting all the rest go on meanwhile. */
import { setImmediate } from 'node:timers/promises';
import { faults } from '../../src/faults.ts';
import { within } from './processes.ts';
import type { World } from './world.ts';

const TURNS = 300;

export interface Gate {
  /** Somebody has come to the point. */
  readonly reached: Promise<void>;
  open(): void;
}

/** Whoever comes to the point waits until the gate is opened; afterwards nobody does. */
export function gate(point: string): Gate {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  faults.set(point, () => {
    reached.resolve();
    return opened.promise;
  });
  return { reached: within(30, `somebody is at ${point}`, reached.promise), open: opened.resolve };
}

/** Notes the points as they are passed. */
export function passed(...points: string[]): string[] {
  const told: string[] = [];
  for (const point of points) faults.set(point, () => void told.push(point));
  return told;
}

/** Whatever waits for nobody has long had its turn, at the database and at the file system. */
export async function turns(world: World): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    await world.catalogue.db.selectFrom('desktops').select('id').execute();
    await world.pool.freeBytes();
    await setImmediate();
  }
}
