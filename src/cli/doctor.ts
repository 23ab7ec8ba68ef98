/**
 * `openecd doctor`: what this machine has and lacks for running desktops.
 *
 * Invariants: it changes nothing; every finding that is not good says what to do; exit code 1 only when something that
 * is needed is missing.
 */
import { defaultSettings, readSettings } from '../settings.ts';
import { type Command, JSON_OPTION } from './command.ts';
import { checkDirectories, checkHost, checkPrograms, type Finding, findUser } from './doctor-checks.ts';
import { checkBridges } from './doctor-network.ts';
import { printJson } from './output.ts';

const MARKS = { ok: ' ok  ', warning: 'warn ', missing: 'MISS ' } as const;

export const doctor: Command = {
  options: {
    data: { type: 'string', value: 'DIR', help: 'look at this data directory too' },
    vault: { type: 'string', value: 'DIR', help: 'and at this vault (DATA/vault)' },
    config: { type: 'string', value: 'FILE', help: 'the settings file of the service' },
    json: JSON_OPTION,
  },
  async run(args, { stdout }) {
    const file = args.text('config');
    const settings = file === undefined ? defaultSettings() : readSettings(file);
    const { user, finding } = findUser(settings.qemuUser);
    const findings: Finding[] = [
      ...checkHost(),
      finding,
      ...(await checkPrograms(settings, user)),
      ...(await checkBridges(settings, user)),
      ...checkDirectories(settings, args.text('data'), args.text('vault'), user),
    ];
    const missing = findings.filter(({ status }) => status === 'missing').length;
    if (args.flag('json')) printJson(stdout, { ok: missing === 0, findings });
    else {
      const width = Math.max(...findings.map(({ what }) => what.length));
      for (const { status, what, found, todo } of findings) {
        stdout.write(`${MARKS[status]} ${what.padEnd(width)}  ${found}\n`);
        if (status !== 'ok' && todo !== undefined) stdout.write(`${' '.repeat(width + 8)}-> ${todo}\n`);
      }
      stdout.write(
        missing === 0 ? 'All that is needed is there.\n' : `${missing} needed thing(s) missing.\n`,
      );
    }
    return missing === 0 ? 0 : 1;
  },
};
