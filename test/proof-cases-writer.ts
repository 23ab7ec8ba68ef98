/**
 * Snapshots of a real guest that is writing: each is an exact prefix of what was written, and holds all that was
 * acknowledged before it; with an agent, without one, and with one that hangs.
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type DiskType, FULL, pause } from './proof-bed.ts';
import { assertClean, diskFiles, fileIn, filesystemOf, replay } from './proof-disks.ts';
import type { World } from './proof-world.ts';
import { prefixOf, Writer } from './proof-writer.ts';

const MIB = 1024 ** 2;
/** The default of the setting. */
const FREEZE_MS = 2_000;
const SLOTS = 1_024;
/** Snapshots of each disk while the guest writes. */
const COUNT = FULL ? { data: 14, system: 8 } : { data: 4, system: 2 };

interface Taken {
  readonly id: string;
  readonly disk: DiskType;
  readonly writer: Writer;
  /** Acknowledged before CreateSnapshot was called, and after it answered. */
  readonly before: number;
  readonly after: number;
  readonly settling: boolean;
  readonly ms: number;
}

/** The desktop `user` runs, and runs at the end. Leaves `world.written`. */
export function writerProofs(world: World): void {
  async function take(writer: Writer, disk: DiskType, held = false): Promise<Taken> {
    const before = held ? await writer.hold() : await writer.acknowledged();
    const settling = diskFiles(world.bed, world.user, disk).settling !== null;
    const began = performance.now();
    const id = await world.bed.snapshot(world.user, disk);
    const ms = Math.round(performance.now() - began);
    const after = held ? before : await writer.acknowledged();
    if (held) await writer.goOn();
    return { id, disk, writer, before, after, settling, ms };
  }

  /** Out of the vault: the file system is sound and the writer's file an exact prefix. Gives that file's SHA-256. */
  async function prove(one: Taken, consistency: string): Promise<string> {
    const stored = await world.bed.stored(one.id);
    expect(stored.Consistency).toBe(consistency);
    const raw = await world.bed.exported(one.id);
    const filesystem = await filesystemOf(raw, one.disk);
    // At rest means: sound as it lies there, no journal to play.
    await (consistency === 'crash' ? replay : assertClean)(filesystem);
    const file = await fileIn(filesystem, one.writer.file.replace('/data/', '/'));
    const last = await prefixOf(file, one.writer.slots);
    console.log(
      `${one.disk} ${consistency}: records to ${last}, acknowledged ${one.before} before, ${one.after} after; ` +
        `${one.ms} ms${one.settling ? ', during a settle' : ''}; ${stored.StoredBytes} bytes stored`,
    );
    expect(last).toBeGreaterThanOrEqual(one.before);
    expect(last).toBeLessThanOrEqual(one.after + 1);
    const sum = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    for (const each of new Set([raw, filesystem, file])) await rm(each);
    return sum;
  }

  test('the first snapshots after boot store little', async () => {
    for (const disk of ['system', 'data'] as const) {
      const stored = await world.bed.stored(await world.bed.snapshot(world.user, disk));
      console.log(`first snapshot of the ${disk} disk: ${stored.StoredBytes} bytes stored`);
      expect(stored.StoredBytes).toBeLessThan(16 * MIB);
      expect(stored.Consistency).toBe('filesystem');
    }
  });

  test.each([
    ['data', '/data/sequence'],
    ['system', '/root/sequence'],
  ] as const)('snapshots of the %s disk at random moments, during settles too', async (disk, file) => {
    const writer = new Writer(world.line, file, SLOTS);
    await writer.start();
    const mine: Taken[] = [];
    for (let at = 0; at < COUNT[disk]; at++) {
      const settling = () => diskFiles(world.bed, world.user, disk).settling !== null;
      if (at % 2 === 1) await world.bed.until('a settle begins', settling, 90);
      await pause(Math.random() * 1_500);
      mine.push(await take(writer, disk, at % 3 === 1));
    }
    await writer.end();
    expect(mine.filter((one) => one.settling).length).toBeGreaterThanOrEqual(Math.floor(COUNT[disk] / 2));
    for (const one of mine) {
      const sum = await prove(one, 'filesystem');
      if (disk === 'data') world.written.push({ id: one.id, file, sum });
    }
  });

  test('no agent: both disks as after a power cut', async () => {
    const writer = new Writer(world.line, '/data/crash', SLOTS);
    await writer.start();
    const agentLess = 'cp /etc/inittab /run/inittab && sed -i "/qemu-ga/d" /etc/inittab && kill -HUP 1';
    await world.line.sh(`${agentLess} && killall qemu-ga && while pidof qemu-ga; do usleep 50000; done`);
    const taken = [await take(writer, 'data'), await take(writer, 'data', true)];
    const system = await world.bed.snapshot(world.user, 'system');
    for (const one of taken) expect(one.ms).toBeLessThan(FREEZE_MS);
    await writer.end();
    await world.line.sh('cp /run/inittab /etc/inittab && kill -HUP 1');
    for (const one of taken) await prove(one, 'crash');
    expect((await world.bed.stored(system)).Consistency).toBe('crash');
  });

  test('an agent that hangs: an answer by the deadline, and no guest left frozen', async () => {
    await world.bed.sh(world.user, 'true', 60);
    const writer = new Writer(world.line, '/root/crash', SLOTS);
    await writer.start();
    await world.line.sh('kill -STOP $(pidof qemu-ga)');
    const hung = await take(writer, 'system');
    expect(hung.ms).toBeGreaterThanOrEqual(FREEZE_MS - 100);
    expect(hung.ms).toBeLessThan(FREEZE_MS + 1_000);
    const data = await world.bed.snapshot(world.user, 'data');
    await world.line.sh('kill -CONT $(pidof qemu-ga)');
    // The late agent may carry the freeze out now: it must be thawed, so that writes end.
    await world.line.sh('for d in /data /root; do echo alive >$d/alive; sync; done', 20);
    const acknowledged = await writer.acknowledged();
    const goesOn = async () => (await writer.acknowledged()) > acknowledged;
    await world.bed.until('the writer goes on', goesOn, 20);
    expect(await world.bed.sh(world.user, 'cat /data/alive /root/alive')).toBe('alive\nalive\n');
    const whole = await take(writer, 'system');
    await writer.end();
    await prove(hung, 'crash');
    expect((await world.bed.stored(whole.id)).Consistency).toBe('filesystem');
    expect((await world.bed.stored(data)).Consistency).toBe('crash');
  });
}
