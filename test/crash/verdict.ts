/** After a crash: the service comes back on the directory and everything that must be true is looked at. */
import { Claim } from '../../src/catalogue/nonces.ts';
import type { DiskType } from '../../src/catalogue/schema.ts';
import type { Bed, CaseRun } from './bed.ts';
import {
  diskIsRight,
  imagesAreRight,
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
import type { Replay, TakenSnapshot } from './events.ts';
import { IMAGE } from './model.ts';
import { Script } from './steps.ts';
import { REGION, World } from './world.ts';

const TYPES: readonly DiskType[] = ['system', 'data'];

/** Judges a case and removes its directory; a failure says what the child told and logged. */
export async function judged(bed: Bed, run: CaseRun): Promise<void> {
  let log = '';
  try {
    await judge(run, (line) => {
      log += line;
    });
  } catch (error) {
    const told = run.replay.events.filter(({ e }) => e !== 'write').map((event) => JSON.stringify(event));
    const story = `${told.slice(-40).join('\n')}\n${run.stderr.slice(-6000)}\nthen:\n${log.slice(-12000)}`;
    throw new Error(`${(error as Error).stack}\n${story}`, { cause: error });
  } finally {
    bed.told(run.dir, log);
    await bed.sweep(run.dir);
  }
}

/** Throws with what is wrong. Leaves the directory with nothing but its image, and no process. */
export async function judge({ dir, replay }: CaseRun, logTo?: (line: string) => void): Promise<void> {
  const kept = replay.kept;
  const world = await World.open(dir, logTo === undefined ? {} : { logLevel: 'info', logTo });
  const script = new Script(world, (event) => replay.add(event), 100);
  try {
    const desktop = await world.desktopId();
    // What QEMU still does for the dead service must not stand in the way.
    if (desktop !== null && (await world.status(desktop)) === 'Running')
      await mustTake(script, replay, 'system');
    await world.idle();
    await snapshotsAreRight(world, replay);
    await imagesAreRight(world, replay);
    await nothingIsLeft(world);
    must(desktop === null || replay.removal !== 'done', 'the deleted desktop is there');
    if (desktop !== null) await desktopIsRight(world, desktop, script, replay, kept);
    await imagesAreSound(world);
    await vaultIsRight(world);
    await allGoes(world, desktop);
  } finally {
    await world.close();
  }
  await noDaemonIsLeft(dir);
}

/** New snapshots must succeed. */
async function mustTake(script: Script, replay: Replay, disk: DiskType): Promise<void> {
  await script.take(disk);
  const last = replay.events.at(-1);
  must(last?.e === 'taken', `a new snapshot: ${JSON.stringify(last)}`);
}

async function desktopIsRight(
  world: World,
  desktop: string,
  script: Script,
  replay: Replay,
  kept: readonly TakenSnapshot[],
): Promise<void> {
  const was = await world.status(desktop);
  must(was === 'Running' || was === 'Stopped', `the desktop is ${was}`);
  if (was === 'Running') {
    await script.write('system');
    await mustTake(script, replay, 'system');
    await script.write('system');
    await world.stop(desktop);
  }
  await world.idle();
  for (const type of TYPES) {
    replay.found(type, await diskIsRight(world, desktop, type, replay.contents(type)));
    await stackIsShort(world, desktop, type);
  }
  await mustTake(script, replay, 'data');
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
  const images = await db.selectFrom('images').select('id').where('name', '!=', IMAGE).execute();
  if (images.length > 0)
    await world.snapshots.removeImages(
      images.map(({ id }) => id),
      Claim.none(),
    );
  await world.idle();
  await nothingIsLeft(world);
  const disks = await db.selectFrom('disks').select('id').execute();
  must(disks.length === 0, `disks are left: ${JSON.stringify(disks)}`);
  await onlyWantedIsStored(world);
}
