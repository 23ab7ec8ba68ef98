import { afterEach, beforeEach, expect, it } from 'vitest';
import { Claim } from '../catalogue/nonces.ts';
import { EcdError } from '../errors.ts';
import { parseRoot, rootKey } from '../vault/index.ts';
import { diskOf } from '../vault/testing.ts';
import { nextStep } from './decide.ts';
import { type RebuildRequest, requestRebuild } from './rebuild.ts';
import { performReset } from './reset.ts';
import { loadState } from './state.ts';
import { ImageBed, REGION } from './testing/image-bed.ts';

const SEEDS = [1, 0, 2, 3, 0, 0, 4, 4, 5, 6];
const none = Claim.none();
const code = (name: string) => expect.objectContaining({ code: name });

let bed: ImageBed;
beforeEach(async () => {
  bed = await ImageBed.open();
  await bed.image('m-new', { name: 'new' });
});
afterEach(() => bed.catalogue.close());

const disk = () =>
  bed.db.selectFrom('disks').selectAll().where('id', '=', 'd-system').executeTakeFirstOrThrow();
const layers = () => bed.db.selectFrom('layers').selectAll().where('disk_id', '=', 'd-system').execute();
const imageOf = async () =>
  (await bed.db.selectFrom('desktops').select('image_id').executeTakeFirst())!.image_id;
const request = (more: Partial<RebuildRequest> = {}) =>
  requestRebuild(bed.ctx, { regionId: REGION, desktopId: 'ecd-1', ...more }, none);
async function rebuild(imageId?: string): Promise<void> {
  await performReset(bed.ctx, await request({ imageId }), () => false);
}

it('the disk is an empty layer on the golden image, and the desktop is of it', async () => {
  await rebuild('m-new');
  const now = await disk();
  expect(now).toMatchObject({ prepared_layer: null, settling_layer: null, intent: null, size_bytes: 5120 });
  expect(now.active_layer).not.toBe('l-system');
  expect(await layers()).toMatchObject([
    { id: now.active_layer, parent_id: null, image_id: 'm-new', state: 'active', root: null },
  ]);
  expect(await imageOf()).toBe('m-new');
  const golden = { diskId: 'd-system', sizeBytes: 5120, imageId: 'm-new', layers: [] };
  expect(bed.prepared).toEqual([[now.active_layer, golden]]);
  expect(bed.released).toEqual(['l-system']);
  expect(await bed.db.selectFrom('garbage').selectAll().execute()).toEqual([]);
  const data = await bed.db.selectFrom('disks').selectAll().where('type', '=', 'data').executeTakeFirst();
  expect(data).toMatchObject({ active_layer: 'l-data', intent: null });
});

it('without an image it is the one that the desktop is of', async () => {
  await rebuild();
  expect(await imageOf()).toBe('m-base');
  expect(await layers()).toMatchObject([{ image_id: 'm-base', state: 'active' }]);
});

it('the first snapshot after it has the image as its parent', async () => {
  const root = rootKey(await bed.content(SEEDS));
  await bed.db.updateTable('images').set({ root }).where('id', '=', 'm-new').execute();
  await rebuild('m-new');
  const { active_layer: bottom } = await disk();
  await bed.db.updateTable('layers').set({ state: 'frozen' }).where('id', '=', bottom).execute();
  const top = { id: 'l-top', disk_id: 'd-system', parent_id: bottom, image_id: null, created_at: 1 };
  await bed.db
    .insertInto('layers')
    .values({ ...top, state: 'active', root: null })
    .execute();
  await bed.db
    .updateTable('disks')
    .set({ active_layer: 'l-top', prepared_layer: 'l-x' })
    .where('id', '=', 'd-system')
    .execute();
  expect(nextStep((await loadState(bed.db, 'd-system'))!)).toEqual({
    ...{ kind: 'archive', layer: bottom, depth: 1, parentRoot: root },
  });
});

it('snapshots of the old disk stay: those that are stored, and as a branch the one that is not', async () => {
  await bed.snapshot('s-1', await bed.content(SEEDS));
  await bed.db.updateTable('layers').set({ state: 'frozen' }).where('id', '=', 'l-system').execute();
  const top = { id: 'l-top', disk_id: 'd-system', parent_id: 'l-system', image_id: null, created_at: 1 };
  await bed.db
    .insertInto('layers')
    .values({ ...top, state: 'active', root: null })
    .execute();
  await bed.db.updateTable('disks').set({ active_layer: 'l-top' }).where('id', '=', 'd-system').execute();
  await bed.snapshot('s-2', await bed.content([1]), {
    ...{ status: 'PROGRESSING', root: null, layer_id: 'l-system' },
  });
  await rebuild('m-new');
  expect((await layers()).map((layer) => layer.id).sort()).toEqual(
    ['l-system', (await disk()).active_layer].sort(),
  );
  expect(bed.released).toEqual(['l-top']);
  const kept = await bed.db.selectFrom('snapshots').select(['id', 'layer_id']).orderBy('id').execute();
  expect(kept).toEqual([
    { id: 's-1', layer_id: null },
    { id: 's-2', layer_id: 'l-system' },
  ]);
});

it('a damaged golden image is no hindrance: the disk is written from the tree', async () => {
  const root = await bed.content(SEEDS);
  await bed.db
    .updateTable('images')
    .set({ root: rootKey(root) })
    .where('id', '=', 'm-new')
    .execute();
  bed.check = () => {
    throw new EcdError('Disk.Damaged', { path: 'm-new', reason: 'gone' });
  };
  await rebuild('m-new');
  const { active_layer: active } = await disk();
  const found = await layers();
  const filled = found.find((layer) => layer.id !== active)!;
  expect(found).toHaveLength(2);
  expect(filled).toMatchObject({ parent_id: null, image_id: null, state: 'frozen', root: rootKey(root) });
  expect(found.find((layer) => layer.id === active)).toMatchObject({ parent_id: filled.id, image_id: null });
  expect(bed.files.get(filled.id)).toEqual(diskOf(SEEDS));
  expect(await imageOf()).toBe('m-new');
  expect(parseRoot(filled.root!).size).toBe(5120);
});

it.each([
  ['a disk in use', 'OperationDenied.DiskInUse', () => void (bed.lockFree = false)],
  [
    'files that cannot be reached',
    'Disk.Unavailable',
    () => {
      bed.check = () => {
        throw new EcdError('Disk.Unavailable', { path: 'x', reason: 'away' });
      };
    },
  ],
])('%s: nothing has changed, and the lease has ended', async (_, wanted, breakIt) => {
  breakIt();
  await expect(rebuild('m-new')).rejects.toEqual(code(wanted));
  expect(await disk()).toMatchObject({ active_layer: 'l-system', intent: null });
  expect(await imageOf()).toBe('m-base');
  expect(await bed.db.selectFrom('garbage').selectAll().execute()).toEqual([]);
});

it.each([
  ['InvalidDesktopId.NotFound', { desktopId: 'ecd-none' }],
  ['InvalidDesktopId.NotFound', { regionId: 'room-2' }],
  ['InvalidImageId.NotFound', { imageId: 'm-none' }],
  ['IncorrectImageStatus', { imageId: 'm-failed' }],
  ['OperationDenied.ImageTooLarge', { imageId: 'm-large' }],
])('is refused with %s for %j', async (wanted, more) => {
  await bed.image('m-failed', { status: 'CreateFailed' });
  await bed.image('m-large');
  await bed.db.updateTable('images').set({ size_bytes: 5632 }).where('id', '=', 'm-large').execute();
  await expect(request(more)).rejects.toEqual(code(wanted));
  expect((await disk()).intent).toBeNull();
});

it('is refused while the desktop is not Stopped, deleted, or its disk leased', async () => {
  const status = (to: 'Running' | 'Deleted' | 'Stopped') =>
    bed.db.updateTable('desktops').set({ status: to }).execute();
  await status('Running');
  await expect(request()).rejects.toEqual(code('IncorrectDesktopStatus'));
  await status('Deleted');
  await expect(request()).rejects.toEqual(code('InvalidDesktopId.NotFound'));
  await status('Stopped');
  await request({ imageId: 'm-new' });
  await expect(request()).rejects.toEqual(code('OperationConflict'));
  // Its image cannot be deleted under it.
  await expect(bed.images.remove(['m-new'], none)).rejects.toEqual(code('OperationDenied.ImageInUse'));
});
