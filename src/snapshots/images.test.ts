import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Claim } from '../catalogue/nonces.ts';
import { faults } from '../faults.ts';
import { parseRoot } from '../vault/index.ts';
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
const _ofDesktop = (desktopId = 'ecd-1') => bed.images.create({ ...request, from: { desktopId } }, none);

describe('renaming and deleting', () => {
  let id: string;
  beforeEach(async () => {
    await bed.snapshot('s-1', await bed.content(SEEDS));
    id = await ofSnapshot();
  });

  it('a new name is in the record too', async () => {
    await bed.images.modify(id, { name: 'early' }, none);
    expect((await bed.records()).size).toBe(0);
    await bed.make(id);
    expect((await bed.records()).get(id)).toMatchObject({ name: 'early', description: 'text' });
    await bed.images.modify(id, { description: 'new' }, none);
    expect(await bed.row(id)).toMatchObject({ name: 'early', description: 'new', updated_at: bed.now });
    expect((await bed.records()).get(id)).toMatchObject({ name: 'early', description: 'new' });
    await expect(bed.images.modify('m-none', { name: 'x' }, none)).rejects.toEqual(
      code('InvalidImageId.NotFound'),
    );
  });

  it('file, record and content go; the snapshot stays', async () => {
    await bed.make(id);
    await bed.images.remove([id], none);
    expect(await bed.row(id)).toBeUndefined();
    expect(bed.files.size + (await bed.leftovers())).toBe(0);
    expect((await bed.records()).size).toBe(0);
    await bed.collect();
    const root = parseRoot((await bed.db.selectFrom('snapshots').select('root').executeTakeFirst())!.root!);
    expect(await restore(bed.vault, root)).toEqual(diskOf(SEEDS));
    await removeSnapshots(bed.ctx, REGION, ['s-1'], none);
    await bed.collect();
    expect((await bed.vault.stats()).chunks).toBe(0);
  });

  it.each(['image.opened', 'image.filled', 'image.written', 'image.recorded'])(
    'one that is being made is called off at %s',
    async (point) => {
      const reached = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      faults.set(point, () => {
        reached.resolve();
        return go.promise;
      });
      const making = bed.make(id);
      await reached.promise;
      const removed = bed.images.remove([id], none);
      await expect.poll(() => bed.row(id)).toBeUndefined();
      go.resolve();
      await Promise.all([making, removed]);
      expect(bed.files.size + (await bed.leftovers())).toBe(0);
      expect((await bed.records()).size).toBe(0);
    },
  );

  it('what could not be unlinked goes at the next start', async () => {
    await bed.make(id);
    const pool = bed.ctx.pool as { releaseImage: (id: string) => Promise<void> };
    const { releaseImage } = pool;
    pool.releaseImage = async () => {
      throw new Error('busy');
    };
    await bed.images.remove([id], none);
    expect([await bed.row(id), bed.files.size]).toEqual([undefined, 1]);
    pool.releaseImage = releaseImage;
    await bed.images.recover();
    expect(bed.files.size + (await bed.leftovers())).toBe(0);
  });

  it('all or none: an unknown one, or one that is used, keeps the others', async () => {
    await bed.image('m-2');
    const kept = async () => (await bed.row(id)) !== undefined && (await bed.row('m-2')) !== undefined;
    await expect(bed.images.remove([id, 'm-none'], none)).rejects.toEqual(code('InvalidImageId.NotFound'));
    expect(await kept()).toBe(true);
    const used = code('OperationDenied.ImageInUse');
    await expect(bed.images.remove([id, 'm-base'], none)).rejects.toEqual(used);
    // A layer that still stands on it, though the desktop is of another image now, or deleted.
    await bed.db.updateTable('layers').set({ image_id: 'm-2' }).where('id', '=', 'l-system').execute();
    await bed.db.updateTable('desktops').set({ status: 'Deleted' }).execute();
    await expect(bed.images.remove([id, 'm-2'], none)).rejects.toEqual(used);
    expect(await kept()).toBe(true);
    await bed.db.updateTable('layers').set({ image_id: null }).execute();
    await bed.images.remove([id, 'm-2', 'm-base'], none);
    expect(await bed.db.selectFrom('images').select('id').execute()).toEqual([]);
  });

  it('one that a bundle of the settings means now stays, until it has another name', async () => {
    await bed.image('m-old', { name: 'demo' });
    await bed.image('m-broken', { name: 'demo', status: 'CreateFailed' });
    await bed.images.remove(['m-broken'], none);
    const remove = () => bed.images.remove(['m-old'], none);
    await expect(remove()).rejects.toEqual(code('OperationDenied.ImageInUse'));
    await bed.images.modify('m-old', { name: 'other' }, none);
    await remove();
    expect(await bed.row('m-old')).toBeUndefined();
  });

  it('one that a stored bundle is of stays, or takes the bundle with it', async () => {
    const bundle = {
      ...{ name: 'b', description: '', desktop_type: 't', cpus: 1, memory_mib: 64, system_disk_gib: 1 },
      ...{ data_disk_gib: 0, network: 'none' as const, firmware: 'bios' as const, language: '' },
      ...{ creator: 'alice', created_at: 1, deleted_at: null },
    };
    await bed.image('m-2');
    const rows = [
      { id: 'b-1', image_id: id },
      { id: 'b-2', image_id: 'm-2' },
    ];
    await bed.db
      .insertInto('bundles')
      .values(rows.map((row) => ({ ...bundle, ...row })))
      .execute();
    await expect(bed.images.remove([id], none)).rejects.toEqual(code('OperationDenied.ImageInUse'));
    expect(await bed.row(id)).toBeDefined();
    await bed.images.remove([id], none, 'bundles');
    expect(await bed.row(id)).toBeUndefined();
    expect((await bed.db.selectFrom('bundles').select('id').execute()).map((row) => row.id)).toEqual(['b-2']);
  });
});
