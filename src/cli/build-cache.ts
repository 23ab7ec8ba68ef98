/** Where what is fetched to build the demo guest stays, so that a second build fetches nothing. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * In a checkout its own `.cache/`, which the tests share. An installed program (its files end in .js) may not write
 * where it lies, and takes the user's cache: `$XDG_CACHE_HOME/openecd`, else `~/.cache/openecd`.
 */
export function buildCache(
  env: Readonly<Record<string, string | undefined>>,
  own = import.meta.filename,
): string {
  if (own.endsWith('.ts')) return resolve(own, '../../../.cache');
  const given = env['XDG_CACHE_HOME'];
  // The convention: a relative path there is ignored.
  return join(given?.startsWith('/') ? given : join(env['HOME'] || homedir(), '.cache'), 'openecd');
}
