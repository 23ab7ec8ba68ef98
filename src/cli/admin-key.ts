/**
 * The first key: a service that starts with an empty catalogue makes one, so that there is a way in.
 *
 * Invariants: it is made only while the catalogue holds no key at all; the file is whole and synced before the key
 * counts, so that a crash in between leaves no key that nobody knows; it is readable by its owner only.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { ADMINISTRATOR, countKeys, createKey, type NewKey, openKeySecrets } from '../catalogue/keys.ts';
import { type DataDir, syncDirectory } from '../data-dir.ts';
import { EcdError } from '../errors.ts';
import type { Context } from './command.ts';
import { keyDeed, telling } from './told.ts';

/** True when it has made one. */
export async function ensureAdminKey(
  dir: DataDir,
  catalogue: Catalogue,
  env: Context['env'] = process.env,
): Promise<boolean> {
  const box = await openKeySecrets(catalogue, dir.secretKey);
  return await telling(catalogue, env, async (trx, tell) => {
    if ((await countKeys(trx)) > 0) return false;
    const key = await createKey(trx, box);
    tell(keyDeed('CreateAccessKey', key.AccessKeyId, ADMINISTRATOR));
    writePrivate(dir.adminKey, `${JSON.stringify(key)}\n`);
    syncDirectory(dir.path);
    return true;
  });
}

/** The key of DATA/admin-key.json. Throws Cli.Refused when it is not there. */
export function readAdminKey(dir: DataDir): NewKey {
  try {
    const key = JSON.parse(readFileSync(dir.adminKey, 'utf8')) as Partial<NewKey>;
    if (typeof key.AccessKeyId === 'string' && typeof key.AccessKeySecret === 'string') return key as NewKey;
    throw new TypeError('it holds no access key');
  } catch (error) {
    throw new EcdError(
      'Cli.Refused',
      {
        reason: `${dir.adminKey} cannot be read`,
        remedy:
          'The first start makes it, unless there was a key already. Set ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET to a key of `openecd key create`.',
      },
      error,
    );
  }
}

function writePrivate(file: string, text: string): void {
  const draft = `${file}.${process.pid}.draft`;
  const fd = openSync(draft, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, file);
}
