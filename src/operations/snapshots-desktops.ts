/** The desktops that an operation reaches by way of snapshots, as access policies speak of them. */
import { desktopsOfSnapshots } from '../catalogue/snapshots.ts';
import { all, named } from './resources.ts';
import type { Services } from './services.ts';

/**
 * The desktops of these snapshots, or all when one is not there: that could be of any desktop, so nobody learns from a
 * refusal that it is not.
 */
export async function desktopsBehind(
  { catalogue }: Pick<Services, 'catalogue'>,
  ...snapshots: readonly (string | readonly string[] | undefined)[]
): Promise<readonly string[]> {
  const ids = [...new Set(snapshots.flatMap((one) => one ?? []))];
  if (ids.length === 0) return [];
  const desktops = await desktopsOfSnapshots(catalogue.db, ids);
  if (ids.some((id) => !desktops.has(id))) return all('desktop');
  return named('desktop', [...new Set(desktops.values())]);
}
