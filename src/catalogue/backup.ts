/**
 * A copy of the catalogue as it is at one instant.
 *
 * Invariants: the source is opened for reading only, neither migrated nor checkpointed, and a service that writes it is not
 * stopped (WAL); the copy is one file without a log beside it, and was checked.
 */
import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { EcdError } from '../errors.ts';

/** Writes the copy into `target`, which must not be there; mode 0600. Throws Catalogue.Unavailable. */
export function backupCatalogue(source: string, target: string): void {
  withDatabase(source, 'the catalogue cannot be copied', (database) => {
    database.exec('PRAGMA busy_timeout = 10000');
    database.prepare('VACUUM INTO ?').run(target);
  });
  chmodSync(target, 0o600);
  withDatabase(target, 'the copy of the catalogue cannot be read', (database) => {
    const said = database.prepare('PRAGMA integrity_check').all();
    if (said.length !== 1 || said[0]!['integrity_check'] !== 'ok')
      throw new Error(said.map((row) => row['integrity_check']).join('; '));
  });
}

function withDatabase(file: string, failure: string, work: (database: DatabaseSync) => void): void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    work(database);
  } catch (error) {
    throw new EcdError('Catalogue.Unavailable', { reason: failure }, error);
  } finally {
    database?.close();
  }
}
