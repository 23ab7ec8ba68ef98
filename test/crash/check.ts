/**
 * What must be true after a service came back, whatever it, QEMU or a storage daemon died of.
 *
 * Every function throws with what is wrong. Of `qemu-img check`, leaked clusters are accepted (a killed QEMU leaves
 * those it has allocated and not yet linked, which costs space and nothing else); corruption never is.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskType } from '../../src/catalogue/schema.ts';
import type { Stack } from '../../src/disks/types.ts';
import { allRoots } from '../../src/snapshots/roots.ts';
import { parseRoot, type Root } from '../../src/vault/index.ts';
import type { Replay, TakenSnapshot } from './events.ts';
import type { Model } from './model.ts';
import { processesOf } from './processes.ts';
import { run, type World } from './world.ts';

export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

export async function rowOf(world: World, name: string) {
  return world.catalogue.db.selectFrom('snapshots').selectAll().where('name', '=', name).executeTakeFirst();
}

/** A snapshot's disk, read from the vault alone. */
export async function readVault(world: World, root: Root): Promise<Buffer> {
  const disk = Buffer.alloc(root.size);
  for await (const { index, name } of world.vault.leaves(root)) {
    (await world.vault.getChunk(name)).copy(disk, index * world.vault.chunkSize);
  }
  return disk;
}

/** Acknowledged: ACCOMPLISHED and right. Not acknowledged: FAILED, gone, or ACCOMPLISHED and right. Deleted: gone. */
export async function snapshotsAreRight(world: World, replay: Replay): Promise<void> {
  for (const snapshot of replay.snapshots.values()) {
    const { name, state } = snapshot;
    const row = await rowOf(world, name);
    if (state === 'taken') {
      must(row?.status === 'ACCOMPLISHED', `${name}, acknowledged, is ${row?.status} (${row?.failure})`);
      must(row.id === snapshot.id, `${name} has another id`);
    }
    if (state === 'deleted' || state === 'failed') must(row === undefined, `${name}, ${state}, is there`);
    if (row === undefined || row.status === 'FAILED') continue;
    must(row.status === 'ACCOMPLISHED' && row.root !== null, `${name} is ${row.status}`);
    snapshot.model.verify(await readVault(world, parseRoot(row.root)), `${name} in the vault`);
  }
}

/** The same of images, whose golden file is the content. */
export async function imagesAreRight(world: World, replay: Replay): Promise<void> {
  for (const { name, id, state, model } of replay.images.values()) {
    const row = await world.catalogue.db
      .selectFrom('images')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst();
    if (state === 'taken') {
      must(row?.status === 'Available', `${name}, acknowledged, is ${row?.status}`);
      must(row.id === id && row.progress === 100, `${name} has another id, or ${row.progress}%`);
    }
    if (state === 'deleted' || state === 'failed') must(row === undefined, `${name}, ${state}, is there`);
    if (row?.status !== 'Available') continue;
    model.verify(await readVault(world, parseRoot(row.root!)), `${name} in the vault`);
    const golden = { diskId: row.id, sizeBytes: row.size_bytes, imageId: row.id, layers: [] };
    model.verify(await world.readStack(golden), `the file of ${name}`);
  }
}

/** The active disk of a Stopped desktop. */
export async function diskIsRight(
  world: World,
  desktop: string,
  type: DiskType,
  contents: readonly Model[],
): Promise<Model> {
  const disk = await world.readStack(await world.stack(desktop, type));
  const wrong = contents.map((model) => model.mismatch(disk));
  must(wrong.includes(null), `the ${type} disk: ${wrong.join('; ')}`);
  return contents[wrong.indexOf(null)]!;
}

/** Files and rows are the same, and nothing is half-done. */
export async function nothingIsLeft(world: World): Promise<void> {
  const { db } = world.catalogue;
  for (const table of ['garbage', 'dropped_records', 'image_garbage'] as const) {
    const rows = await db.selectFrom(table).selectAll().execute();
    must(rows.length === 0, `${table} holds ${JSON.stringify(rows)}`);
  }
  const disks = await db.selectFrom('disks').selectAll().execute();
  const folders = (await readdir(world.dir.disks)).sort();
  must(same(folders, disks.map(({ id }) => id).sort()), `folders of disks: ${folders.join(' ')}`);
  for (const disk of disks) {
    must(disk.intent === null, `disk ${disk.id} still has the lease ${disk.intent}`);
    must(disk.settling_layer === null, `a settle of disk ${disk.id} is unfinished`);
    const layers = await db.selectFrom('layers').select('id').where('disk_id', '=', disk.id).execute();
    const files = (await readdir(join(world.dir.disks, disk.id))).sort();
    const wanted = layers.map(({ id }) => `${id}.qcow2`).sort();
    must(same(files, wanted), `disk ${disk.id} has ${files.join(' ')}, not ${wanted.join(' ')}`);
  }
  const vault = await readdir(world.dir.vault, { recursive: true });
  must(!vault.some((name) => name.endsWith('.tmp')), `in the vault: ${vault.join(' ')}`);
  const records = vault.flatMap((name) => /^snapshots\/(.*)\.json$/.exec(name)?.[1] ?? []);
  const kept = [
    ...(await db.selectFrom('snapshots').select('id').where('root', 'is not', null).execute()),
    ...(await db.selectFrom('images').select('id').where('root', 'is not', null).execute()),
  ];
  must(same(records.sort(), kept.map(({ id }) => id).sort()), `records: ${records.join(' ')}`);
  const images = await db.selectFrom('images').select(['id', 'status']).execute();
  must(!images.some(({ status }) => status === 'Creating'), `images: ${JSON.stringify(images)}`);
  const golden = images.filter(({ status }) => status === 'Available').map(({ id }) => `${id}.qcow2`);
  const found = (await readdir(world.dir.images)).sort();
  must(same(found, golden.sort()), `in images/: ${found.join(' ')}`);
  const hidden = await db.selectFrom('snapshots').select('id').where('image_id', 'is not', null).execute();
  must(hidden.length === 0, `snapshots of images: ${JSON.stringify(hidden)}`);
  const desktops = await db.selectFrom('desktops').select('id').where('status', '!=', 'Deleted').execute();
  const known = new Set(['qsd', ...desktops.map(({ id }) => id)]);
  const strange = (await readdir(world.dir.run)).filter((name) => !known.has(name));
  must(strange.length === 0, `in run/: ${strange.join(' ')}`);
}

/** The stack is as short as it can be: bottom and active layer, and the prepared one. */
export async function stackIsShort(world: World, desktop: string, type: DiskType): Promise<void> {
  const { layers } = await world.stack(desktop, type);
  must(layers.length <= 2, `the ${type} disk's stack has ${layers.length} layers`);
}

/** No storage daemon but those of this moment; after `close` of the world none at all. */
export async function noDaemonIsLeft(dir: string): Promise<void> {
  const left = (await processesOf(dir)).filter(({ program }) => program.startsWith('qemu-storage'));
  must(left.length === 0, `left behind: ${JSON.stringify(left)}`);
  const files = await readdir(join(dir, 'run/qsd')).catch(() => []);
  must(files.length === 0, `in run/qsd: ${files.join(' ')}`);
}

/** `qemu-img check` of every layer that no QEMU writes to. */
export async function imagesAreSound(world: World): Promise<void> {
  const layers = await world.catalogue.db.selectFrom('layers').select(['id', 'disk_id']).execute();
  for (const { id, disk_id } of layers) {
    const filename = join(world.dir.disks, disk_id, `${id}.qcow2`);
    const image = { driver: 'qcow2', backing: null, file: { driver: 'file', filename } };
    const { stdout, code } = await run('qemu-img', [
      'check',
      '--output=json',
      `json:${JSON.stringify(image)}`,
    ]).then(
      ({ stdout }) => ({ stdout, code: 0 }),
      (error: { stdout: string; code: number }) => error,
    );
    must(code === 0 || code === 3, `qemu-img check of ${id} gave ${code}: ${stdout}`);
  }
}

/** Everything the roots reach is there and sound, before a collection and after it, when nothing else is. */
export async function vaultIsRight(world: World): Promise<void> {
  const roots = await allRoots(world.catalogue, world.vault);
  const report = await world.vault.verify({ roots, data: true });
  must(report.ok, `the vault: ${JSON.stringify(report.damage)}`);
  await onlyWantedIsStored(world);
}

export async function onlyWantedIsStored(world: World): Promise<void> {
  await world.snapshots.collect();
  const roots = await allRoots(world.catalogue, world.vault);
  const chunks = new Set<string>();
  for (const root of roots) {
    for await (const { name } of world.vault.leaves(root)) chunks.add(name.toString('hex'));
  }
  const stats = await world.vault.stats();
  must(stats.chunks === chunks.size, `${stats.chunks} chunks, of which ${chunks.size} are wanted`);
  const packs = (await readdir(join(world.dir.vault, 'packs'))).length;
  must(packs === stats.packs, `${packs} packs, of which ${stats.packs} are known`);
}

/** Every kept snapshot of a Stopped desktop brings its disk back, byte for byte. */
export async function resetsAreRight(world: World, desktop: string, kept: readonly TakenSnapshot[]) {
  for (const { name, id, disk, model } of kept) {
    await world.reset(id!);
    await world.idle();
    const stack: Stack = await world.stack(desktop, disk);
    model.verify(await world.readStack(stack), `the ${disk} disk reset to ${name}`);
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}
