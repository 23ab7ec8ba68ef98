/**
 * `openecd call ACTION --Param value ...`: any operation of the API, from the command line.
 *
 * Invariants: options of our own are lower case, parameters begin with a capital letter; a parameter given several times
 * is a list; the answer is printed as JSON on standard output, an error answer on standard error.
 */
import { readFileSync } from 'node:fs';
import { DataDir } from '../data-dir.ts';
import { EcdError } from '../errors.ts';
import { readAdminKey } from './admin-key.ts';
import { type ClientKey, call } from './client.ts';
import { Args, type Command, type Context, usage } from './command.ts';

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8787';
const DEFAULT_REGION = 'cn-hangzhou';
const OPTIONS = {
  endpoint: {
    type: 'string',
    value: 'URL',
    help: `address of the server; else ALIBABA_CLOUD_ENDPOINT, the running service of --data, ${DEFAULT_ENDPOINT}`,
  },
  region: {
    type: 'string',
    value: 'ID',
    help: `RegionId, unless it is among the parameters; else ALIBABA_CLOUD_REGION_ID, ${DEFAULT_REGION}`,
  },
  data: {
    type: 'string',
    value: 'DIR',
    help: 'take the administrator key of this data directory instead of ALIBABA_CLOUD_ACCESS_KEY_ID and _SECRET',
  },
  timeout: { type: 'string', value: 'SECONDS', help: 'how long to wait for the answer (60)' },
  json: { type: 'boolean', help: 'print JSON on one line' },
} as const;

/** Splits `call`'s words. Exported for its test. */
export function parseCall(words: readonly string[], path: string): Args {
  const positionals: string[] = [];
  const values: Record<string, string | boolean> = {};
  const given = new Map<string, string[]>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '-h') values['help'] = true;
    else if (!word.startsWith('--')) positionals.push(word);
    else {
      const equals = word.indexOf('=');
      const name = word.slice(2, equals < 0 ? undefined : equals);
      const spec = name === 'help' ? { type: 'boolean' } : OPTIONS[name as keyof typeof OPTIONS];
      if (spec?.type === 'boolean' && equals < 0) {
        values[name] = true;
        continue;
      }
      if (spec === undefined && !/^[A-Z]/.test(name)) throw usage(path, `Unknown option '--${name}'`);
      const value = equals < 0 ? words[++at] : word.slice(equals + 1);
      if (value === undefined || (equals < 0 && value.startsWith('--')))
        throw usage(path, `--${name} needs a value (--${name}=VALUE if it begins with --)`);
      if (spec === undefined) given.set(name, [...(given.get(name) ?? []), value]);
      else if (values[name] !== undefined) throw usage(path, `The option --${name} is given twice`);
      else values[name] = value;
    }
  }
  if (values['help'] !== true && positionals.length !== 1)
    throw usage(
      path,
      positionals.length === 0 ? 'ACTION is missing' : `Unexpected argument '${positionals[1]}'`,
    );
  return new Args(positionals, { ...values, params: flatten(given, path) });
}

/** Wire parameters as `name=value`, lists numbered from 1. */
function flatten(given: ReadonlyMap<string, readonly string[]>, path: string): string[] {
  const params = new Map<string, string>();
  for (const [name, list] of given) {
    list.forEach((value, at) => {
      const wire = list.length === 1 ? name : `${name}.${at + 1}`;
      if (params.has(wire)) throw usage(path, `The parameter ${wire} is given twice`);
      params.set(wire, value);
    });
  }
  return [...params].map(([name, value]) => `${name}=${value}`);
}

export const callCommand: Command = {
  positionals: { usage: 'ACTION [--Param value ...]', min: 1, max: 1 },
  options: OPTIONS,
  parse: parseCall,
  details: `Example: openecd call CreateSnapshot --DesktopId ecd-... --SnapshotName before-update --SourceDiskType system
A list is given as --SnapshotId.1 A --SnapshotId.2 B, or --SnapshotId A --SnapshotId B.
ALIBABA_CLOUD_SECURITY_TOKEN is sent along when it is set.`,
  async run(args, context) {
    const action = args.positionals[0]!;
    const data = args.text('data');
    const dir = data === undefined ? null : DataDir.open(data, { create: false });
    const params = Object.fromEntries(
      args
        .list('params')
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    );
    params['RegionId'] ??= args.text('region') ?? (context.env['ALIBABA_CLOUD_REGION_ID'] || DEFAULT_REGION);
    const timeout = args.text('timeout') ?? '60';
    if (!/^[1-9]\d{0,5}$/.test(timeout)) throw usage('call', '--timeout is a whole number of seconds');
    const answer = await call(endpointOf(args, dir, context), keyOf(dir, context), action, params, {
      timeoutMs: Number(timeout) * 1000,
      signal: context.signal,
    });
    context.stdout.write(`${JSON.stringify(answer, null, args.flag('json') ? undefined : 2)}\n`);
    return 0;
  },
};

function endpointOf(args: Args, dir: DataDir | null, { env }: Context): string {
  return args.text('endpoint') ?? (env['ALIBABA_CLOUD_ENDPOINT'] || readEndpoint(dir) || DEFAULT_ENDPOINT);
}

function readEndpoint(dir: DataDir | null): string {
  try {
    return dir === null ? '' : readFileSync(dir.endpoint, 'utf8').trim();
  } catch {
    return '';
  }
}

function keyOf(dir: DataDir | null, { env }: Context): ClientKey {
  if (dir !== null) {
    const key = readAdminKey(dir);
    return { accessKeyId: key.AccessKeyId, accessKeySecret: key.AccessKeySecret };
  }
  const [id, secret] = [env['ALIBABA_CLOUD_ACCESS_KEY_ID'], env['ALIBABA_CLOUD_ACCESS_KEY_SECRET']];
  if (!id || !secret)
    throw new EcdError('Cli.Refused', {
      reason: 'No access key is given',
      remedy:
        'Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or name the data directory: --data DIR.',
    });
  return {
    accessKeyId: id,
    accessKeySecret: secret,
    securityToken: env['ALIBABA_CLOUD_SECURITY_TOKEN'] || undefined,
  };
}
