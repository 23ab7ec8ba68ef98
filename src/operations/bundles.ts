/**
 * Bundles, of the settings and on record, with the image that each of them means now.
 *
 * Invariants: an id of the settings is that of the settings, whatever is on record; only the settings call an image by its
 * name, a request by its id alone: access policies speak of ids.
 */
import { type BundleRow, bundlesById, storedBundle, storedBundles } from '../catalogue/bundles.ts';
import { findImage, type ImageRow, imageById } from '../catalogue/images.ts';
import { EcdError } from '../errors.ts';
import type { Bundle, Settings } from '../settings.ts';
import type { Services } from './services.ts';

/** Throws InvalidDesktopBundle.NotFound. */
export async function requireBundle(services: Services, id: string): Promise<Bundle> {
  const own = services.settings.bundles.find((candidate) => candidate.id === id);
  const stored = own === undefined ? await storedBundle(services.catalogue.db, id) : undefined;
  if (own !== undefined) return own;
  if (stored === undefined) throw new EcdError('InvalidDesktopBundle.NotFound');
  return bundleOf(stored);
}

/** The first one of the settings that is of a type: what is made of a type alone is made of it. */
export function bundleOfType({ bundles }: Settings, type: string | undefined): Bundle | undefined {
  return bundles.find((bundle) => bundle.desktopType === type);
}

/** The image that a request names, ready for use. Throws InvalidImageId.NotFound, IncorrectImageStatus. */
export async function requireImage({ catalogue }: Services, id: string): Promise<ImageRow> {
  return ready(await imageById(catalogue.db, id));
}

/** The image that a bundle means now, ready for use. Throws as `requireImage`. */
export async function requireImageOf({ catalogue }: Services, bundle: Bundle): Promise<ImageRow> {
  return ready(await findImage(catalogue.db, bundle.image));
}

function ready(image: ImageRow | undefined): ImageRow {
  if (image === undefined) throw new EcdError('InvalidImageId.NotFound');
  if (image.status !== 'Available') throw new EcdError('IncorrectImageStatus');
  return image;
}

export interface OfferedBundle {
  readonly bundle: Bundle;
  /** Null for one of the settings. */
  readonly stored: BundleRow | null;
  /** Undefined while no such image has been imported. */
  readonly image: ImageRow | undefined;
  /** Where it stands among all: ascends, and does not move. */
  readonly order: number;
}

/** Those on record, newest first, then those of the settings in their order. */
export async function offeredBundles({ catalogue, settings }: Services): Promise<OfferedBundle[]> {
  const images = new Map<string, ImageRow | undefined>();
  const imageOf = async (idOrName: string) => {
    if (!images.has(idOrName)) images.set(idOrName, await findImage(catalogue.db, idOrName));
    return images.get(idOrName);
  };
  const offered: OfferedBundle[] = [];
  for (const stored of await storedBundles(catalogue.db)) {
    const image = await imageOf(stored.image_id);
    offered.push({ bundle: bundleOf(stored), stored, image, order: -stored.created_at });
  }
  for (const [order, bundle] of settings.bundles.entries())
    offered.push({ bundle, stored: null, image: await imageOf(bundle.image), order });
  return offered;
}

/** Those of some desktops, also deleted ones. */
export async function bundlesOfDesktops(
  { catalogue, settings }: Services,
  desktops: readonly { readonly bundle_id: string }[],
): Promise<Bundle[]> {
  const own = new Set(settings.bundles.map((bundle) => bundle.id));
  const ids = new Set(desktops.map((desktop) => desktop.bundle_id));
  const others = [...ids].filter((id) => !own.has(id));
  const stored = others.length === 0 ? [] : await bundlesById(catalogue.db, others);
  return [...settings.bundles, ...stored.map(bundleOf)];
}

/** Ids of all bundles of a type, also of deleted ones that desktops are still made of. */
export async function bundleIdsOfType({ catalogue, settings }: Services, type: string): Promise<string[]> {
  const stored = await storedBundles(catalogue.db, { deleted: true });
  const all = [...settings.bundles, ...stored.map(bundleOf)];
  return all.filter((bundle) => bundle.desktopType === type).map((bundle) => bundle.id);
}

function bundleOf(row: BundleRow): Bundle {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    desktopType: row.desktop_type,
    cpus: row.cpus,
    memoryMib: row.memory_mib,
    systemDiskGib: row.system_disk_gib,
    dataDiskGib: row.data_disk_gib,
    image: row.image_id,
    network: row.network,
    firmware: row.firmware,
    ...(row.cloud_init === null ? {} : { cloudInit: JSON.parse(row.cloud_init) as Record<string, unknown> }),
  };
}
