/**
 * `openecd vault stats|verify`. Both work beside a running service, and with the vault's directory alone.
 *
 * Invariant: verify checks all roots that the catalogue or the vault's own records know, and names the snapshots and
 * images that a damage touches; any damage is exit code 1.
 */
import { describeError, EcdError } from '../errors.ts';
import { type Damage, parseRoot, type VerifyReport } from '../vault/index.ts';
import { type Command, JSON_OPTION, VAULT_OPTION } from './command.ts';
import { withCatalogue } from './key.ts';
import { type ReadVault, withReadVault } from './open-vault.ts';
import { bytesText, printJson } from './output.ts';
import { withProgress } from './progress.ts';

const WHERE = {
  data: { type: 'string', value: 'DIR', help: 'the data directory of the service' },
  vault: VAULT_OPTION,
} as const;
const SHOWN = 50;

export const vaultStats: Command = {
  options: { ...WHERE, json: JSON_OPTION },
  async run(args, { stdout }) {
    return await withReadVault(args, 'vault stats', async ({ vault, path }) => {
      const stats = await vault.stats();
      let records = 0;
      for await (const _ of vault.records(() => records++)) records++;
      const all = {
        id: vault.id,
        path,
        chunkSize: vault.chunkSize,
        ...stats,
        records,
        freeBytes: await vault.freeBytes(),
      };
      if (args.flag('json')) {
        printJson(stdout, all);
        return 0;
      }
      const ratio = stats.storedBytes === 0 ? '' : `, 1 : ${(stats.rawBytes / stats.storedBytes).toFixed(1)}`;
      stdout.write(`vault ${all.id} in ${path}\n`);
      stdout.write(`  snapshots and images  ${records}\n`);
      stdout.write(
        `  chunks                ${stats.chunks} of ${bytesText(vault.chunkSize)}, and ${stats.pages} pages\n`,
      );
      stdout.write(`  content               ${bytesText(stats.rawBytes)} after deduplication\n`);
      stdout.write(
        `  stored                ${bytesText(stats.storedBytes)} in ${stats.packs} packs${ratio}\n`,
      );
      stdout.write(`  free                  ${bytesText(all.freeBytes)}\n`);
      return 0;
    });
  },
};

export const vaultVerify: Command = {
  options: {
    ...WHERE,
    quick: { type: 'boolean', help: 'only whether all that is needed is there; do not read all content' },
    json: JSON_OPTION,
  },
  async run(args, { stdout, stderr, signal }) {
    return await withReadVault(args, 'vault verify', async (opened) => {
      const owners = await rootOwners(opened);
      const report = await withProgress('verifying', { out: stderr, unit: 'bytes' }, (update) =>
        opened.vault.verify({
          roots: [...owners.keys()].map(parseRoot),
          data: !args.flag('quick'),
          signal,
          onProgress: ({ doneBytes, totalBytes }) => update(doneBytes, totalBytes),
        }),
      );
      const damage = report.damage.map((one) => ({
        ...one,
        affects: (one.root && owners.get(one.root)) || [],
      }));
      if (args.flag('json')) printJson(stdout, { ...report, roots: owners.size, damage });
      else stdout.write(reportText(report, owners.size, damage));
      return report.ok ? 0 : 1;
    });
  },
};

/** Every root that must be whole, and the ids that stand on it. */
async function rootOwners({ vault, dir }: ReadVault): Promise<Map<string, string[]>> {
  const owners = new Map<string, string[]>();
  const add = (root: unknown, id: string) => {
    if (typeof root !== 'string') return;
    const list = owners.get(root);
    if (list === undefined) owners.set(root, [id]);
    else if (!list.includes(id)) list.push(id);
  };
  // Damaged records are found, and told, by verify itself.
  for await (const { id, record } of vault.records(() => {})) add((record as { root?: unknown }).root, id);
  if (dir !== null)
    await withCatalogue(dir, async ({ db }) => {
      for (const table of ['snapshots', 'images', 'layers'] as const) {
        const rows = await db
          .selectFrom(table)
          .select(['id', 'root'])
          .where('root', 'is not', null)
          .execute();
        for (const row of rows) add(row.root, row.id);
      }
    });
  for (const root of owners.keys()) {
    try {
      parseRoot(root);
    } catch (error) {
      throw new EcdError(
        'Vault.Damaged',
        { what: `${owners.get(root)!.join(', ')}: ${describeError(error)}` },
        error,
      );
    }
  }
  return owners;
}

function reportText(
  report: VerifyReport,
  roots: number,
  damage: readonly (Damage & { readonly affects: readonly string[] })[],
): string {
  const lines = [
    `${roots} roots, ${report.records} records, ${report.packs} packs (${bytesText(report.bytes)}), ${report.objects} objects read`,
  ];
  for (const one of damage.slice(0, SHOWN)) {
    const affects = one.affects.length === 0 ? '' : ` (needed by ${one.affects.join(', ')})`;
    lines.push(`DAMAGED ${one.kind} ${one.id}: ${one.what}${affects}`);
  }
  if (report.damageCount > SHOWN) lines.push(`... and ${report.damageCount - SHOWN} more`);
  lines.push(report.ok ? 'The vault is sound.' : `${report.damageCount} damage(s) found.`);
  return `${lines.join('\n')}\n`;
}
