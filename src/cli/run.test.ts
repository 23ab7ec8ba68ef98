import { describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { COMMANDS } from './commands.ts';
import { describe as describeFailure, run } from './run.ts';
import { runCli } from './testing/run-cli.ts';

const context = (env: Record<string, string> = {}, signal = new AbortController().signal) => ({
  env,
  signal,
});

describe('the table of commands', () => {
  it.each(COMMANDS.map(({ path }) => path))('%s has a help that names its options', async (path) => {
    const { code, stdout } = await runCli([...path.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: openecd ${path} [options]`);
    expect(stdout).toContain('--help');
    const byHelp = await runCli(['help', ...path.split(' ')]);
    expect(byHelp.stdout).toBe(stdout);
  });

  it('lists every command', async () => {
    const { code, stdout } = await runCli([]);
    expect(code).toBe(0);
    for (const { path } of COMMANDS) expect(stdout).toContain(`  ${path} `);
  });

  it('lists the commands of a group', async () => {
    const { stdout } = await runCli(['key', '--help']);
    expect(stdout).toContain('key disable');
    expect(stdout).not.toContain('serve');
  });
});

describe('usage errors end with 2 and say what is wrong', () => {
  it.each([
    [['nonsense'], "no command 'nonsense'"],
    [['key'], 'key create, key list'],
    [['key', 'nonsense'], "no command 'key nonsense'"],
    [['help', 'nonsense'], "no command 'nonsense'"],
    [['key', 'create'], '--data is missing'],
    [['key', 'create', '--data'], '--data'],
    [['key', 'create', '--data', ''], '--data has an empty value'],
    [['key', 'create', '--data', 'a', '--data', 'b'], '--data is given twice'],
    [['key', 'create', '--data', 'a', '--nonsense'], "Unknown option '--nonsense'"],
    [['key', 'create', '--data', 'a', 'surplus'], "Unexpected argument 'surplus'"],
    [['key', 'disable', '--data', 'a'], 'ACCESS_KEY_ID is missing'],
    [['version', '--json=yes'], "'--json' does not take an argument"],
    [['serve', '--data', 'a', '--listen', '8787'], 'no HOST:PORT'],
    [['serve', '--data', 'a', '--tls-cert', 'x'], '--tls-cert and --tls-key belong together'],
    [['serve', '--data', 'a', '--public-url', 'https://a/b'], '--public-url'],
    [['image', 'import', '--data', 'a', '--name', 'n', '--os-type', 'DOS', 'f'], '--os-type'],
    [['image', 'import', '--data', 'a', '--name', 'a\nb', 'f'], '--name has'],
    [['vault', 'stats'], '--data DIR or --vault DIR'],
    [['vault', 'export', '--data', 'a', '--snapshot', '../x', 'f'], 'no id of a snapshot'],
    [['vault', 'export', '--data', 'a', '--snapshot', 's-1', '--format', 'vhd', 'f'], '--format'],
    [['tls', 'init', '--out', 'x', '--host', 'a b'], '--host a b'],
  ])('%j', async (words, message) => {
    const { code, stdout, stderr } = await runCli(words);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^openecd: .*\n {2}`openecd.* --help` shows how it is used\.\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

describe('failures', () => {
  it('end with 1, one line and the advice, without a stack', async () => {
    const { code, stderr } = await runCli(['key', 'list', '--data', '/nonexistent/openecd']);
    expect(code).toBe(1);
    expect(stderr.split('\n')).toHaveLength(3);
    expect(stderr).toContain('it does not exist');
  });

  it('show the stack and the causes with OPENECD_DEBUG', () => {
    const error = new EcdError(
      'Catalogue.Unavailable',
      { reason: 'cannot open x' },
      new Error('the disk is gone'),
    );
    expect(describeFailure(error, false)).toBe(
      'openecd: The catalogue cannot be used: cannot open x (the disk is gone)\n',
    );
    const debug = describeFailure(error, true);
    expect(debug).toContain('run.test.ts');
    expect(debug).toContain('caused by Error: the disk is gone');
    expect(describeFailure(new TypeError('x is no function'), false)).toContain('OPENECD_DEBUG=1');
  });

  it('are interruptions when the command was interrupted', async () => {
    const failing = {
      write: () => {
        throw new Error('stopped in the middle');
      },
    };
    for (const [signal, expected] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      let stderr = '';
      const code = await run(['version'], {
        ...context({}, AbortSignal.abort(signal)),
        stdout: failing,
        stderr: { write: (text) => (stderr += text) },
        binary: process.stdout,
      });
      expect([code, stderr]).toEqual([expected, 'openecd: interrupted\n']);
    }
  });
});
