/** `openecd console link`: a link that signs in to the web console once. */
import { readFileSync } from 'node:fs';
import { requireUser } from '../access/users.ts';
import { ADMINISTRATOR } from '../catalogue/keys.ts';
import { issueLink, LINK_MS } from '../catalogue/sign-in-links.ts';
import { TEMPORARY_SECONDS } from '../catalogue/temporary-keys.ts';
import { DataDir } from '../data-dir.ts';
import { EcdError } from '../errors.ts';
import { systemClock } from '../ids.ts';
import { endpointUrl } from './client.ts';
import { type Command, DATA_OPTION, JSON_OPTION, usage } from './command.ts';
import { withCatalogue } from './key.ts';
import { instantText, printJson } from './output.ts';
import { telling } from './told.ts';

const SESSION_SECONDS = 3600;

export const consoleLink: Command = {
  options: {
    data: DATA_OPTION,
    user: { type: 'string', value: 'NAME', help: `who is signed in (${ADMINISTRATOR})` },
    seconds: {
      type: 'string',
      value: 'N',
      help: `how long the session lasts: ${TEMPORARY_SECONDS.shortest} to ${TEMPORARY_SECONDS.longest} (${SESSION_SECONDS})`,
    },
    endpoint: {
      type: 'string',
      value: 'URL',
      help: 'the address of the service as the browser knows it, if not the one it listens on',
    },
    json: JSON_OPTION,
  },
  details: `Who opens it first, within ${LINK_MS / 60_000} minutes, is signed in: give it to nobody else. It works once.`,
  async run(args, { stdout, env }) {
    const sessionSeconds = Number(args.text('seconds') ?? SESSION_SECONDS);
    const { shortest, longest } = TEMPORARY_SECONDS;
    if (!Number.isInteger(sessionSeconds) || sessionSeconds < shortest || sessionSeconds > longest)
      throw usage('console link', `--seconds is a whole number from ${shortest} to ${longest}`);
    const userName = args.text('user') ?? ADMINISTRATOR;
    const dir = DataDir.open(args.need('data'), { create: false });
    const { origin } = endpointUrl(args.text('endpoint') ?? endpointOf(dir));
    const now = systemClock();
    const token = await withCatalogue(dir, (catalogue) =>
      telling(catalogue, env, async (trx, tell) => {
        await requireUser(trx, userName);
        tell({ operation: 'GetSigninToken', resources: [`user/${userName}`] });
        return await issueLink(trx, { userName, sessionSeconds }, now);
      }),
    );
    // Behind the # a browser keeps it to itself: it is in no request and in no log.
    const url = `${origin}/console/sign-in#link=${encodeURIComponent(token)}`;
    if (args.flag('json'))
      printJson(stdout, { Url: url, UserName: userName, Expiration: instantText(now + LINK_MS) });
    else stdout.write(`${url}\n`);
    return 0;
  },
};

function endpointOf(dir: DataDir): string {
  try {
    return readFileSync(dir.endpoint, 'utf8').trim();
  } catch (error) {
    throw new EcdError(
      'Cli.Refused',
      {
        reason: 'No service runs on this data directory',
        remedy: 'Start it (openecd serve), or name its address: --endpoint URL.',
      },
      error,
    );
  }
}
