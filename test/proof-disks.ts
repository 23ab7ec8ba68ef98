/**
 * A disk's files, looked at from outside: which layers it has, what they read as, what they take.
 *
 * Invariant: nothing of the service's code is used; the stack is what the catalogue says, opened by qemu-img alone.
 */
import { open, stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { type Bed, type DiskType, run } from './proof-bed.ts';

type Row = Record<string, string | number | null>;

export interface DiskFiles {
  readonly diskId: string;
  /** The layer that a settle under way merges up to. */
  readonly settling: string | null;
  readonly prepared: string | null;
  /** Files from the bottom to the active layer. */
  readonly layers: readonly string[];
  readonly image: string | null;
}

function query(bed: Bed, sql: string, ...values: string[]): Row[] {
  const database = new DatabaseSync(bed.file('catalogue.db'), { readOnly: true });
  try {
    return database.prepare(sql).all(...values) as Row[];
  } finally {
    database.close();
  }
}

/** Resets a disk of a stopped desktop and waits for the end of it; gives the way it went, as the log tells it. */
export async function reset(bed: Bed, snapshotId: string): Promise<string> {
  const before = bed.service.log.length;
  await bed.client.ok('ResetSnapshot', { SnapshotId: snapshotId });
  const line = await bed.until('the reset has a way', () =>
    bed.service.log
      .slice(before)
      .split('\n')
      .find((each) => each.includes(snapshotId) && each.includes('"way":')),
  );
  const { disk, way } = JSON.parse(line) as { disk: string; way: string };
  const open = () => query(bed, 'SELECT intent FROM disks WHERE id = ?', disk)[0]!['intent'] !== null;
  await bed.until('the reset is over', () => !open(), 120);
  return way;
}

export function diskFiles(bed: Bed, desktop: string, type: DiskType): DiskFiles {
  const sql = 'SELECT * FROM disks WHERE desktop_id = ? AND type = ?';
  const disk = query(bed, sql, desktop, type)[0]!;
  const rows = query(bed, 'SELECT * FROM layers WHERE disk_id = ?', String(disk['id']));
  const layers: string[] = [];
  let image: string | null = null;
  for (let id = disk['active_layer'] ?? null; id !== null; ) {
    const row = rows.find((each) => each['id'] === id)!;
    layers.unshift(bed.file('disks', String(disk['id']), `${id}.qcow2`));
    if (row['image_id'] !== null) image = bed.file('images', `${row['image_id']}.qcow2`);
    id = row['parent_id'] ?? null;
  }
  return {
    diskId: String(disk['id']),
    settling: disk['settling_layer'] as string | null,
    prepared: disk['prepared_layer'] as string | null,
    layers,
    image,
  };
}

/** Waits until nothing is left to archive or to settle: the base and an active layer, and the next one prepared. */
export async function settled(bed: Bed, desktop: string, type: DiskType, seconds = 120): Promise<DiskFiles> {
  return await bed.until(
    `the ${type} disk is settled`,
    () => {
      const files = diskFiles(bed, desktop, type);
      return files.layers.length <= 2 && files.settling === null && files.prepared !== null && files;
    },
    seconds,
  );
}

/** Throws when the disk does not read byte for byte as the raw file. The desktop is stopped. */
export async function assertReadsAs(bed: Bed, desktop: string, type: DiskType, raw: string): Promise<void> {
  let last: unknown;
  // A settle has the files open for writing; the next look finds it done, and the stack changed.
  for (let tries = 0; tries < 40; tries++) {
    const { layers, image } = diskFiles(bed, desktop, type);
    const files = image === null ? layers : [image, ...layers];
    const view = files.reduce<object | null>(
      (backing, filename) => ({ driver: 'qcow2', file: { driver: 'file', filename }, backing }),
      null,
    );
    const words = [
      'compare',
      `json:${JSON.stringify(view)}`,
      `json:{"driver":"raw","file.driver":"file","file.filename":"${raw}"}`,
    ];
    const result = await run('qemu-img', words).then(
      () => null,
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    if (result === null) return;
    if (result.code === 1) throw new Error(`the ${type} disk is not what ${raw} holds: ${result.stdout}`);
    last = result.stderr;
    await new Promise((done) => setTimeout(done, 500));
  }
  throw new Error(`the ${type} disk could not be read: ${last}`);
}

/** Bytes that a file takes on its device. */
export async function takenBytes(file: string): Promise<number> {
  return (await stat(file)).blocks * 512;
}

/**
 * The file system in a raw file of a disk, as a file of its own (a data disk is one as a whole): e2fsck cannot play a
 * journal at an offset.
 */
export async function filesystemOf(raw: string, type: DiskType): Promise<string> {
  if (type === 'data') return raw;
  const file = await open(raw);
  const { buffer } = await file.read(Buffer.alloc(512), 0, 512, 0).finally(() => file.close());
  const entry = [446, 462, 478, 494].find((at) => buffer[at + 4] === 0x83)!;
  const [offset, size] = [8, 12].map((at) => buffer.readUInt32LE(entry + at) * 512);
  const partition = { driver: 'raw', offset, size, file: { driver: 'file', filename: raw } };
  const target = `${raw}.partition`;
  await run('qemu-img', ['convert', '-O', 'raw', `json:${JSON.stringify(partition)}`, target]);
  return target;
}

/** Checks a file system without changing it. */
export async function assertClean(filesystem: string): Promise<void> {
  await run('e2fsck', ['-fn', filesystem]);
}

/** Plays the journal of a file system that was not at rest, as mounting it does, and checks what comes of it. */
export async function replay(filesystem: string): Promise<void> {
  const done = await run('e2fsck', ['-E', 'journal_only', '-y', filesystem]).then(
    () => null,
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  if (done !== null && done.code !== 1) throw new Error(`e2fsck: ${done.code} ${done.stdout} ${done.stderr}`);
  await assertClean(filesystem);
}

/** Copies a file out of a file system. */
export async function fileIn(filesystem: string, path: string): Promise<string> {
  const target = `${filesystem}.file`;
  await run('debugfs', ['-R', `dump ${path} ${target}`, filesystem]);
  return target;
}
