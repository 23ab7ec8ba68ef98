/** `openecd key rotate|delete|temporary`. A running service sees the change within a second. */
import { parsePolicy } from '../access/policy.ts';
import { requireUser } from '../access/users.ts';
import { createKey, deleteKey, listKeys, openKeySecrets, setKeyStatus } from '../catalogue/keys.ts';
import { createTemporaryKey, TEMPORARY_SECONDS } from '../catalogue/temporary-keys.ts';
import { DataDir } from '../data-dir.ts';
import { EcdError } from '../errors.ts';
import { readDocument } from './access-policy.ts';
import { type Command, DATA_OPTION, JSON_OPTION, usage } from './command.ts';
import { withCatalogue } from './key.ts';
import { printJson } from './output.ts';
import { keyDeed, telling } from './told.ts';

const ID = { usage: 'ACCESS_KEY_ID', min: 1, max: 1 } as const;

export const keyRotate: Command = {
  positionals: ID,
  options: {
    data: DATA_OPTION,
    keep: { type: 'boolean', help: 'leave the old key enabled, until `openecd key disable`' },
    json: JSON_OPTION,
  },
  details: 'Makes another key of the same user and disables the old one. The secret is shown this once.',
  async run(args, { stdout, env }) {
    const old = args.positionals[0]!;
    const dir = DataDir.open(args.need('data'), { create: false });
    const key = await withCatalogue(dir, async (catalogue) => {
      const box = await openKeySecrets(catalogue, dir.secretKey);
      return await telling(catalogue, env, async (trx, tell) => {
        const found = (await listKeys(trx)).find((one) => one.accessKeyId === old);
        if (found === undefined) throw new EcdError('InvalidAccessKeyId.NotFound');
        if (found.expiresAt !== null)
          throw new EcdError('Cli.Refused', {
            reason: `${old} is temporary`,
            remedy: 'Make new ones: openecd key temporary.',
          });
        const { userName } = found;
        if (!args.flag('keep')) {
          await setKeyStatus(trx, old, 'Inactive');
          tell(keyDeed('UpdateAccessKey', old, userName, 'Inactive'));
        }
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

export const keyDelete: Command = {
  positionals: ID,
  options: { data: DATA_OPTION, json: JSON_OPTION },
  async run(args, { stdout, env }) {
    const id = args.positionals[0]!;
    const dir = DataDir.open(args.need('data'), { create: false });
    await withCatalogue(dir, (catalogue) =>
      telling(catalogue, env, async (trx, tell) =>
        tell(keyDeed('DeleteAccessKey', id, await deleteKey(trx, id))),
      ),
    );
    if (args.flag('json')) printJson(stdout, { AccessKeyId: id });
    else stdout.write(`${id} is deleted\n`);
    return 0;
  },
};

export const keyTemporary: Command = {
  options: {
    data: DATA_OPTION,
    user: { type: 'string', required: true, value: 'NAME', help: 'whose rights they have' },
    seconds: {
      type: 'string',
      required: true,
      value: 'N',
      help: `how long they last: ${TEMPORARY_SECONDS.shortest} to ${TEMPORARY_SECONDS.longest}`,
    },
    'policy-file': {
      type: 'string',
      value: 'FILE',
      help: 'an access policy that narrows them: only what it and the user may both',
    },
    json: JSON_OPTION,
  },
  details:
    'Requests send the SecurityToken beside the key. `openecd key disable` or `delete` ends them early.',
  async run(args, { stdout, env }) {
    const seconds = Number(args.need('seconds'));
    const { shortest, longest } = TEMPORARY_SECONDS;
    if (!Number.isInteger(seconds) || seconds < shortest || seconds > longest)
      throw usage('key temporary', `--seconds is a whole number from ${shortest} to ${longest}`);
    const file = args.text('policy-file');
    const policy = file === undefined ? undefined : readDocument(file);
    if (policy !== undefined) parsePolicy(policy);
    const userName = args.need('user');
    const dir = DataDir.open(args.need('data'), { create: false });
    const made = await withCatalogue(dir, async (catalogue) => {
      const box = await openKeySecrets(catalogue, dir.secretKey);
      return await telling(catalogue, env, async (trx, tell) => {
        await requireUser(trx, userName);
        const lent = await createTemporaryKey(trx, box, { userName, seconds, policy });
        tell(keyDeed('AssumeRole', lent.AccessKeyId, userName));
        return lent;
      });
    });
    if (args.flag('json')) printJson(stdout, made);
    else for (const [name, value] of Object.entries(made)) stdout.write(`${name.padEnd(17)}${value}\n`);
    return 0;
  },
};
