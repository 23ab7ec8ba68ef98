/**
 * `openecd key create|list|disable|enable`. They work on the catalogue itself, so they need no running service and no
 * key, and a running service sees the change within a second.
 */
import { requireUser } from '../access/users.ts';
import { Catalogue } from '../catalogue/catalogue.ts';
import { ADMINISTRATOR, createKey, listKeys, openKeySecrets, setKeyStatus } from '../catalogue/keys.ts';
import { DataDir } from '../data-dir.ts';
import { type Command, DATA_OPTION, JSON_OPTION } from './command.ts';
import { instantText, printJson, printTable } from './output.ts';
import { keyDeed, telling } from './told.ts';

export const keyCreate: Command = {
  options: {
    data: DATA_OPTION,
    user: {
      type: 'string',
      value: 'NAME',
      help: `whose key it is (${ADMINISTRATOR}, who may do everything)`,
    },
    json: JSON_OPTION,
  },
  details: 'The secret is shown this once. The data directory is made if it is not there yet.',
  async run(args, { stdout, env }) {
    const userName = args.text('user') ?? ADMINISTRATOR;
    const dir = DataDir.open(args.need('data'), { create: true });
    const key = await withCatalogue(dir, async (catalogue) => {
      const box = await openKeySecrets(catalogue, dir.secretKey);
      return await telling(catalogue, env, async (trx, tell) => {
        await requireUser(trx, userName);
        const made = await createKey(trx, box, { userName });
        tell(keyDeed('CreateAccessKey', made.AccessKeyId, userName));
        return made;
      });
    });
    if (args.flag('json')) printJson(stdout, key);
    else stdout.write(`AccessKeyId      ${key.AccessKeyId}\nAccessKeySecret  ${key.AccessKeySecret}\n`);
    return 0;
  },
};

export const keyList: Command = {
  options: { data: DATA_OPTION, json: JSON_OPTION },
  async run(args, { stdout }) {
    const dir = DataDir.open(args.need('data'), { create: false });
    const keys = await withCatalogue(dir, (catalogue) => listKeys(catalogue.db));
    const rows = keys.map((key) => ({
      AccessKeyId: key.accessKeyId,
      Status: key.status,
      UserName: key.userName,
      CreateDate: instantText(key.createdAt),
      LastUsedDate: key.lastUsedAt === null ? '' : instantText(key.lastUsedAt),
      Expiration: key.expiresAt === null ? '' : instantText(key.expiresAt),
    }));
    if (args.flag('json')) printJson(stdout, rows);
    else
      printTable(stdout, [
        ['AccessKeyId', 'Status', 'UserName', 'CreateDate', 'LastUsedDate', 'Expiration'],
        ...rows.map((row) => Object.values(row)),
      ]);
    return 0;
  },
};

export const keyDisable: Command = statusCommand('Inactive');
export const keyEnable: Command = statusCommand('Active');

function statusCommand(status: 'Active' | 'Inactive'): Command {
  return {
    positionals: { usage: 'ACCESS_KEY_ID', min: 1, max: 1 },
    options: { data: DATA_OPTION, json: JSON_OPTION },
    async run(args, { stdout, stderr, env }) {
      const dir = DataDir.open(args.need('data'), { create: false });
      const id = args.positionals[0]!;
      const active = await withCatalogue(dir, async (catalogue) => {
        await telling(catalogue, env, async (trx, tell) =>
          tell(keyDeed('UpdateAccessKey', id, await setKeyStatus(trx, id, status), status)),
        );
        return (await listKeys(catalogue.db)).filter((key) => key.status === 'Active').length;
      });
      if (args.flag('json')) printJson(stdout, { AccessKeyId: id, Status: status });
      else stdout.write(`${id} is ${status === 'Active' ? 'enabled' : 'disabled'}\n`);
      if (active === 0) stderr.write('No key is enabled now: nobody can use the API.\n');
      return 0;
    },
  };
}

/** Opens the catalogue of a data directory for the time of `work`. */
export async function withCatalogue<T>(dir: DataDir, work: (catalogue: Catalogue) => Promise<T>): Promise<T> {
  const catalogue = Catalogue.open(dir.catalogue);
  try {
    return await work(catalogue);
  } finally {
    await catalogue.close();
  }
}
