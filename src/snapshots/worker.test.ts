import { afterEach, expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { WorkerBed } from './testing/worker-bed.ts';

let bed: WorkerBed;
afterEach(async () => {
  bed.release();
  await bed.close();
});

async function bedOf(archivesAtOnce: number, ...disks: string[]): Promise<void> {
  bed = new WorkerBed(archivesAtOnce);
  for (const disk of disks) await bed.addDisk(disk);
}

const begun = () => bed.told.filter((each) => each.startsWith('begin'));

test('at most archivesAtOnce archives at a time, and all get their turn', async () => {
  const disks = ['a', 'b', 'c', 'd', 'e'];
  await bedOf(2, ...disks);
  bed.hold();
  bed.kick(...disks);
  await expect.poll(() => bed.underWay).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(begun()).toHaveLength(2);
  bed.release();
  await bed.workers.idle();
  expect(bed.mostAtOnce).toBe(2);
  for (const disk of disks) expect(await bed.status(`s-${disk}-0`)).toBe('ACCOMPLISHED');
});

test('an archive that reads nothing waits for none that reads', async () => {
  await bedOf(1, 'a', 'b', 'c');
  bed.hold();
  bed.kick('a');
  await expect.poll(() => bed.underWay).toBe(1);
  Object.assign(bed.ctx.pool, { isUntouched: async () => true });
  bed.kick('b', 'c');
  await expect.poll(() => bed.status('s-b-0')).toBe('ACCOMPLISHED');
  await expect.poll(() => bed.status('s-c-0')).toBe('ACCOMPLISHED');
  expect(begun()).toHaveLength(1);
  expect(await bed.status('s-a-0')).toBe('PROGRESSING');
  bed.release();
  await bed.workers.idle();
});

test('a failing disk stops no other, and is tried again at once when kicked', async () => {
  await bedOf(1, 'bad', 'good');
  bed.broken.set('bad', new EcdError('Nbd.Failed', { operation: 'read', reason: 'test' }));
  bed.kick('bad', 'good');
  await expect.poll(() => bed.status('s-good-0')).toBe('ACCOMPLISHED');
  expect(await bed.status('s-bad-0')).toBe('PROGRESSING');
  expect(bed.told.filter((each) => each === 'broken bad')).toHaveLength(1);
  bed.broken.clear();
  const before = performance.now();
  bed.kick('bad');
  await bed.workers.idle();
  expect(await bed.status('s-bad-0')).toBe('ACCOMPLISHED');
  // The pause after a first failure is a second.
  expect(performance.now() - before).toBeLessThan(500);
});

test('a failure is tried again without a kick', async () => {
  await bedOf(1, 'bad');
  bed.broken.set('bad', new EcdError('Nbd.Failed', { operation: 'read', reason: 'test' }));
  bed.kick('bad');
  await expect.poll(() => bed.told).toEqual(['broken bad']);
  bed.broken.clear();
  await bed.workers.idle();
  expect(await bed.status('s-bad-0')).toBe('ACCOMPLISHED');
});

test('what is lost, found so again and again, is FAILED with the reason', async () => {
  await bedOf(1, 'lost');
  bed.broken.set('lost', new EcdError('Disk.Damaged', { path: 'x', reason: 'it is not there' }));
  bed.kick('lost');
  await expect.poll(() => bed.told).toEqual(['broken lost']);
  expect(await bed.status('s-lost-0')).toBe('PROGRESSING');
  // Each kick cuts the pause after a failure short.
  const status = () => {
    bed.kick('lost');
    return bed.status('s-lost-0');
  };
  await expect.poll(status, { timeout: 10_000 }).toMatch(/^FAILED .*it is not there/);
});

test('a kick during work is not lost', async () => {
  await bedOf(1, 'a');
  bed.hold();
  bed.kick('a');
  await expect.poll(begun).toEqual(['begin a-0']);
  await bed.freeze('a');
  bed.kick('a');
  bed.release();
  await bed.workers.idle();
  expect(begun()).toEqual(['begin a-0', 'begin a-1']);
  expect(await bed.status('s-a-1')).toBe('ACCOMPLISHED');
});

test('a kick at any moment of a worker is followed by a look', async () => {
  await bedOf(1, 'a');
  bed.kick('a');
  await bed.workers.idle();
  for (let ticks = 0; ticks < 400; ticks++) {
    bed.kick('a');
    for (let i = 0; i < ticks; i++) await null;
    const before = bed.looks;
    bed.kick('a');
    await bed.workers.idle();
    expect(bed.looks, `after ${ticks} ticks`).toBeGreaterThan(before);
  }
});

test('cancelArchive stops what nobody waits for, and nothing else', async () => {
  await bedOf(2, 'a', 'b');
  bed.hold();
  bed.kick('a', 'b');
  await expect.poll(() => bed.underWay).toBe(2);
  bed.workers.cancelArchive('a', (layer) => layer === 'a-0');
  bed.workers.cancelArchive('unknown', () => false);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(bed.underWay).toBe(2);
  bed.workers.cancelArchive('a', () => false);
  await expect.poll(() => bed.underWay).toBe(1);
  expect(bed.told.filter((each) => each.startsWith('end'))).toEqual(['end a-0']);
  bed.release();
  await bed.workers.idle();
  expect(await bed.status('s-a-0')).toBe('PROGRESSING');
  expect(await bed.status('s-b-0')).toBe('ACCOMPLISHED');
});

test('an archive that waits for its turn is not begun when its snapshot is gone', async () => {
  await bedOf(1, 'a', 'b');
  bed.hold();
  bed.kick('a');
  await expect.poll(() => bed.underWay).toBe(1);
  bed.kick('b');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await bed.catalogue.db.deleteFrom('snapshots').where('disk_id', '=', 'b').execute();
  await bed.catalogue.db
    .updateTable('desktops')
    .set({ status: 'Deleted' })
    .where('id', '=', 'ecd-b')
    .execute();
  bed.release();
  await bed.workers.idle();
  expect(await bed.status('s-a-0')).toBe('ACCOMPLISHED');
  expect(bed.told.at(-1)).toBe('release b');
  expect(begun()).toEqual(['begin a-0']);
});

test('close ends an archive, one that waits and one that pauses, and begins nothing more', async () => {
  await bedOf(1, 'bad', 'a', 'b', 'c');
  bed.broken.set('bad', new EcdError('Nbd.Failed', { operation: 'read', reason: 'test' }));
  bed.kick('bad');
  await expect.poll(() => bed.told).toEqual(['broken bad']);
  bed.hold();
  bed.kick('a', 'b', 'c');
  await expect.poll(() => bed.underWay).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const before = performance.now();
  bed.stop.abort();
  await bed.workers.close();
  expect(performance.now() - before).toBeLessThan(300);
  expect(bed.underWay).toBe(0);
  expect(begun()).toHaveLength(1);
  bed.kick('a');
  await bed.workers.idle();
  expect(begun()).toHaveLength(1);
  for (const disk of ['a', 'b', 'c']) expect(await bed.status(`s-${disk}-0`)).toBe('PROGRESSING');
});
