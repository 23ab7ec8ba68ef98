/**
 * What an operation reaches by way of what it names, as access policies speak of it.
 *
 * Invariant: what is not there reads as all of its kind, since it could be any: nobody learns from a refusal that it is not.
 */
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
