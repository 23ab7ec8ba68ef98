/** A database that is damaged, of another version, or locked while the service runs: said clearly, and nothing is touched. */
import { readdir, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { Bed } from './bed.ts';
import { nothingIsLeft, rowOf } from './check.ts';
import { World } from './world.ts';

const bed = new Bed();
afterAll(() => bed.close());

const files = async (world: World) => (await readdir(world.dir.disks, { recursive: true })).sort();

test('a damaged database: the service does not start and says which file', async () => {
  const dir = await bed.copy(true);
  await writeFile(`${dir}/catalogue.db`, Buffer.alloc(64 * 1024, 'no database'));
  await expect(World.open(dir)).rejects.toMatchObject({
    code: 'Catalogue.Unavailable',
    message: expect.stringContaining(`${dir}/catalogue.db`),
  });
});

test('a database of a newer version: the service does not start', async () => {
  const dir = await bed.copy(true);
  const database = new DatabaseSync(`${dir}/catalogue.db`);
  database.exec('PRAGMA user_version = 999');
  database.close();
  await expect(World.open(dir)).rejects.toMatchObject({ code: 'Catalogue.FormatUnknown' });
});

test('a database that takes no writes: the operation is refused, no disk changes, and later it works', async () => {
  const dir = await bed.copy(true);
  const world = await World.open(dir);
  await world.idle();
  const desktop = (await world.desktopId())!;
  const before = await files(world);
  const other = new DatabaseSync(`${dir}/catalogue.db`);
  other.exec('BEGIN IMMEDIATE');
  await expect(world.take(desktop, 'system', 'refused')).rejects.toMatchObject({
    code: 'Catalogue.Unavailable',
  });
  await expect(world.start(desktop)).rejects.toMatchObject({ code: 'Catalogue.Unavailable' });
  other.exec('ROLLBACK');
  other.close();
  expect(await rowOf(world, 'refused')).toBeUndefined();
  expect(await world.status(desktop)).toBe('Stopped');
  expect(await files(world)).toEqual(before);
  await world.take(desktop, 'system', 'works again');
  await world.idle();
  await nothingIsLeft(world);
  await world.close();
});
