/**
 * What an operation reaches by way of what it names, as access policies speak of it.
 *
 * Invariant: what is not there reads as all of its kind, since it could be any: nobody learns from a refusal that it is not.
 */
import { bundlesById } from '../catalogue/bundles.ts';
import { findImage } from '../catalogue/images.ts';
import { desktopsOfSnapshots } from '../catalogue/snapshots.ts';
import { all, named } from './resources.ts';
import type { Services } from './services.ts';

type Source = Pick<Services, 'catalogue'>;

/** More snapshots of a desktop than these count as all there are. */
const MOST_SNAPSHOTS = 1000;

/** The desktops of these snapshots. */
export async function desktopsBehind(
  { catalogue }: Source,
  ...snapshots: readonly (string | readonly string[] | undefined)[]
): Promise<readonly string[]> {
  const ids = [...new Set(snapshots.flatMap((one) => one ?? []))];
  if (ids.length === 0) return [];
  const desktops = await desktopsOfSnapshots(catalogue.db, ids);
  if (ids.some((id) => !desktops.has(id))) return all('desktop');
  return named('desktop', [...new Set(desktops.values())]);
}

/** The snapshots of a desktop. */
export async function snapshotsOf({ catalogue }: Source, desktopId: string): Promise<readonly string[]> {
  const found = await catalogue.db
    .selectFrom('snapshots')
    .select('id')
    .where('desktop_id', '=', desktopId)
    .limit(MOST_SNAPSHOTS + 1)
    .execute();
  if (found.length > MOST_SNAPSHOTS) return all('snapshot');
  return named(
    'snapshot',
    found.map((row) => row.id),
  );
}

/** The desktops that these policies take snapshots of. */
export async function desktopsBound(
  { catalogue }: Source,
  ...policies: readonly string[]
): Promise<readonly string[]> {
  const found = await catalogue.db
    .selectFrom('policy_bindings')
    .select('desktop_id')
    .where('policy_id', 'in', [...policies])
    .execute();
  return named(
    'desktop',
    found.map((row) => row.desktop_id),
  );
}

/** The policies that take snapshots of these desktops. */
export async function policiesOfDesktops(
  { catalogue }: Source,
  desktops: readonly string[],
): Promise<readonly string[]> {
  const found = await catalogue.db
    .selectFrom('policy_bindings')
    .select('policy_id')
    .distinct()
    .where('desktop_id', 'in', [...desktops])
    .execute();
  return named(
    'snapshotpolicy',
    found.map((row) => row.policy_id),
  );
}

/** The images that these desktops are of. */
export async function imagesOfDesktops(
  { catalogue }: Source,
  desktops: readonly string[],
): Promise<readonly string[]> {
  const ids = [...new Set(desktops)];
  const found = await catalogue.db.selectFrom('desktops').select('image_id').where('id', 'in', ids).execute();
  if (found.length < ids.length) return all('image');
  return named('image', [...new Set(found.map((row) => row.image_id))]);
}

/** The images that these bundles mean now. */
export async function imagesOfBundles(
  { catalogue, settings }: Pick<Services, 'catalogue' | 'settings'>,
  bundles: readonly string[],
): Promise<readonly string[]> {
  const images: string[] = [];
  const others = bundles.filter((id) => !settings.bundles.some((bundle) => bundle.id === id));
  const stored = others.length === 0 ? [] : await bundlesById(catalogue.db, others);
  for (const id of new Set(bundles)) {
    const meant =
      settings.bundles.find((bundle) => bundle.id === id)?.image ??
      stored.find((bundle) => bundle.id === id)?.image_id;
    const image = meant === undefined ? undefined : await findImage(catalogue.db, meant);
    if (image === undefined) return all('image');
    images.push(image.id);
  }
  return named('image', images);
}

/** The bundles of the settings that mean whatever image has one of these names: who has the say over it, has it over them. */
export function bundlesMeaning(
  { settings }: Pick<Services, 'settings'>,
  ...imageNames: readonly (string | undefined)[]
): readonly string[] {
  const meaning = settings.bundles.filter((bundle) => imageNames.includes(bundle.image));
  return named(
    'bundle',
    meaning.map((bundle) => bundle.id),
  );
}
