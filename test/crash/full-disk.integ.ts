/** File systems that are really full: the one operation fails or waits, all else goes on, and space makes it good. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Claim } from '../../src/catalogue/nonces.ts';
import { EcdError } from '../../src/errors.ts';
import { Bed } from './bed.ts';
import {
  diskIsRight,
  nothingIsLeft,
  resetsAreRight,
  rowOf,
  snapshotsAreRight,
  vaultIsRight,
} from './check.ts';
import { Script } from './steps.ts';
import { run, World, type WorldOptions } from './world.ts';

const bed = new Bed();
const mounts: string[] = [];
let world: World | undefined;

afterEach(async () => {
  await world?.close();
  // A file system is mounted there still.
  const busy = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EBUSY') throw error;
  };
  if (world !== undefined) await bed.sweep(world.dir.path).catch(busy);
  world = undefined;
  for (const mount of mounts.splice(0).reverse()) execFileSync('umount', ['-l', mount]);
});
afterAll(() => bed.close());

/** A file system of its own below `dir`, with what stood there. */
async function small(dir: string, mib: number): Promise<string> {
  const kept = join(dirname(dir), 'kept');
  await mkdir(dir, { recursive: true });
  await run('cp', ['-a', `${dir}/.`, kept]);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=711`, 'tmpfs', dir]);
  mounts.push(dir);
  await run('cp', ['-a', '--sparse=always', `${kept}/.`, dir]);
  await rm(kept, { recursive: true });
  await chmod(dir, 0o711);
  return dir;
}

/** Takes all space but some bytes; gives what frees it. */
async function fill(dir: string, leave = 0): Promise<() => Promise<void>> {
  const file = join(dir, 'filler');
  const handle = await open(file, 'w');
  const { bavail, bsize } = await statfs(dir);
  const zeros = Buffer.alloc(bsize);
  try {
    for (let left = bavail * bsize - leave; left > 0; left -= bsize) await handle.write(zeros);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await handle.close();
  }
  return () => rm(file);
}

async function begin(dir: string, options: WorldOptions = {}) {
  world = await World.open(dir, options);
  const replay = Bed.replay();
  const script = new Script(world, (event) => replay.add(event));
  return { world, replay, script, desktop: (await world.desktopId())! };
}

const noClaim = Claim.none();
const code = (error: unknown) => (EcdError.is(error) ? error.code : error);

describe('a full disk', () => {
  test('under the disks: CreateSnapshot says so, settle waits, other work goes on; space makes it good', async () => {
    const dir = await bed.copy(true);
    const disks = await small(join(dir, 'disks'), 32);
    const { world, replay, script, desktop } = await begin(dir);
    await script.write('system');
    await script.take('system');
    await world.idle();
    await script.write('system');
    const free = await fill(disks);
    // The layer it needs was made ahead: this one still succeeds, and is stored.
    await script.take('system');
    await expect
      .poll(async () => (await rowOf(world, 'snapshot 2'))?.status, { timeout: 20_000 })
      .toBe('ACCOMPLISHED');
    // The next one needs a file.
    const refused = await world.take(desktop, 'system', 'refused').then(() => null, code);
    expect(refused).toBe('OperationDenied.InsufficientSpace');
    expect(await rowOf(world, 'refused')).toBeUndefined();
    // The other disk's was made ahead as well, and a desktop starts and stops.
    await script.take('data');
    await world.desktops.start([desktop], noClaim);
    await expect.poll(() => world.status(desktop), { timeout: 20_000 }).toBe('Running');
    await world.stop(desktop);
    await free();
    await script.take('system');
    await world.idle(60);
    await snapshotsAreRight(world, replay);
    expect(replay.kept).toHaveLength(4);
    await diskIsRight(world, desktop, 'system', replay.contents('system'));
    await nothingIsLeft(world);
    await resetsAreRight(world, desktop, replay.kept);
  });

  test('less space than the reserve: CreateSnapshot is refused before it begins', async () => {
    const dir = await bed.copy(true);
    const disks = await small(join(dir, 'disks'), 32);
    const { world, desktop } = await begin(dir, { settings: { snapshots: { reserveBytes: 1024 ** 2 } } });
    await fill(disks, 512 * 1024);
    await expect(world.take(desktop, 'system', 'refused')).rejects.toMatchObject({
      code: 'OperationDenied.InsufficientSpace',
      details: { reserve: 1024 ** 2 },
    });
    expect(await rowOf(world, 'refused')).toBeUndefined();
    await rm(join(disks, 'filler'));
    await nothingIsLeft(world);
  });

  test('under the vault: snapshots are acknowledged and wait; space makes them good', async () => {
    const dir = await bed.copy(true);
    const vault = await small(join(dir, 'vault'), 16);
    const { world, replay, script, desktop } = await begin(dir);
    const free = await fill(vault);
    await script.write('system');
    await script.take('system');
    await script.take('data');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await rowOf(world, 'snapshot 1')).toMatchObject({ status: 'PROGRESSING' });
    await world.desktops.start([desktop], noClaim);
    await expect.poll(() => world.status(desktop), { timeout: 20_000 }).toBe('Running');
    // The guest does not wait for the vault.
    await script.write('system');
    await script.take('system');
    await world.stop(desktop);
    await free();
    await world.idle(60);
    await snapshotsAreRight(world, replay);
    expect(replay.kept).toHaveLength(3);
    await nothingIsLeft(world);
    await vaultIsRight(world);
    await resetsAreRight(world, desktop, replay.kept);
  });

  test('under the catalogue: the operation fails clearly, nothing half-done stays', async () => {
    const dir = await bed.newDir();
    const inner = join(dir, 'd');
    await run('cp', ['-a', `${await bed.copy(true)}/.`, inner]);
    await small(inner, 64);
    const { world, replay, script, desktop } = await begin(inner);
    await script.write('system');
    await script.take('system');
    await world.idle();
    const free = await fill(inner);
    const codes: unknown[] = [];
    // The log of the database may have some pages to spare.
    for (let n = 0; n < 60 && !codes.includes('Catalogue.Unavailable'); n++) {
      codes.push(
        await world.catalogue
          .transaction(async (trx) => {
            await trx
              .insertInto('nonces')
              .values({ access_key_id: 'x', nonce: `${n}`.padEnd(3000), expires_at: 1 })
              .execute();
          })
          .then(() => null, code),
      );
    }
    expect(codes.at(-1)).toBe('Catalogue.Unavailable');
    const refused = await world.take(desktop, 'data', 'refused').then(() => null, code);
    expect(['Catalogue.Unavailable', 'OperationDenied.InsufficientSpace']).toContain(refused);
    await free();
    expect(await rowOf(world, 'refused')).toBeUndefined();
    await script.take('data');
    await world.idle(60);
    await snapshotsAreRight(world, replay);
    expect(replay.kept).toHaveLength(2);
    await nothingIsLeft(world);
    await resetsAreRight(world, desktop, replay.kept);
  });
});
