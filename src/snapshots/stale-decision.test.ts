/**
 * A worker reads a disk's state in several queries, and acts later: whatever happens in between, nothing that was
 * acknowledged or is in use goes, and a worker that can do nothing stands still.
 */
import { afterEach, expect, test } from 'vitest';
import { Claim } from '../catalogue/nonces.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import type { TakeRequest } from './intend.ts';
import { take } from './take.ts';
import { WorkerBed } from './testing/worker-bed.ts';

let bed: WorkerBed;
afterEach(async () => {
  faults.clear();
  bed.release();
  await bed.close();
});

/** A Stopped desktop's disk `a`: the frozen layer `a-0` is archived, `a-1` is active, `a-2` prepared. */
async function archived(): Promise<void> {
  bed = new WorkerBed(1);
  await bed.addDisk('a');
  bed.kick('a');
  await bed.workers.idle();
  bed.told.length = 0;
}

/** Once, when a worker has read the disk's row and not yet the rest. */
function meanwhile(work: () => Promise<unknown>): void {
  faults.set('state.disk.read', async () => {
    faults.set('state.disk.read', () => {});
    await work();
  });
}

const REQUEST: TakeRequest = {
  regionId: '',
  desktopId: 'ecd-a',
  diskType: 'system',
  name: 'n',
  description: '',
  creator: '',
  type: 'USER',
};
const takeOne = () => take(bed.ctx, REQUEST, Claim.none());
const setDesktop = (status: 'Deleted') => bed.catalogue.db.updateTable('desktops').set({ status }).execute();
const disk = () => bed.catalogue.db.selectFrom('disks').selectAll().executeTakeFirstOrThrow();
const layers = async () =>
  (await bed.catalogue.db.selectFrom('layers').select('id').orderBy('id').execute()).map(({ id }) => id);
/** Whatever is to be done without waiting is done. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a disk is not released under a snapshot that was begun before its desktop was deleted', async () => {
  await archived();
  const [locked, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  faults.set('take.locked', () => {
    locked.resolve();
    return go.promise;
  });
  let taking: Promise<string> | undefined;
  // The row was read without a lease; the lease is taken; the desktop is deleted; no snapshot has a layer yet.
  meanwhile(async () => {
    taking = takeOne();
    await locked.promise;
    await setDesktop('Deleted');
  });
  bed.kick('a');
  await locked.promise;
  await turn();
  go.resolve();
  const id = await taking!;
  await bed.workers.idle();
  expect(await bed.status(id)).toBe('ACCOMPLISHED');
  expect(bed.told).toEqual(['begin a-1', 'end a-1', 'release a']);
});

test('a layer that came on top between two queries is not dropped', async () => {
  await archived();
  const ids: string[] = [];
  // The row that was read knows neither the layer that is prepared now, nor that it becomes the active one.
  meanwhile(async () => {
    ids.push(await takeOne(), await takeOne());
  });
  bed.kick('a');
  await bed.workers.idle();
  for (const id of ids) expect(await bed.status(id)).toBe('ACCOMPLISHED');
  const { active_layer: active, prepared_layer: prepared } = await disk();
  expect(await layers()).toEqual(expect.arrayContaining([active, prepared]));
  expect(bed.unlinked).not.toContain(active);
});

test('a layer that went between two queries is no harm', async () => {
  await archived();
  const { db } = bed.catalogue;
  // As a reset does it.
  meanwhile(async () => {
    const layer = { id: 'a-9', disk_id: 'a', parent_id: 'a-0', state: 'active', created_at: 9 } as const;
    await db.insertInto('layers').values(layer).execute();
    await db.updateTable('disks').set({ active_layer: 'a-9', prepared_layer: null }).execute();
    await db.deleteFrom('layers').where('id', 'in', ['a-2']).execute();
    await db.deleteFrom('layers').where('id', 'in', ['a-1']).execute();
  });
  bed.kick('a');
  await turn();
  bed.kick('a');
  await bed.workers.idle();
  const { prepared_layer: prepared } = await disk();
  expect(await layers()).toEqual(['a-0', 'a-9', prepared].sort());
});

test('a catalogue that cannot be read is looked at again after a while, and lets the rest of the service work', async () => {
  bed = new WorkerBed(1);
  await bed.addDisk('a');
  bed.failing = 1000;
  bed.kick('a');
  await turn();
  expect(bed.looks).toBe(1);
  bed.failing = 0;
  bed.kick('a');
  await bed.workers.idle();
  expect(await bed.status('s-a-0')).toBe('ACCOMPLISHED');
});

test('a freeze whose outcome cannot be heard holds up the dropping of layers, and nothing else', async () => {
  bed = new WorkerBed(1);
  await bed.addDisk('a');
  const { db } = bed.catalogue;
  const branch = { id: 'a-b', disk_id: 'a', parent_id: 'a-0', state: 'frozen', created_at: 3 } as const;
  await db.insertInto('layers').values(branch).execute();
  const intent = JSON.stringify({ kind: 'freeze', snapshotId: 's', frozen: 'a-1', prepared: 'a-2' });
  await db.updateTable('disks').set({ intent }).execute();
  let top = async (): Promise<string> => {
    throw new EcdError('Qemu.TimedOut', { command: 'query-block', ms: 1 });
  };
  Object.assign(bed.ctx.desktops, { live: () => ({ qmp: null, device: 'system' }) });
  Object.assign(bed.ctx.pool, { topLayer: () => top() });
  bed.kick('a');
  await expect.poll(() => bed.status('s-a-0')).toBe('ACCOMPLISHED');
  expect(bed.looks).toBeLessThan(200);
  expect(bed.unlinked).toEqual([]);
  top = async () => 'a-2';
  Object.assign(bed.ctx.desktops, { live: () => null });
  Object.assign(bed.ctx.pool, { lockFree: async () => true });
  bed.kick('a');
  await bed.workers.idle();
  expect(bed.unlinked).toContain('a-b');
  expect(await disk()).toMatchObject({ active_layer: 'a-2', intent: null });
});
