/**
 * `openecd access-policy create|list|show|delete|attach|detach`: who may do what. (`openecd policy` is about automatic
 * snapshots.) They work on the catalogue itself; a running service sees the change within a second.
 */
import { readFileSync } from 'node:fs';
import {
  attachPolicy,
  deletePolicy,
  detachPolicy,
  listPolicies,
  putPolicy,
  requirePolicy,
} from '../access/users.ts';
import { DataDir } from '../data-dir.ts';
import { EcdError } from '../errors.ts';
import { type Args, type Command, DATA_OPTION, JSON_OPTION, type OptionSpec } from './command.ts';
import { withCatalogue } from './key.ts';
import { printJson, printTable } from './output.ts';
import { type Deed, telling } from './told.ts';

const NAME = { usage: 'NAME', min: 1, max: 1 } as const;
const USER: OptionSpec = { type: 'string', required: true, value: 'NAME', help: 'the user' };
const ABOUT = 'These policies say who may do what; `openecd policy` is about automatic snapshots.';

const dataOf = (args: Args) => DataDir.open(args.need('data'), { create: false });

export const accessPolicyCreate: Command = {
  positionals: NAME,
  options: {
    data: DATA_OPTION,
    file: {
      type: 'string',
      required: true,
      value: 'FILE',
      help: 'the document (JSON); - for standard input',
    },
    description: { type: 'string', value: 'TEXT', help: 'what it is for' },
    replace: { type: 'boolean', help: 'give a policy that is there this document' },
    json: JSON_OPTION,
  },
  details: `${ABOUT}
A document: {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecd:Describe*",
"Resource": "acs:ecd:*:*:desktop/*"}]}; docs/security.md shows the grammar.`,
  async run(args, { stdout, env }) {
    const name = args.positionals[0]!;
    const policy = { name, document: readDocument(args.need('file')), description: args.text('description') };
    await withCatalogue(dataOf(args), (catalogue) =>
      telling(catalogue, env, async (trx, tell) => {
        const done = await putPolicy(trx, policy, { replace: args.flag('replace') });
        tell(policyDeed(done === 'made' ? 'CreatePolicy' : 'CreatePolicyVersion', name));
      }),
    );
    if (args.flag('json')) printJson(stdout, { PolicyName: name });
    else stdout.write(`stored the access policy ${name}\n`);
    return 0;
  },
};

export const accessPolicyList: Command = {
  options: { data: DATA_OPTION, json: JSON_OPTION },
  details: ABOUT,
  async run(args, { stdout }) {
    const policies = await withCatalogue(dataOf(args), (catalogue) => listPolicies(catalogue.db));
    const rows = policies.map((policy) => ({
      PolicyName: policy.name,
      PolicyType: policy.type,
      AttachmentCount: policy.users,
      Description: policy.description,
    }));
    if (args.flag('json')) printJson(stdout, rows);
    else
      printTable(stdout, [
        ['PolicyName', 'PolicyType', 'AttachmentCount', 'Description'],
        ...rows.map((row) => Object.values(row).map(String)),
      ]);
    return 0;
  },
};

export const accessPolicyShow: Command = {
  positionals: NAME,
  options: { data: DATA_OPTION, json: JSON_OPTION },
  details: ABOUT,
  async run(args, { stdout }) {
    const policy = await withCatalogue(dataOf(args), (catalogue) =>
      requirePolicy(catalogue.db, args.positionals[0]!),
    );
    const document: unknown = JSON.parse(policy.document);
    if (args.flag('json')) printJson(stdout, { PolicyName: policy.name, PolicyDocument: document });
    else stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  },
};

export const accessPolicyDelete: Command = {
  positionals: NAME,
  options: { data: DATA_OPTION, json: JSON_OPTION },
  details: ABOUT,
  async run(args, { stdout, env }) {
    const name = args.positionals[0]!;
    await withCatalogue(dataOf(args), (catalogue) =>
      telling(catalogue, env, async (trx, tell) => {
        await deletePolicy(trx, name);
        tell(policyDeed('DeletePolicy', name));
      }),
    );
    if (args.flag('json')) printJson(stdout, { PolicyName: name });
    else stdout.write(`deleted the access policy ${name}\n`);
    return 0;
  },
};

export const accessPolicyAttach: Command = attachment('attached', 'to', 'AttachPolicyToUser', attachPolicy);
export const accessPolicyDetach: Command = attachment(
  'detached',
  'from',
  'DetachPolicyFromUser',
  detachPolicy,
);

function attachment(
  done: string,
  preposition: string,
  operation: string,
  act: (...of: Parameters<typeof detachPolicy>) => Promise<void>,
): Command {
  return {
    positionals: NAME,
    options: { data: DATA_OPTION, user: USER, json: JSON_OPTION },
    details: ABOUT,
    async run(args, { stdout, env }) {
      const [name, user] = [args.positionals[0]!, args.need('user')];
      await withCatalogue(dataOf(args), (catalogue) =>
        telling(catalogue, env, async (trx, tell) => {
          await act(trx, name, user);
          tell(policyDeed(operation, name, `user/${user}`));
        }),
      );
      if (args.flag('json')) printJson(stdout, { PolicyName: name, UserName: user });
      else stdout.write(`${done} ${name} ${preposition} ${user}\n`);
      return 0;
    },
  };
}

function policyDeed(operation: string, name: string, ...more: readonly string[]): Deed {
  return { operation, resources: [`accesspolicy/${name}`, ...more] };
}

/** The text of a policy's file. Throws Cli.Refused. */
export function readDocument(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new EcdError(
      'Cli.Refused',
      { reason: `${file} cannot be read`, remedy: 'Name a file that holds the policy.' },
      error,
    );
  }
}
