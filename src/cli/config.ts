/**
 * `openecd config show` and `config check`.
 *
 * Invariant: what is shown is read from the schema itself, so no setting can be missing; a secret setting is shown as
 * set or not set, never as its value.
 */
import { defaultSettings, readSettings, type Settings, SettingsSchema } from '../settings.ts';
import { type Command, JSON_OPTION } from './command.ts';
import { printJson } from './output.ts';

/** One setting as `config show` prints it. */
export interface SettingInfo {
  /** `snapshots.freezeMs`; `bundles[].cpus` for a setting of each bundle. */
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  readonly default: unknown;
  /** Undefined for the parts of a list's items: the list itself has the value. */
  readonly value: unknown;
}

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly const?: unknown;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
}

const SECRET = /(token|secret|password|cloudInit)$/i;

/** Every setting, in the order of the schema. */
export function describeSettings(settings: Settings): SettingInfo[] {
  return walk(SettingsSchema as unknown as Node, '', defaultSettings(), settings);
}

function walk(node: Node, path: string, defaults: unknown, values: unknown): SettingInfo[] {
  if (node.properties !== undefined)
    return Object.entries(node.properties).flatMap(([name, child]) =>
      walk(
        child,
        path === '' ? name : `${path}.${name}`,
        member(defaults, name) ?? child.default,
        member(values, name),
      ),
    );
  const own = {
    name: path,
    kind: kindOf(node),
    description: node.description ?? '',
    default: SECRET.test(path) ? hidden(defaults) : shown(defaults),
    value: SECRET.test(path) ? hidden(values) : shown(values),
  };
  return node.items?.properties === undefined ? [own] : [own, ...walk(node.items, `${path}[]`, {}, {})];
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** A list of objects without the secrets in them. */
function shown(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) return item;
    const parts = Object.entries(item).map(([name, part]) => [name, SECRET.test(name) ? hidden(part) : part]);
    return Object.fromEntries(parts) as unknown;
  });
}

function hidden(value: unknown): unknown {
  return value === '' || value === undefined ? '' : '(set, not shown)';
}

function kindOf(node: Node): string {
  if (node.anyOf !== undefined) return node.anyOf.map((one) => String(one.const)).join(' | ');
  if (node.type === 'array')
    return `list of ${node.items?.properties ? 'objects' : kindOf(node.items ?? {})}`;
  if (node.type !== 'integer') return node.type ?? 'any';
  if (node.minimum === undefined) return 'integer';
  return node.maximum === undefined
    ? `integer from ${node.minimum}`
    : `integer ${node.minimum} to ${node.maximum}`;
}

export const configShow: Command = {
  options: {
    config: { type: 'string', value: 'FILE', help: 'a settings file; without it the defaults are shown' },
    json: JSON_OPTION,
  },
  details:
    'A settings file is one JSON object; names with a dot are objects in it: {"snapshots": {"freezeMs": 2000}}.',
  async run(args, { stdout }) {
    const file = args.text('config');
    const infos = describeSettings(file === undefined ? defaultSettings() : readSettings(file));
    if (args.flag('json')) {
      printJson(stdout, { settings: infos });
      return 0;
    }
    for (const info of infos) {
      const part = info.name.includes('[]');
      const [value, normal] = [JSON.stringify(info.value), JSON.stringify(info.default)];
      const shown = part
        ? `(${info.kind}${normal === undefined ? ', no default' : `, default ${normal}`})`
        : `= ${value}  (${info.kind}${value === normal ? ', the default' : `, default ${normal}`})`;
      stdout.write(`${info.name} ${shown}\n${info.description === '' ? '' : `    ${info.description}\n`}`);
    }
    return 0;
  },
};

export const configCheck: Command = {
  positionals: { usage: 'FILE', min: 1, max: 1 },
  options: { json: JSON_OPTION },
  async run(args, { stdout }) {
    const file = args.positionals[0]!;
    readSettings(file);
    if (args.flag('json')) printJson(stdout, { file, valid: true });
    else stdout.write(`${file}: all settings are valid\n`);
    return 0;
  },
};
