/** `openecd user create|list|delete`: they work on the catalogue itself; a running service sees the change within a second. */
import { createUser, deleteUser, listUsers } from '../access/users.ts';
import { DataDir } from '../data-dir.ts';
import { type Command, DATA_OPTION, JSON_OPTION } from './command.ts';
import { withCatalogue } from './key.ts';
import { instantText, printJson, printTable } from './output.ts';
import { telling } from './told.ts';

export const userCreate: Command = {
  positionals: { usage: 'NAME', min: 1, max: 1 },
  options: {
    data: DATA_OPTION,
    comments: { type: 'string', value: 'TEXT', help: 'who or what it is' },
    json: JSON_OPTION,
  },
  details:
    'A new user may do nothing: attach a policy (openecd access-policy attach) and make a key (openecd key create --user).',
  async run(args, { stdout, env }) {
    const name = args.positionals[0]!;
    const dir = DataDir.open(args.need('data'), { create: false });
    await withCatalogue(dir, (catalogue) =>
      telling(catalogue, env, async (trx, tell) => {
        await createUser(trx, name, args.text('comments'));
        tell({ operation: 'CreateUser', resources: [`user/${name}`] });
      }),
    );
    if (args.flag('json')) printJson(stdout, { UserName: name });
    else stdout.write(`made the user ${name}\n`);
    return 0;
  },
};

export const userList: Command = {
  options: { data: DATA_OPTION, json: JSON_OPTION },
  async run(args, { stdout }) {
    const dir = DataDir.open(args.need('data'), { create: false });
    const users = await withCatalogue(dir, (catalogue) => listUsers(catalogue.db));
    const rows = users.map((user) => ({
      UserName: user.name,
      Keys: user.keys,
      Policies: user.policies,
      CreateDate: user.created_at === 0 ? '' : instantText(user.created_at),
      Comments: user.comments,
    }));
    if (args.flag('json')) printJson(stdout, rows);
    else
      printTable(stdout, [
        ['UserName', 'Keys', 'Policies', 'CreateDate', 'Comments'],
        ...rows.map((row) => [
          row.UserName,
          String(row.Keys),
          row.Policies.join(','),
          row.CreateDate,
          row.Comments,
        ]),
      ]);
    return 0;
  },
};

export const userDelete: Command = {
  positionals: { usage: 'NAME', min: 1, max: 1 },
  options: { data: DATA_OPTION, json: JSON_OPTION },
  details: 'The keys of the user are deleted too. What the user has made stays.',
  async run(args, { stdout, env }) {
    const name = args.positionals[0]!;
    const dir = DataDir.open(args.need('data'), { create: false });
    const keys = await withCatalogue(dir, (catalogue) =>
      telling(catalogue, env, async (trx, tell) => {
        const gone = await deleteUser(trx, name);
        tell({ operation: 'DeleteUser', resources: [`user/${name}`, ...gone.map((id) => `key/${id}`)] });
        return gone.length;
      }),
    );
    if (args.flag('json')) printJson(stdout, { UserName: name, DeletedKeys: keys });
    else stdout.write(`deleted the user ${name} and ${keys} access keys\n`);
    return 0;
  },
};
