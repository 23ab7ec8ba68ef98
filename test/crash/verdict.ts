/** After a crash: the service comes back on the directory and everything that must be true is looked at. */
import { Claim } from '../../src/catalogue/nonces.ts';
import type { DiskType } from '../../src/catalogue/schema.ts';
import type { Bed, CaseRun } from './bed.ts';
import {
  diskIsRight,
  imagesAreSound,
  must,
  noDaemonIsLeft,
  nothingIsLeft,
  onlyWantedIsStored,
  resetsAreRight,
  snapshotsAreRight,
  stackIsShort,
  vaultIsRight,
} from './check.ts';
import { Script } from './steps.ts';
import { REGION, World } from './world.ts';

const TYPES: readonly DiskType[] = ['system', 'data'];

/** Judges a case and removes its directory; a failure says what the child told and logged. */
export async function judged(bed: Bed, run: CaseRun): Promise<void> {
  try {
    await judge(run);
  } catch (error) {
    const told = run.replay.events.filter(({ e }) => e !== 'write').map((event) => JSON.stringify(event));
    const story = `${told.slice(-40).join('\n')}\n${run.stderr.slice(-6000)}`;
    throw new Error(`${(error as Error).stack}\n${story}`, { cause: error });
  } finally {
    await bed.sweep(run.dir);
  }
}

/** Throws with what is wrong. Leaves the directory with nothing but its image, and no process. */
export async function judge({ dir, replay }: CaseRun): Promise<void> {
  const world = await World.open(dir);
  try {
    await world.idle();
    await snapshotsAreRight(world, replay);
    await nothingIsLeft(world);
    const desktop = await world.desktopId();
    must(desktop === null || replay.removal !== 'done', 'the deleted desktop is there');
    if (desktop !== null) await desktopIsRight(world, desktop, replay);
    await imagesAreSound(world);
    await vaultIsRight(world);
    await allGoes(world, desktop);
  } finally {
    await world.close();
  }
  await noDaemonIsLeft(dir);
}

async function desktopIsRight(world: World, desktop: string, replay: CaseRun['replay']): Promise<void> {
  const kept = replay.kept;
  // New work must succeed as well.
  const script = new Script(world, (event) => replay.add(event), 100);
  const was = await world.status(desktop);
  must(was === 'Running' || was === 'Stopped', `the desktop is ${was}`);
  if (was === 'Running') {
    await script.write('system');
    await script.take('system');
    await script.write('system');
    await world.stop(desktop);
  }
  await world.idle();
  for (const type of TYPES) {
    await diskIsRight(world, desktop, type, replay.contents(type));
    await stackIsShort(world, desktop, type);
  }
  await script.take('data');
  await world.idle();
  await snapshotsAreRight(world, replay);
  await resetsAreRight(world, desktop, kept);
  await nothingIsLeft(world);
}

/** When all is deleted, nothing is left but the image. */
async function allGoes(world: World, desktop: string | null): Promise<void> {
  const { db } = world.catalogue;
  const rows = await db.selectFrom('snapshots').select('id').execute();
  const ids = rows.map(({ id }) => id);
  if (ids.length > 0) await world.snapshots.remove(REGION, ids, Claim.none());
  if (desktop !== null) await world.desktops.remove([desktop], Claim.none());
  await world.idle();
  await nothingIsLeft(world);
  const disks = await db.selectFrom('disks').select('id').execute();
  must(disks.length === 0, `disks are left: ${JSON.stringify(disks)}`);
  await onlyWantedIsStored(world);
}
