/**
 * Opens the vault of a catalogue for writing.
 *
 * Invariant: a catalogue has one vault, for good: a new one is made only for a catalogue that has none yet. An empty or
 * another directory in its place (a file system that is not mounted, say) is refused, before anything is written there.
 */
import type { Catalogue } from './catalogue/catalogue.ts';
import { factOf, stateFact } from './catalogue/facts.ts';
import { EcdError } from './errors.ts';
import { type OpenOptions, Vault } from './vault/index.ts';

export interface VaultOf {
  readonly catalogue: Catalogue;
  /** The vault's directory; made when the catalogue has no vault yet. */
  readonly vaultDir: string;
  /** The index's SQLite file. */
  readonly indexFile: string;
  readonly log?: NonNullable<OpenOptions['log']>;
}

/** Throws Vault.Unavailable when the directory holds not the catalogue's vault, and whatever Vault.open throws. */
export async function openVault({ catalogue, vaultDir, indexFile, log }: VaultOf): Promise<Vault> {
  const known = await factOf(catalogue.db, 'vault');
  const vault = await Vault.open({
    dir: vaultDir,
    indexFile,
    ...(known === undefined ? { create: {} } : { expectedId: known }),
    ...(log === undefined ? {} : { log }),
  }).catch((error: unknown) => {
    throw known !== undefined && EcdError.is(error, 'Vault.Unavailable') ? misplaced(known, error) : error;
  });
  const stated = known ?? (await stateFact(catalogue.db, 'vault', vault.id));
  if (stated === vault.id) return vault;
  await vault.close();
  throw misplaced(
    stated,
    new EcdError('Vault.Unavailable', { reason: `${vaultDir} holds vault ${vault.id}` }),
  );
}

function misplaced(id: string, cause: EcdError): EcdError {
  const remedy = 'mount the file system that holds it, or name its directory with --vault DIR';
  const reason = `${cause.details['reason']}, but the snapshots of this data directory are in vault ${id}; ${remedy}`;
  return new EcdError('Vault.Unavailable', { reason }, cause);
}
