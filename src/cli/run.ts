/**
 * From the words of a command line to an exit code.
 *
 * Invariants: 0 is success, 1 a failure, 2 a usage error, 130 or 143 an interruption; a failure is one line on standard
 * error and one with what to do, with a stack only if OPENECD_DEBUG is set; no command throws past here.
 */
import { EcdError } from '../errors.ts';
import { type Context, helpText, parseWords, usage } from './command.ts';
import { COMMANDS, type Entry } from './commands.ts';

export const FAILED = 1;
export const USAGE = 2;

/** Runs one command line (without `openecd` itself). */
export async function run(words: readonly string[], context: Context): Promise<number> {
  try {
    return await dispatch(words, context);
  } catch (error) {
    if (context.signal.aborted) {
      context.stderr.write('openecd: interrupted\n');
      return context.signal.reason === 'SIGTERM' ? 143 : 130;
    }
    context.stderr.write(describe(error, context.env['OPENECD_DEBUG'] !== undefined));
    return EcdError.is(error, 'Cli.Usage') ? USAGE : FAILED;
  }
}

async function dispatch(words: readonly string[], context: Context): Promise<number> {
  const [first = 'help', second] = words;
  if (first === 'help') return await help(words.slice(1), context);
  if (first === '--help' || first === '-h') return await help([], context);
  if (first === '--version') return await dispatch(['version'], context);
  const entry = find(`${first} ${second}`) ?? find(first);
  if (entry === undefined) {
    if (second === '--help' || second === '-h') return await help([first], context);
    throw unknown(words);
  }
  const command = await entry.load();
  const rest = words.slice(entry.path.split(' ').length);
  const args = (command.parse ?? ((given, path) => parseWords(command, given, path)))(rest, entry.path);
  if (args.flag('help')) {
    context.stdout.write(helpText(command, entry.path, entry.summary));
    return 0;
  }
  return (await command.run(args, context)) ?? 0;
}

async function help(words: readonly string[], context: Context): Promise<number> {
  const name = words.join(' ');
  const entry = find(name);
  if (entry !== undefined) {
    context.stdout.write(helpText(await entry.load(), entry.path, entry.summary));
    return 0;
  }
  const shown = COMMANDS.filter(({ path }) => name === '' || path.startsWith(`${name} `));
  if (shown.length === 0) throw unknown(words);
  const width = Math.max(...shown.map(({ path }) => path.length));
  const lines = shown.map(({ path, summary }) => `  ${path.padEnd(width)}  ${summary}`);
  context.stdout.write(
    `OpenECD: cloud desktops with real disk snapshots.\n\nUsage: openecd COMMAND [options]\n\nCommands:\n${lines.join('\n')}\n\n\`openecd COMMAND --help\` shows the options of a command.\n`,
  );
  return 0;
}

function find(path: string): Entry | undefined {
  return COMMANDS.find((entry) => entry.path === path);
}

function unknown(words: readonly string[]): EcdError {
  const group = COMMANDS.filter(({ path }) => path.startsWith(`${words[0]} `)).map(({ path }) => path);
  if (group.length === 0) return usage('', `There is no command '${words[0]}'; \`openecd help\` lists them`);
  const what =
    words[1] === undefined
      ? `'${words[0]}' needs one more word`
      : `There is no command '${words.slice(0, 2).join(' ')}'`;
  return usage(words[0]!, `${what}: ${group.join(', ')}`);
}

/** What the user reads of a failure. */
export function describe(error: unknown, debug: boolean): string {
  const stack = debug && error instanceof Error ? `${error.stack}\n${causes(error)}` : '';
  if (!(error instanceof EcdError)) {
    const message = error instanceof Error ? error.message : String(error);
    return `openecd: ${message}\n${stack || '  Set OPENECD_DEBUG=1 to see where it happened.\n'}`;
  }
  const { cause } = error;
  // A cause of our own is told in the message; one of the system is told here unless the message has it.
  const more =
    cause instanceof Error && !(cause instanceof EcdError) && !error.message.includes(cause.message);
  const reason = more ? ` (${cause.message.split('\n')[0]})` : '';
  // Advice that speaks of the service's log is of no use to who runs a command.
  const advice = error.advice.startsWith('Look in the log of the service') ? '' : `  ${error.advice}\n`;
  return `openecd: ${error.message}${reason}\n${advice.trim() === '' ? '' : advice}${stack}`;
}

function causes(error: Error): string {
  let text = '';
  for (let at = error.cause; at instanceof Error; at = at.cause) text += `caused by ${at.stack}\n`;
  return text;
}
