/**
 * `openecd vault export`: a snapshot (or an image) as a disk image file, from the vault alone.
 *
 * Invariants: a file appears under its name when it is whole and synced, or not at all; zeros of a raw file are holes;
 * what is exported has been checked chunk by chunk (the vault answers only content that has its name).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EcdError } from '../errors.ts';
import { imgConvert } from '../qemu/img.ts';
import { parseRoot, type Root, type Vault } from '../vault/index.ts';
import { type Command, type Context, usage, VAULT_OPTION } from './command.ts';
import { withCatalogue } from './key.ts';
import { type ReadVault, withReadVault } from './open-vault.ts';
import { withProgress } from './progress.ts';
import { copyFileTo, streamRaw, writeRaw } from './raw-image.ts';
import { checkTarget, putWhole } from './target-file.ts';

const ID = /^[sm]-[a-z0-9]{1,64}$/;

export const vaultExport: Command = {
  positionals: { usage: 'FILE|-', min: 1, max: 1 },
  options: {
    data: { type: 'string', value: 'DIR', help: 'the data directory of the service' },
    vault: VAULT_OPTION,
    snapshot: { type: 'string', required: true, value: 'ID', help: 'the snapshot (s-...) or image (m-...)' },
    format: { type: 'string', value: 'raw|qcow2', help: 'what to write (raw)' },
    force: { type: 'boolean', help: 'overwrite the file if it is there' },
  },
  details: '`-` writes to standard output. A running service is not disturbed.',
  async run(args, context) {
    const format = args.text('format') ?? 'raw';
    if (format !== 'raw' && format !== 'qcow2') throw usage('vault export', '--format is raw or qcow2');
    const id = args.need('snapshot');
    if (!ID.test(id))
      throw usage('vault export', `--snapshot ${id.slice(0, 80)} is no id of a snapshot or an image`);
    const target = args.positionals[0]!;
    if (target === '-' && context.stdout.isTTY)
      throw usage('vault export', 'Standard output is a terminal; name a file or use a pipe');
    if (target !== '-') await checkTarget(resolve(target), args.flag('force'));
    return await withReadVault(args, 'vault export', async (opened) => {
      const root = await rootOf(opened, id);
      if (target !== '-') await toFile(opened.vault, root, format, resolve(target), context);
      else if (format === 'raw')
        await raw(context, (update) =>
          streamRaw(opened.vault, root, context.binary, { signal: context.signal, update }),
        );
      else await qcow2ToStream(opened.vault, root, context);
      return 0;
    });
  },
};

/** The root of a snapshot or image. Throws Cli.Refused. */
export async function rootOf({ vault, dir }: ReadVault, id: string): Promise<Root> {
  if (dir !== null) {
    const row = await withCatalogue(dir, ({ db }) =>
      db
        .selectFrom(id.startsWith('m-') ? 'images' : 'snapshots')
        .select(['root', 'status'])
        .where('id', '=', id)
        .executeTakeFirst(),
    );
    if (row?.root) return parseRoot(row.root);
    if (row !== undefined)
      throw refused(
        `${id} is ${row.status}`,
        'Only what is whole in the vault can be exported; wait for ACCOMPLISHED.',
      );
  }
  for await (const { id: found, record } of vault.records(() => {})) {
    const { root } = record as { root?: unknown };
    if (found === id && typeof root === 'string') return parseRoot(root);
  }
  throw refused(
    `There is no ${id} in the ${dir === null ? 'vault' : 'catalogue or the vault'}`,
    'DescribeSnapshots lists the snapshots.',
  );
}

function raw<T>(
  { stderr }: Context,
  work: (update: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  return withProgress('exporting', { out: stderr, unit: 'bytes' }, work);
}

async function toFile(
  vault: Vault,
  root: Root,
  format: 'raw' | 'qcow2',
  file: string,
  context: Context,
): Promise<void> {
  await putWhole(file, async (work) => {
    const rawFile = join(work, 'raw');
    await raw(context, (update) => writeRaw(vault, root, rawFile, { signal: context.signal, update }));
    return format === 'raw' ? rawFile : await toQcow2(rawFile, work, context);
  });
}

async function qcow2ToStream(vault: Vault, root: Root, context: Context): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'openecd-export-'));
  try {
    const rawFile = join(work, 'raw');
    await raw(context, (update) => writeRaw(vault, root, rawFile, { signal: context.signal, update }));
    await copyFileTo(await toQcow2(rawFile, work, context), context.binary, context.signal);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function toQcow2(source: string, work: string, { stderr, signal }: Context): Promise<string> {
  const target = join(work, 'qcow2');
  await withProgress('converting', { out: stderr, unit: 'percent' }, (update) =>
    imgConvert({
      source,
      sourceFormat: 'raw',
      target,
      // What every QEMU and other tools read.
      clusterBytes: 65_536,
      extendedL2: false,
      onProgress: (share) => update(share * 100, 100),
      signal,
    }),
  );
  await rm(source);
  return target;
}

function refused(reason: string, remedy: string): EcdError {
  return new EcdError('Cli.Refused', { reason, remedy });
}
