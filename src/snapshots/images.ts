/**
 * Images: made of a snapshot or of a desktop, renamed, deleted.
 *
 * Invariants: a request is one transaction with its nonce; an image that something stands on is not deleted; what was
 * begun for an image that is deleted meanwhile is called off, and its files go; an image that fails is tried a few times
 * and then CreateFailed, unless only the vault or the catalogue is away.
 */
import { bundlesOfImages, deleteBundles } from '../catalogue/bundles.ts';
import type { Trx } from '../catalogue/catalogue.ts';
import { findImage, imageById, userOfImage } from '../catalogue/images.ts';
import type { Claim } from '../catalogue/nonces.ts';
import { describeError, EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { newId } from '../ids.ts';
import type { SnapshotContext } from './context.ts';
import { archiveImage, renewImageRecord } from './image-archive.ts';
import { failImage, makeImage } from './image-make.ts';
import {
  deleteImage,
  dropImageSnapshot,
  type ImageRow,
  insertImage,
  type NewImage,
  setImage,
} from './image-rows.ts';
import { dropRecords } from './remove.ts';
import { requireSpace } from './space.ts';
import { intentOf } from './state.ts';
import { take } from './take.ts';

const MOST_TRIES = 3;

export interface ImageRequest {
  readonly regionId: string;
  readonly name: string;
  readonly description: string;
  readonly creator: string;
  /** A desktop as it is now, or an accomplished snapshot of a system disk (and then only if it is of that desktop). */
  readonly from:
    | { readonly desktopId: string }
    | { readonly snapshotId: string; readonly desktopId?: string };
}

export interface ImageChange {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

export class Images {
  readonly #ctx: SnapshotContext;
  readonly #making = new Map<string, { readonly abort: AbortController; done: Promise<void> }>();
  readonly #failures = new Map<string, number>();

  constructor(ctx: SnapshotContext) {
    this.#ctx = ctx;
  }

  /** CreateImage: answers with the id when the content is held; the image is made in the background. */
  async create(request: ImageRequest, claim: Claim): Promise<string> {
    const { regionId, from, ...named } = request;
    const image: NewImage = { id: newId.image(), ...named };
    if ('snapshotId' in from) await this.#createOfSnapshot(regionId, from, image, claim);
    else {
      const disk = { regionId, desktopId: from.desktopId, diskType: 'system' } as const;
      const { name, description, creator } = { ...image, name: image.name || image.id };
      await take(this.#ctx, { ...disk, name, description, creator, type: 'USER', image }, claim);
    }
    await faults.hit('image.intended');
    return image.id;
  }

  async #createOfSnapshot(
    regionId: string,
    from: { readonly snapshotId: string; readonly desktopId?: string },
    image: NewImage,
    claim: Claim,
  ): Promise<void> {
    const ctx = this.#ctx;
    await requireSpace(ctx);
    await ctx.catalogue.transaction(async (trx) => {
      await claim.record(trx);
      const snapshot = await trx
        .selectFrom('snapshots')
        .selectAll()
        .where('id', '=', from.snapshotId)
        .where('region_id', '=', regionId)
        .where('image_id', 'is', null)
        .executeTakeFirst();
      const wanted = from.desktopId ?? snapshot?.desktop_id;
      if (snapshot === undefined || snapshot.desktop_id !== wanted || snapshot.disk_type !== 'system')
        throw new EcdError('InvalidSnapshotId.NotFound');
      if (snapshot.status !== 'ACCOMPLISHED' || snapshot.root === null)
        throw new EcdError('InvalidSnapshotId.NotReady');
      const content = {
        osType: snapshot.os_type === 'Windows' ? ('Windows' as const) : ('Linux' as const),
        platform: (await platformOf(trx, snapshot.desktop_id)) ?? snapshot.os_type,
        sizeBytes: snapshot.disk_size_bytes,
        root: snapshot.root,
        madeOf: 'snapshot' as const,
      };
      await insertImage(trx, image, content, ctx.clock());
    });
  }

  /** ModifyImageAttribute. Throws InvalidImageId.NotFound. */
  async modify(id: string, change: ImageChange, claim: Claim): Promise<void> {
    const ctx = this.#ctx;
    await ctx.catalogue.transaction(async (trx) => {
      const row = await imageById(trx, id);
      if (row === undefined) throw new EcdError('InvalidImageId.NotFound');
      await claim.record(trx);
      const { name = row.name, description = row.description } = change;
      await setImage(trx, id, { name, description, updated_at: ctx.clock() });
    });
    await renewImageRecord(ctx, id).catch((error: unknown) =>
      ctx.log.warn({ image: id, error: describeError(error) }, 'its record in the vault has the old name'),
    );
  }

  /**
   * DeleteImages: all or none. Gives the disks of snapshots that were taken for them. Throws InvalidImageId.NotFound,
   * OperationDenied.ImageInUse. `bundles`: those on record that are of them are deleted, too.
   */
  async remove(
    ids: readonly string[],
    claim: Claim,
    cascade: 'bundles' | 'nothing' = 'nothing',
  ): Promise<string[]> {
    const ctx = this.#ctx;
    const disks = await ctx.catalogue.transaction(async (trx) => {
      const found: string[] = [];
      for (const id of ids) {
        const row = await imageById(trx, id);
        if (row === undefined) throw new EcdError('InvalidImageId.NotFound');
        await this.#requireUnused(trx, row);
      }
      const bundles = (await bundlesOfImages(trx, ids)).map((bundle) => bundle.id);
      if (bundles.length > 0 && cascade !== 'bundles')
        throw new EcdError('OperationDenied.ImageInUse', { user: `the bundle ${bundles[0]}` });
      await claim.record(trx);
      await deleteBundles(trx, bundles, ctx.clock());
      for (const id of ids) {
        found.push(...(await dropImageSnapshot(trx, id)));
        await deleteImage(trx, id);
      }
      return found;
    });
    await faults.hit('image.removed');
    for (const id of ids) this.#making.get(id)?.abort.abort();
    await Promise.all(ids.map((id) => this.#making.get(id)?.done));
    await this.#sweep(ids);
    return disks;
  }

  /** What an earlier service could not remove any more goes. */
  async recover(): Promise<void> {
    const gone = await this.#ctx.catalogue.db.selectFrom('image_garbage').select('image_id').execute();
    await this.#sweep(gone.map((row) => row.image_id));
  }

  /** Unlinks the files of images that are gone, and removes their records. What cannot go now goes at the next start. */
  async #sweep(ids: readonly string[]): Promise<void> {
    const ctx = this.#ctx;
    for (const image_id of ids) {
      try {
        await ctx.pool.releaseImage(image_id);
        await faults.hit('image.released');
        await ctx.catalogue.db.deleteFrom('image_garbage').where('image_id', '=', image_id).execute();
      } catch (error) {
        ctx.log.warn(
          { image: image_id, error: describeError(error) },
          'the file of an image could not be removed yet',
        );
      }
    }
    await dropRecords(ctx);
  }

  /** Does what can be done now for an image that is Creating. What fails is in its row, or is tried again. */
  async make(id: string, stop: AbortSignal): Promise<void> {
    const abort = new AbortController();
    const signal = AbortSignal.any([stop, abort.signal, this.#ctx.signal]);
    const making = { abort, done: Promise.resolve() };
    this.#making.set(id, making);
    making.done = this.#make(id, signal).finally(() => this.#making.delete(id));
    await making.done;
  }

  async #make(id: string, signal: AbortSignal): Promise<void> {
    const ctx = this.#ctx;
    try {
      const row = await imageById(ctx.catalogue.db, id);
      if (row?.status !== 'Creating') return;
      if (row.made_of === 'file') await archiveImage({ ...ctx, signal }, id);
      else await makeImage(ctx, row, signal);
      this.#failures.delete(id);
    } catch (error) {
      if (!signal.aborted) await this.#failed(id, error);
    }
  }

  async #failed(id: string, error: unknown): Promise<void> {
    const ctx = this.#ctx;
    const row = await imageById(ctx.catalogue.db, id).catch(() => undefined);
    // One from a file has said so in its row.
    if (row?.status !== 'Creating') return;
    const away = EcdError.is(error, 'Vault.Unavailable', 'Catalogue.Unavailable', 'Cancelled');
    const lost = EcdError.is(error, 'Vault.Damaged', 'OperationDenied.SnapshotFailed');
    const failures = (this.#failures.get(id) ?? 0) + (away ? 0 : 1);
    this.#failures.set(id, failures);
    const final = lost || failures >= MOST_TRIES;
    const words = final ? 'an image could not be made' : 'an image could not be made; it is tried again';
    ctx.log.error({ image: id, error: describeError(error) }, words);
    if (!final) return;
    this.#failures.delete(id);
    await failImage(ctx, id);
  }

  async #requireUnused(trx: Trx, { id, status }: ImageRow): Promise<void> {
    const desktop = await userOfImage(trx, id);
    if (desktop !== undefined) throw new EcdError('OperationDenied.ImageInUse', { user: desktop });
    // What cannot be used anyway may go, whatever it is called.
    const offered = status === 'Available' ? this.#ctx.settings.bundles : [];
    for (const bundle of offered) {
      if ((await findImage(trx, bundle.image))?.id === id)
        throw new EcdError('OperationDenied.ImageInUse', { user: `the bundle ${bundle.id} of the settings` });
    }
    const leases = await trx
      .selectFrom('disks')
      .select(['desktop_id', 'intent'])
      .where('intent', 'is not', null)
      .execute();
    for (const disk of leases) {
      const intent = intentOf(disk);
      if (intent !== null && 'imageId' in intent && intent.imageId === id)
        throw new EcdError('OperationDenied.ImageInUse', { user: `the desktop ${disk.desktop_id}` });
    }
  }
}

async function platformOf(trx: Trx, desktopId: string): Promise<string | undefined> {
  const row = await trx
    .selectFrom('desktops')
    .innerJoin('images', 'images.id', 'desktops.image_id')
    .select('images.platform')
    .where('desktops.id', '=', desktopId)
    .executeTakeFirst();
  return row?.platform;
}
