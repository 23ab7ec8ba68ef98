/**
 * The search for secrets at the end of every bed that has started a service: all that it has said, and the files that it
 * has left. test/secret-search.test.ts holds that no bed goes without.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findLeaks, noteKey, noteKeyFile, type Place, placesOf } from './secrets.ts';

/** Throws when one of the places holds a secret; tells its kind and the place, never the secret. */
export function demandNoLeaks(places: Iterable<Place>): void {
  const leaks = findLeaks(places);
  if (leaks.length > 0) throw new Error(`secrets stand where they must not:\n${leaks.join('\n')}`);
}

/** Notes what the data directory itself holds of secrets: the key that seals, and the administrator's if there is one. */
export async function noteDataDir(data: string): Promise<void> {
  noteKeyFile((await readFile(join(data, 'secret.key'), 'utf8')).trim());
  const made = await readFile(join(data, 'admin-key.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (made !== null) noteKey({ accessKeySecret: String(JSON.parse(made).AccessKeySecret) });
}

/**
 * Looks through what an ended service has said and left in its data directory, and in its vault when that lies elsewhere.
 * Throws when a secret is there, or when something that a service leaves is not.
 */
export async function searchLeft(data: string, said: Iterable<Place>, vault?: string): Promise<void> {
  await noteDataDir(data);
  demandNoLeaks([...said, ...(await placesOf(data, vault))]);
}
