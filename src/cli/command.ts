/**
 * What a command of `openecd` is, and how its words are read.
 *
 * Invariants: an unknown option, an option given twice that is no list, a missing value or a surplus word is a usage
 * error (exit code 2); every command knows `--help`; reading has no effect.
 */
import type { Writable } from 'node:stream';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { EcdError } from '../errors.ts';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** May be given several times. */
  readonly multiple?: boolean;
  readonly required?: boolean;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly help: string;
}

export interface Command {
  /** Words after the options in the help, e.g. `FILE`; how many there must be. */
  readonly positionals?: { readonly usage: string; readonly min: number; readonly max: number };
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** More text for the help. */
  readonly details?: string;
  /** Reads the words in place of `parseWords`. */
  readonly parse?: (words: readonly string[], path: string) => Args;
  /** Answers the exit code; nothing is 0. */
  run(args: Args, context: Context): Promise<number | undefined>;
}

/** A place to write to, and whether a person reads it there. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface Context {
  readonly stdout: Output;
  /** Standard output for bytes. */
  readonly binary: Writable;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** `--json`, for commands that print data. */
export const JSON_OPTION: OptionSpec = { type: 'boolean', help: 'print JSON' };
export const VAULT_OPTION: OptionSpec = {
  type: 'string',
  value: 'DIR',
  help: 'the vault, if not the one the service of --data used last',
};
export const DATA_OPTION: OptionSpec = {
  type: 'string',
  required: true,
  value: 'DIR',
  help: 'the data directory of the service',
};

/** A command's words, read. */
export class Args {
  readonly positionals: readonly string[];
  readonly #values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

  constructor(
    positionals: readonly string[],
    values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>,
  ) {
    this.positionals = positionals;
    this.#values = values;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The value of a required option. */
  need(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new TypeError(`the option ${name} is not declared as required`);
    return value;
  }

  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value : [];
  }
}

export function usage(path: string, reason: string): EcdError {
  return new EcdError('Cli.Usage', { reason, command: `openecd ${path}`.trimEnd() });
}

/** Reads a command's words. Throws Cli.Usage. */
export function parseWords(command: Command, words: readonly string[], path: string): Args {
  const options: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } };
  for (const [name, spec] of Object.entries(command.options))
    options[name] = { type: spec.type, multiple: spec.multiple ?? false };
  const read = () => {
    try {
      return parseArgs({
        args: [...words],
        options,
        allowPositionals: true,
        strict: true,
        tokens: true,
      });
    } catch (error) {
      throw usage(path, (error as Error).message.split('\n')[0]!.split('. To specify')[0]!);
    }
  };
  const { values, positionals, tokens } = read();
  if (values['help'] === true) return new Args(positionals, values as Record<string, boolean>);
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (seen.has(token.name) && !command.options[token.name]?.multiple)
      throw usage(path, `The option --${token.name} is given twice`);
    seen.add(token.name);
    if (token.value === '') throw usage(path, `The option --${token.name} has an empty value`);
  }
  for (const [name, spec] of Object.entries(command.options))
    if (spec.required && values[name] === undefined) throw usage(path, `The option --${name} is missing`);
  const { min, max, usage: wanted } = command.positionals ?? { min: 0, max: 0, usage: '' };
  if (positionals.length < min) throw usage(path, `${wanted} is missing`);
  if (positionals.length > max) throw usage(path, `Unexpected argument '${positionals[max]}'`);
  return new Args(positionals, values as Record<string, string>);
}

/** The help of one command. */
export function helpText(command: Command, path: string, summary: string): string {
  const rows = Object.entries(command.options).map(([name, spec]) => {
    const value = spec.type === 'string' ? ` ${spec.value ?? 'VALUE'}` : '';
    return [
      `--${name}${value}${spec.multiple ? ' ...' : ''}`,
      spec.help + (spec.required ? ' (required)' : ''),
    ];
  });
  rows.push(['--help', 'show this']);
  const width = Math.max(...rows.map(([left]) => left!.length));
  const lines = rows.map(([left, right]) => `  ${left!.padEnd(width)}  ${right}`);
  const words = command.positionals ? ` ${command.positionals.usage}` : '';
  const details = command.details ? `\n${command.details.trimEnd()}\n` : '';
  return `${summary}.\n\nUsage: openecd ${path} [options]${words}\n${details}\nOptions:\n${lines.join('\n')}\n`;
}
