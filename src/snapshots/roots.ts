/** All roots that the vault must keep: of snapshots, images, layers, and of whatever record the vault itself has. */
import type { Catalogue } from '../catalogue/catalogue.ts';
import { parseRoot, type Root, type Vault } from '../vault/index.ts';

export async function allRoots(catalogue: Catalogue, vault: Vault): Promise<Root[]> {
  const keys = new Set<string>();
  for (const table of ['snapshots', 'images', 'layers'] as const) {
    const rows = await catalogue.db
      .selectFrom(table)
      .select('root')
      .distinct()
      .where('root', 'is not', null)
      .execute();
    for (const { root } of rows) keys.add(root!);
  }
  // A record without a row may be all that is left of a lost catalogue; a dropped one is on its way out.
  const dropped = await catalogue.db.selectFrom('dropped_records').select('record_id').execute();
  const gone = new Set(dropped.map((row) => row.record_id));
  for await (const { id, record } of vault.records()) {
    const { root } = record as { root?: unknown };
    if (typeof root === 'string' && !gone.has(id)) keys.add(root);
  }
  return [...keys].map(parseRoot);
}
