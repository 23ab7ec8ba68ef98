/** `openecd image import|build-demo|list`. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { DataDir } from '../data-dir.ts';
import { defaultSettings, readSettings } from '../settings.ts';
import { qemuUser } from '../system-user.ts';
import { buildCache } from './build-cache.ts';
import {
  type Args,
  type Command,
  type Context,
  DATA_OPTION,
  JSON_OPTION,
  usage,
  VAULT_OPTION,
} from './command.ts';
import { storeImage } from './image-archive.ts';
import { importImage } from './image-import.ts';
import { withCatalogue } from './key.ts';
import { bytesText, instantText, printJson, printTable } from './output.ts';
import { withProgress } from './progress.ts';

const IMPORT_OPTIONS = {
  data: { ...DATA_OPTION, help: 'the data directory; it is made if it is not there' },
  vault: VAULT_OPTION,
  config: { type: 'string', value: 'FILE', help: 'the settings file of the service' },
  json: JSON_OPTION,
} as const;

export const imageImport: Command = {
  positionals: { usage: 'FILE', min: 1, max: 1 },
  options: {
    ...IMPORT_OPTIONS,
    name: {
      type: 'string',
      required: true,
      value: 'NAME',
      help: 'its name; bundles take the newest of a name',
    },
    description: { type: 'string', value: 'TEXT', help: 'at most 256 characters' },
    'os-type': { type: 'string', value: 'Linux|Windows', help: 'the guest system (Linux)' },
  },
  details: `FILE is of any format QEMU reads (qcow2, raw, vmdk, vdi, vhdx, ...) and stands alone. It is copied, and stored in
the vault: by the running service, or by this command if none runs.`,
  async run(args, context) {
    const osType = args.text('os-type') ?? 'Linux';
    if (osType !== 'Linux' && osType !== 'Windows')
      throw usage('image import', '--os-type is Linux or Windows');
    const name = args.need('name');
    if (!/^[^\p{Cc}]{1,128}$/u.test(name))
      throw usage('image import', '--name has 1 to 128 characters, no control characters');
    const description = args.text('description') ?? '';
    if ([...description].length > 256)
      throw usage('image import', '--description has at most 256 characters');
    const what = { file: resolve(args.positionals[0]!), name, description, osType } as const;
    const dir = DataDir.open(args.need('data'), { create: true });
    const id = await withCatalogue(dir, (catalogue) => addImage(dir, catalogue, what, args, context));
    report(args, context, id, `${name} is imported: ${id}`);
    return 0;
  },
};

export const imageBuildDemo: Command = {
  options: IMPORT_OPTIONS,
  details:
    'It is imported as `demo`, the image of the demo bundle. An image of the same content is used again.',
  async run(args, context) {
    const dir = DataDir.open(args.need('data'), { create: true });
    const { buildDemoImage } = await import('../../images/build.ts');
    const cacheDir = buildCache(context.env);
    const file = await withProgress(
      'building the demo image',
      { out: context.stderr, unit: 'percent' },
      (update) =>
        buildDemoImage({
          cacheDir,
          signal: context.signal,
          onProgress: (phase, part) => update(100 * (PHASES[phase].from + PHASES[phase].share * part), 100),
        }),
    );
    const description = `OpenECD demo guest, sha256:${await sha256(file, context.signal)}`;
    const what = { file, name: 'demo', description, osType: 'Linux' } as const;
    const [id, isNew] = await withCatalogue(dir, async (catalogue) => {
      const same = await sameImage(dir, catalogue, what);
      if (same === null) return [await addImage(dir, catalogue, what, args, context), true] as const;
      if (same.status === 'Creating') await storeImage(dir, catalogue, same.id, optionsOf(args), context);
      return [same.id, false] as const;
    });
    report(args, context, id, isNew ? `demo is imported: ${id}` : `demo is there already: ${id}`);
    return 0;
  },
};

/** How long the parts of a build take, roughly. */
const PHASES = {
  packages: { from: 0, share: 0.6 },
  guest: { from: 0.6, share: 0.2 },
  disk: { from: 0.8, share: 0.2 },
} as const;

interface What {
  readonly file: string;
  readonly name: string;
  readonly description: string;
  readonly osType: 'Linux' | 'Windows';
}

async function addImage(
  dir: DataDir,
  catalogue: Catalogue,
  what: What,
  args: Args,
  context: Context,
): Promise<string> {
  const options = optionsOf(args);
  const id = await withProgress('copying', { out: context.stderr, unit: 'percent' }, (update) =>
    importImage(dir, catalogue, {
      ...what,
      user: qemuUser(options.settings.qemuUser),
      signal: context.signal,
      onProgress: (share) => update(share * 100, 100),
    }),
  );
  await storeImage(dir, catalogue, id, options, context);
  return id;
}

function optionsOf(args: Args) {
  const file = args.text('config');
  return {
    settings: file === undefined ? defaultSettings() : readSettings(file),
    vaultDir: args.text('vault'),
  };
}

/** An image of the same content whose file is still there: the newest one that is not failed. */
async function sameImage(dir: DataDir, catalogue: Catalogue, what: What) {
  const rows = await catalogue.db
    .selectFrom('images')
    .select(['id', 'status'])
    .where('name', '=', what.name)
    .where('description', '=', what.description)
    .where('status', '!=', 'CreateFailed')
    .orderBy('created_at', 'desc')
    .execute();
  return rows.find(({ id }) => existsSync(join(dir.images, `${id}.qcow2`))) ?? null;
}

async function sha256(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal });
  return hash.digest('hex');
}

function report(args: Args, { stdout }: Context, id: string, text: string): void {
  if (args.flag('json')) printJson(stdout, { ImageId: id });
  else stdout.write(`${text}\n`);
}

export const imageList: Command = {
  options: { data: DATA_OPTION, json: JSON_OPTION },
  async run(args, { stdout }) {
    const dir = DataDir.open(args.need('data'), { create: false });
    const rows = await withCatalogue(dir, ({ db }) =>
      db.selectFrom('images').selectAll().orderBy('created_at').orderBy('id').execute(),
    );
    const images = rows.map((row) => ({
      ImageId: row.id,
      Name: row.name,
      Description: row.description,
      OsType: row.os_type,
      Status: row.status,
      Progress: `${row.progress}%`,
      SizeBytes: row.size_bytes,
      CreationTime: instantText(row.created_at),
    }));
    if (args.flag('json')) printJson(stdout, images);
    else
      printTable(stdout, [
        ['ImageId', 'Name', 'OsType', 'Status', 'Size', 'CreationTime'],
        ...images.map((one) => [
          one.ImageId,
          one.Name,
          one.OsType,
          one.Status === 'Creating' ? `Creating ${one.Progress}` : one.Status,
          bytesText(one.SizeBytes),
          one.CreationTime,
        ]),
      ]);
    return 0;
  },
};
