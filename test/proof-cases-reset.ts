/**
 * Every way a reset can go gives the disks byte for byte as they were, and what a guest deletes and trims takes no room.
 */
import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { DiskType } from './proof-bed.ts';
import { assertClean, assertReadsAs, filesystemOf, reset, settled, takenBytes } from './proof-disks.ts';
import type { World } from './proof-world.ts';

const MIB = 1024 ** 2;
const DISKS: readonly DiskType[] = ['system', 'data'];
const CONTENT = { system: '/root/content', data: '/data/content' } as const;
/** Fills FILE with as many MiB, every 128 KiB of it its own, and nothing in it shrinks. */
const FILL =
  'open R,"<","/dev/urandom"; sysread R,$b,131072; open F,">",$ARGV[0] or die; ' +
  'for(1..$ARGV[1]*8){substr($b,0,8)=pack("Q<",rand(2**53)); syswrite(F,$b)==131072 or die $!}';
const fill = (file: string, mib: number) => `perl -e '${FILL}' ${file} ${mib}`;

/** The desktop `user` runs, and runs at the end; settles are quick. */
export function resetProofs(world: World): void {
  /** What `sha256sum` says in the guest, and the snapshots, by generation. */
  const sums: Record<DiskType, string>[] = [];
  const snapshots: Record<DiskType, string>[] = [];
  const sumOf = (file: string) => world.bed.sh(world.user, `sha256sum ${file}`, 120);

  async function write(): Promise<void> {
    const script = DISKS.map((disk) => fill(CONTENT[disk], 3));
    await world.bed.sh(world.user, `${script.join(' && ')} && sync`, 120);
    sums.push({ system: await sumOf(CONTENT.system), data: await sumOf(CONTENT.data) });
  }

  async function snapshotBoth(): Promise<void> {
    const [system, data] = [
      await world.bed.snapshot(world.user, 'system'),
      await world.bed.snapshot(world.user, 'data'),
    ];
    for (const id of [system, data]) await world.bed.stored(id);
    snapshots.push({ system, data });
  }

  /** What the vault holds is what the disk reads as, and its file system is at rest. */
  async function same(disk: DiskType, id: string): Promise<void> {
    const raw = await world.bed.exported(id);
    await assertReadsAs(world.bed, world.user, disk, raw);
    const filesystem = await filesystemOf(raw, disk);
    await assertClean(filesystem);
    for (const each of new Set([raw, filesystem])) await rm(each);
  }

  async function resetTo(disk: DiskType, id: string, way: string): Promise<void> {
    expect(await reset(world.bed, id)).toBe(way);
    await same(disk, id);
  }

  test('onto what is still there, and by the difference', async () => {
    for (const _ of [0, 1]) {
      await write();
      await snapshotBoth();
      for (const disk of DISKS) await settled(world.bed, world.user, disk);
    }
    // Of this the system disk has a snapshot of the stopped desktop, the data disk none.
    await write();
    await world.bed.stop(world.user);
    const stopped = await world.bed.snapshot(world.user, 'system');
    expect((await world.bed.stored(stopped)).Consistency).toBe('stopped');
    await same('system', stopped);
    await resetTo('system', stopped, 'onto');
    await settled(world.bed, world.user, 'system');
    await resetTo('system', snapshots[1]!.system, 'difference');
    await resetTo('data', snapshots[1]!.data, 'onto');
    const data = await world.bed.stored(await world.bed.snapshot(world.user, 'data'));
    expect(data).toMatchObject({ Consistency: 'stopped', StoredBytes: 0 });
    await world.bed.start(world.user);
    for (const disk of DISKS) expect(await sumOf(CONTENT[disk])).toBe(sums[1]![disk]);
  });

  test('by a rebuild when the base files are gone, then to one taken of the writer', async () => {
    await world.bed.stop(world.user);
    for (const disk of DISKS) {
      await rm((await settled(world.bed, world.user, disk)).layers[0]!);
      await resetTo(disk, snapshots[0]![disk], 'from the vault');
    }
    await settled(world.bed, world.user, 'data');
    const back = world.written[Math.floor(world.written.length / 2)]!;
    await resetTo('data', back.id, 'difference');
    await world.bed.start(world.user);
    expect(await sumOf(CONTENT.system)).toBe(sums[0]!.system);
    expect(await sumOf(back.file)).toContain(back.sum);
  });

  test('512 MiB written, deleted and trimmed grow neither the base nor the vault', async () => {
    const vault = async () => {
      const text = await world.bed.service.openecd(
        'vault',
        'stats',
        '--data',
        world.bed.service.data,
        '--json',
      );
      return (JSON.parse(text) as { storedBytes: number }).storedBytes;
    };
    const before = await settled(world.bed, world.user, 'data');
    const [base, stored] = [await takenBytes(before.layers[0]!), await vault()];
    await world.bed.sh(world.user, `${fill('/data/much', 512)} && sync`, 180);
    const active = before.layers.at(-1)!;
    const most = await takenBytes(active);
    expect(most).toBeGreaterThan(500 * MIB);
    await world.bed.sh(world.user, 'rm /data/much && sync && fstrim /data', 120);
    const trimmed = await takenBytes(active);
    const snapshot = await world.bed.stored(await world.bed.snapshot(world.user, 'data'));
    const after = await settled(world.bed, world.user, 'data');
    const grown = {
      layer: trimmed,
      base: (await takenBytes(after.layers[0]!)) - base,
      vault: (await vault()) - stored,
    };
    console.log(
      `512 MiB: the layer took ${most} bytes, ${trimmed} after the trim; the base grew by ${grown.base}, the vault by ` +
        `${grown.vault} (StoredBytes ${snapshot.StoredBytes})`,
    );
    for (const bytes of Object.values(grown)) expect(bytes).toBeLessThan(16 * MIB);
  });
}
