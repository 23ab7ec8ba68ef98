/** Bundles of the settings, with the image that each of them means now. */
import { findImage, type ImageRow } from '../catalogue/images.ts';
import { EcdError } from '../errors.ts';
import type { Bundle } from '../settings.ts';
import type { Services } from './services.ts';

/** Throws InvalidDesktopBundle.NotFound. */
export function requireBundle({ settings }: Services, id: string): Bundle {
  const bundle = settings.bundles.find((candidate) => candidate.id === id);
  if (bundle === undefined) throw new EcdError('InvalidDesktopBundle.NotFound');
  return bundle;
}

/** The image of an id or a name, ready for use. Throws InvalidImageId.NotFound, IncorrectImageStatus. */
export async function requireImage({ catalogue }: Services, idOrName: string): Promise<ImageRow> {
  const image = await findImage(catalogue.db, idOrName);
  if (image === undefined) throw new EcdError('InvalidImageId.NotFound');
  if (image.status !== 'Available') throw new EcdError('IncorrectImageStatus');
  return image;
}

export interface OfferedBundle {
  readonly bundle: Bundle;
  /** Undefined while no such image has been imported. */
  readonly image: ImageRow | undefined;
}

/** All bundles in the order of the settings. */
export async function offeredBundles({ catalogue, settings }: Services): Promise<OfferedBundle[]> {
  const images = new Map<string, ImageRow | undefined>();
  for (const { image } of settings.bundles) {
    if (!images.has(image)) images.set(image, await findImage(catalogue.db, image));
  }
  return settings.bundles.map((bundle) => ({ bundle, image: images.get(bundle.image) }));
}
