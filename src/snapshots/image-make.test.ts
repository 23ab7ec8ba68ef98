import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Mutex } from '../async.ts';
import { Claim } from '../catalogue/nonces.ts';
import { listSnapshots } from '../catalogue/snapshots.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { parseRoot, rootKey } from '../vault/index.ts';
import { diskOf, restore } from '../vault/testing.ts';
import { removeSnapshots } from './remove.ts';
import { ImageBed, REGION } from './testing/image-bed.ts';

const SEEDS = [1, 0, 2, 3, 0, 0, 4, 4, 5, 6];
const none = Claim.none();
const code = (name: string) => expect.objectContaining({ code: name });

let bed: ImageBed;
beforeEach(async () => {
  bed = await ImageBed.open();
});
afterEach(async () => {
  faults.clear();
  bed.stop.abort();
  await bed.catalogue.close();
});

const request = { regionId: REGION, name: 'gold', description: 'text', creator: 'alice' };
const ofSnapshot = (snapshotId = 's-1', more: object = {}) =>
  bed.images.create({ ...request, from: { snapshotId }, ...more }, none);
const ofDesktop = (desktopId = 'ecd-1') => bed.images.create({ ...request, from: { desktopId } }, none);

describe('an image of a snapshot', () => {
  it('has the tree of the snapshot, writes its file from it, and copies nothing in the vault', async () => {
    const root = await bed.content(SEEDS);
    await bed.snapshot('s-1', root);
    const before = await bed.vault.stats();
    const id = await ofSnapshot();
    expect(id).toMatch(/^m-[a-z0-9]{17}$/);
    expect(await bed.row(id)).toMatchObject({
      ...{ name: 'gold', description: 'text', creator: 'alice', os_type: 'Linux', platform: 'Debian' },
      ...{ status: 'Creating', progress: 0, size_bytes: 5120, root: rootKey(root), made_of: 'snapshot' },
    });
    await bed.make(id);
    expect(await bed.row(id)).toMatchObject({ status: 'Available', progress: 100, root: rootKey(root) });
    expect(bed.files.get(id)).toEqual(diskOf(SEEDS));
    expect(await bed.vault.stats()).toEqual(before);
    expect((await bed.records()).get(id)).toMatchObject({ kind: 'image', root: rootKey(root), name: 'gold' });
    expect((await bed.db.selectFrom('snapshots').select('id').execute()).map((row) => row.id)).toEqual([
      's-1',
    ]);
  });

  it('keeps the content, also when the snapshot is deleted at once and everything unneeded is collected', async () => {
    await bed.snapshot('s-1', await bed.content(SEEDS));
    const id = await ofSnapshot();
    await removeSnapshots(bed.ctx, REGION, ['s-1'], none);
    await bed.collect();
    await bed.make(id);
    expect(bed.files.get(id)).toEqual(diskOf(SEEDS));
    await bed.collect();
    expect(await restore(bed.vault, parseRoot((await bed.row(id))!.root!))).toEqual(diskOf(SEEDS));
  });

  it('keeps the content of a snapshot that is deleted in the middle of a collection', async () => {
    await bed.snapshot('s-1', await bed.content(SEEDS));
    let id = '';
    // Between the reading of roots and the hiding of what none of them reaches.
    faults.set('vault.collect.hidden', async () => {
      if (id !== '') return;
      id = await ofSnapshot();
      await removeSnapshots(bed.ctx, REGION, ['s-1'], none);
    });
    await bed.content([77]);
    await bed.collect();
    expect(id).not.toBe('');
    await bed.make(id);
    expect(bed.files.get(id)).toEqual(diskOf(SEEDS));
  });

  it('tells how much of the file is written', async () => {
    await bed.snapshot('s-1', await bed.content(Array.from({ length: 10 }, (_, at) => at + 1)));
    const id = await ofSnapshot();
    const told: number[] = [];
    const turn = new Mutex();
    bed.onWrite = () =>
      turn.run(async () => {
        // A report is one more statement of the catalogue: it comes before or after this one.
        for (let look = 0; look < 5; look++) told.push((await bed.row(id))!.progress);
      });
    await bed.make(id);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect([...new Set(told)]).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect((await bed.row(id))!.progress).toBe(100);
  });

  it.each([
    ['InvalidSnapshotId.NotFound', 's-none', {}],
    ['InvalidSnapshotId.NotFound', 's-1', { regionId: 'room-2' }],
    ['InvalidSnapshotId.NotFound', 's-1', { from: { snapshotId: 's-1', desktopId: 'ecd-2' } }],
    ['InvalidSnapshotId.NotFound', 's-data', {}],
    ['InvalidSnapshotId.NotFound', 's-hidden', {}],
    ['InvalidSnapshotId.NotReady', 's-new', {}],
    ['InvalidSnapshotId.NotReady', 's-failed', {}],
  ])('is refused with %s for %s %j, and nothing is left', async (wanted, snapshotId, more) => {
    const root = await bed.content(SEEDS);
    await bed.snapshot('s-1', root);
    await bed.snapshot('s-data', root, { disk_type: 'data' });
    await bed.snapshot('s-new', root, { status: 'PROGRESSING', root: null });
    await bed.snapshot('s-failed', root, { status: 'FAILED', root: null });
    await bed.snapshot('s-hidden', root, { image_id: 'm-other' });
    await expect(ofSnapshot(snapshotId, more)).rejects.toEqual(code(wanted));
    expect(await bed.db.selectFrom('images').select('id').execute()).toHaveLength(1);
  });

  it('is refused while there is no space', async () => {
    await bed.snapshot('s-1', await bed.content(SEEDS));
    bed.free = 0;
    await expect(ofSnapshot()).rejects.toEqual(code('OperationDenied.InsufficientSpace'));
  });
});

describe('an image of a desktop', () => {
  const hidden = (id: string) =>
    bed.db.selectFrom('snapshots').selectAll().where('image_id', '=', id).executeTakeFirst();
  const visible = () =>
    listSnapshots(bed.db, { regionId: REGION, desktopId: 'ecd-1' }, { after: null, limit: 10 });
  /** What an archive does when it has stored the layer. */
  async function stored(id: string): Promise<string> {
    const root = rootKey(await bed.content(SEEDS));
    const set = { status: 'ACCOMPLISHED' as const, root, archived_at: 9 };
    await bed.db.updateTable('snapshots').set(set).where('image_id', '=', id).execute();
    await bed.db.updateTable('layers').set({ root }).where('state', '=', 'frozen').execute();
    await bed.vault.putRecord((await hidden(id))!.id, { root });
    return root;
  }

  it('holds the disk when it answers, waits until that is stored, and then takes it over', async () => {
    const id = await ofDesktop();
    expect(await bed.row(id)).toMatchObject({
      ...{ name: 'gold', status: 'Creating', progress: 0, root: null, made_of: 'desktop' },
      ...{ os_type: 'Linux', platform: 'Debian', size_bytes: 5120 },
    });
    const snapshot = (await hidden(id))!;
    expect(snapshot).toMatchObject({ disk_type: 'system', consistency: 'stopped', layer_id: 'l-system' });
    expect(await visible()).toEqual([]);
    await bed.db.updateTable('snapshots').set({ total_bytes: 100, done_bytes: 50 }).execute();
    await bed.make(id);
    expect(await bed.row(id)).toMatchObject({ status: 'Creating', progress: 25 });
    // Nobody can delete it by its id.
    await removeSnapshots(bed.ctx, REGION, [snapshot.id], none);
    const root = await stored(id);
    await bed.make(id);
    expect(await bed.row(id)).toMatchObject({ status: 'Available', progress: 100, root });
    expect(bed.files.get(id)).toEqual(diskOf(SEEDS));
    expect(await hidden(id)).toBeUndefined();
    expect([...(await bed.records()).keys()]).toEqual([id]);
    expect(await bed.leftovers()).toBe(0);
    await bed.collect();
    expect(await restore(bed.vault, parseRoot(root))).toEqual(diskOf(SEEDS));
  });

  it('begins the file again when the service died in between, at each point', async () => {
    for (const point of ['image.taken.over', 'image.filled', 'image.written', 'image.recorded']) {
      const id = await ofDesktop();
      const root = await stored(id);
      const dead = new AbortController();
      faults.set(point, () => {
        dead.abort();
        throw new EcdError('Cancelled', { reason: 'died' });
      });
      await bed.images.make(id, dead.signal);
      faults.clear();
      expect(await bed.row(id), point).toMatchObject({ status: 'Creating', root });
      await bed.make(id);
      expect(await bed.row(id), point).toMatchObject({ status: 'Available' });
      expect(bed.files.get(id)).toEqual(diskOf(SEEDS));
      expect(bed.drafts.size).toBe(0);
    }
  });

  it('has a name of its own if none is given', async () => {
    const id = await bed.images.create({ ...request, name: '', from: { desktopId: 'ecd-1' } }, none);
    expect(await bed.row(id)).toMatchObject({ name: id });
  });

  it('counts in no quota of snapshots, but in that of layers that wait', async () => {
    await bed.snapshot('s-1', await bed.content(SEEDS));
    await ofDesktop();
    await ofDesktop();
    await expect(ofDesktop()).rejects.toEqual(code('QuotaExceed.WaitingLayers'));
  });

  it.each([
    ['InvalidDesktopId.NotFound', 'ecd-none', 'Stopped'],
    ['InvalidDesktopId.NotFound', 'ecd-1', 'Deleted'],
    ['IncorrectDesktopStatus', 'ecd-1', 'Starting'],
  ] as const)('is refused with %s for %s, %s; nothing is left', async (wanted, desktopId, status) => {
    await bed.db.updateTable('desktops').set({ status }).execute();
    await expect(ofDesktop(desktopId)).rejects.toEqual(code(wanted));
    expect(await bed.db.selectFrom('images').select('id').execute()).toEqual([{ id: 'm-base' }]);
    expect(await bed.db.selectFrom('snapshots').select('id').execute()).toEqual([]);
  });

  it('leaves nothing when the disk cannot be frozen', async () => {
    faults.set('take.committed', () => {});
    (bed.ctx.pool as { freezeOffline: unknown }).freezeOffline = async () => {
      throw new EcdError('OperationDenied.DiskInUse', { path: 'd' });
    };
    await expect(ofDesktop()).rejects.toEqual(code('OperationDenied.DiskInUse'));
    expect(await bed.db.selectFrom('images').select('id').execute()).toEqual([{ id: 'm-base' }]);
    expect(await bed.db.selectFrom('snapshots').select('id').execute()).toEqual([]);
  });

  it.each(['FAILED', 'gone'])('is CreateFailed when its snapshot is %s', async (how) => {
    const id = await ofDesktop();
    if (how === 'gone') await bed.db.deleteFrom('snapshots').execute();
    else await bed.db.updateTable('snapshots').set({ status: 'FAILED', layer_id: null }).execute();
    await bed.make(id);
    expect(await bed.row(id)).toMatchObject({ status: 'CreateFailed', root: null });
    expect(await hidden(id)).toBeUndefined();
    expect(bed.files.size + (await bed.leftovers())).toBe(0);
  });
});

describe('an image that cannot be made', () => {
  beforeEach(async () => bed.snapshot('s-1', await bed.content(SEEDS)));

  it('is tried three times, then CreateFailed, without file and content', async () => {
    const id = await ofSnapshot();
    bed.onWrite = () => {
      throw new EcdError('Nbd.Failed', { operation: 'write', reason: 'No space left on device' });
    };
    for (const status of ['Creating', 'Creating', 'CreateFailed']) {
      await bed.make(id);
      expect(await bed.row(id)).toMatchObject({ status });
      expect(bed.files.size + bed.drafts.size).toBe(0);
    }
    expect(await bed.row(id)).toMatchObject({ root: null });
    bed.onWrite = () => {};
    await bed.make(id);
    expect(await bed.row(id)).toMatchObject({ status: 'CreateFailed' });
    await bed.images.remove([id], none);
    expect(await bed.row(id)).toBeUndefined();
    expect((await bed.records()).has(id)).toBe(false);
  });

  it('is CreateFailed at once when its content is damaged', async () => {
    const id = await ofSnapshot();
    await bed.db.updateTable('snapshots').set({ root: null }).execute();
    await bed.db.updateTable('images').set({ root: null }).where('id', '=', id).execute();
    await bed.collect();
    const root = `${'7'.repeat(64)}:5120`;
    await bed.db.updateTable('images').set({ root }).where('id', '=', id).execute();
    await bed.make(id);
    expect(await bed.row(id)).toMatchObject({ status: 'CreateFailed', root: null });
    expect(bed.files.size).toBe(0);
  });

  it('waits for a vault that is away, however long', async () => {
    const id = await ofSnapshot();
    const { getChunk } = bed.vault;
    bed.vault.getChunk = async () => {
      throw new EcdError('Vault.Unavailable', { reason: 'away' });
    };
    for (let tries = 0; tries < 5; tries++) await bed.make(id);
    expect(await bed.row(id)).toMatchObject({ status: 'Creating' });
    bed.vault.getChunk = getChunk;
    await bed.make(id);
    expect(await bed.row(id)).toMatchObject({ status: 'Available' });
  });
});
