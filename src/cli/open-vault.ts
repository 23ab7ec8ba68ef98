/**
 * Opens a vault for reading, beside a running service or with nothing but the vault's directory.
 *
 * Invariant: nothing is written into the vault or the data directory; an index of our own is removed at `close`.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DataDir } from '../data-dir.ts';
import { EcdError } from '../errors.ts';
import { Vault } from '../vault/index.ts';
import { type Args, usage } from './command.ts';

export interface ReadVault {
  readonly vault: Vault;
  readonly path: string;
  /** Null when only `--vault` was given. */
  readonly dir: DataDir | null;
}

/** Opens what `--data` and `--vault` name, for the time of `work`. */
export async function withReadVault<T>(
  args: Args,
  path: string,
  work: (opened: ReadVault) => Promise<T>,
): Promise<T> {
  const [data, named] = [args.text('data'), args.text('vault')];
  if (data === undefined && named === undefined) throw usage(path, 'Name --data DIR or --vault DIR');
  const dir = data === undefined ? null : DataDir.open(data, { create: false });
  const vaultDir = resolve(named ?? dir!.vault);
  if (!existsSync(join(vaultDir, 'vault.json')))
    throw new EcdError('Cli.Refused', {
      reason: `${vaultDir} holds no vault`,
      remedy: 'Name the directory that holds vault.json; the first start of the service makes it.',
    });
  const own = mkdtempSync(join(tmpdir(), 'openecd-index-'));
  // The service's own index spares reading that of every pack; the vault copies it for a reader.
  const indexFile = dir !== null && existsSync(dir.vaultIndex) ? dir.vaultIndex : join(own, 'index.db');
  try {
    const vault = await Vault.open({ dir: vaultDir, indexFile, readonly: true });
    try {
      return await work({ vault, path: vaultDir, dir });
    } finally {
      await vault.close();
    }
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
