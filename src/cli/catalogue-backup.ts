/** `openecd catalogue backup`: the catalogue as one file, while the service runs or not. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { backupCatalogue } from '../catalogue/backup.ts';
import { DataDir } from '../data-dir.ts';
import { type Command, DATA_OPTION, JSON_OPTION } from './command.ts';
import { bytesText, printJson } from './output.ts';
import { checkTarget, putWhole } from './target-file.ts';

export const catalogueBackup: Command = {
  positionals: { usage: 'FILE', min: 1, max: 1 },
  options: {
    data: DATA_OPTION,
    force: { type: 'boolean', help: 'overwrite the file if it is there' },
    json: JSON_OPTION,
  },
  details: `A running service is not disturbed. The secrets of the access keys in it are sealed by secret.key of the data
directory: keep a copy of that file too, elsewhere. Disks and snapshots are not in it.`,
  async run(args, { stdout }) {
    const dir = DataDir.open(args.need('data'), { create: false });
    const file = resolve(args.positionals[0]!);
    await checkTarget(file, args.flag('force'));
    await putWhole(file, async (folder) => {
      const copy = join(folder, 'catalogue.db');
      backupCatalogue(dir.catalogue, copy);
      return copy;
    });
    const bytes = statSync(file).size;
    if (args.flag('json')) printJson(stdout, { file, bytes });
    else stdout.write(`${file}: ${bytesText(bytes)}\n`);
    return 0;
  },
};
