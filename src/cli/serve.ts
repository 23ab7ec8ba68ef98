/**
 * `openecd serve`: reads options and settings, makes what a first start needs, runs the service until it is told to end.
 *
 * Invariants: standard output gets exactly one line, when requests are answered; all else is the log on standard error;
 * desktops go on running when the service ends.
 */
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DataDir } from '../data-dir.ts';
import { startServer } from '../server.ts';
import { defaultSettings, parseSettings, readSettings, type Settings } from '../settings.ts';
import { readTls, type TlsFiles } from '../tls-files.ts';
import { ensureAdminKey } from './admin-key.ts';
import { type Args, type Command, DATA_OPTION, usage } from './command.ts';
import { withCatalogue } from './key.ts';
import { isLoopback, parseListen } from './listen.ts';
import { openLog } from './log.ts';

const DEFAULT_LISTEN = '127.0.0.1:8787';

export const serve: Command = {
  options: {
    data: { ...DATA_OPTION, help: 'the data directory; it is made if it is not there' },
    vault: { type: 'string', value: 'DIR', help: 'the vault directory; it is remembered (DATA/vault)' },
    config: {
      type: 'string',
      value: 'FILE',
      help: 'a settings file; `openecd config show` lists the settings',
    },
    listen: {
      type: 'string',
      value: 'HOST:PORT',
      help: `where to listen (${DEFAULT_LISTEN}); port 0 takes a free one`,
    },
    region: { type: 'string', multiple: true, value: 'ID', help: 'a region that is served (cn-hangzhou)' },
    'public-url': { type: 'string', value: 'URL', help: 'the address clients use, if it is another one' },
    'tls-cert': {
      type: 'string',
      value: 'FILE',
      help: 'certificate chain (PEM): serve https; read again when it changes',
    },
    'tls-key': { type: 'string', value: 'FILE', help: 'its private key (PEM)' },
  },
  details: `The first start makes an administrator key in DATA/admin-key.json. SIGTERM or Ctrl-C ends the service, desktops
go on running and are found again by the next start; a second Ctrl-C ends it at once.`,
  async run(args, { stdout, stderr, env, signal }) {
    const settings = settingsOf(args);
    const listen = parseListen(args.text('listen') ?? DEFAULT_LISTEN);
    const tls = tlsOf(args);
    const dir = DataDir.open(args.need('data'), { create: true });
    const vaultDir = resolve(args.text('vault') ?? dir.vault);
    const { log, close } = openLog(settings.logLevel, stderr);
    try {
      if (await withCatalogue(dir, (catalogue) => ensureAdminKey(dir, catalogue, env)))
        log.info({ file: dir.adminKey }, 'made an administrator access key; it is in this file');
      if (sameDevice(dir.disks, vaultDir))
        log.warn(
          { vault: vaultDir, disks: dir.disks },
          'the vault lies on the same device as the disks: if that device is lost, disks and snapshots are lost together; name another place with --vault',
        );
      if (tls === undefined && !isLoopback(listen))
        log.warn(
          { host: listen.host },
          'requests and answers are not encrypted; use --tls-cert and --tls-key',
        );
      const server = await startServer({
        dataDir: dir.path,
        vaultDir,
        settings,
        listen,
        ...(tls === undefined ? {} : { tls }),
        log,
      });
      try {
        dir.vault = vaultDir;
        writeFileSync(dir.endpoint, `${server.url}\n`, { mode: 0o600 });
        stdout.write(`listening on ${server.url}\n`);
        await aborted(signal);
        log.info({ signal: String(signal.reason) }, 'ending; desktops go on running');
      } finally {
        rmSync(dir.endpoint, { force: true });
        await server.close();
      }
      log.info({}, 'ended');
      return 0;
    } finally {
      close();
    }
  },
};

/** Settings of the file, with the options over them. */
export function settingsOf(args: Args): Settings {
  const file = args.text('config');
  const settings = file === undefined ? defaultSettings() : readSettings(file);
  const regions = args.list('region');
  return parseSettings({
    ...settings,
    ...(regions.length > 0 ? { regions: [...new Set(regions)] } : {}),
    ...(args.text('public-url') === undefined ? {} : { publicUrl: publicUrl(args.text('public-url')!) }),
  });
}

function publicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw usage('serve', `--public-url ${text} is no address like https://HOST[:PORT]`);
  return url.origin;
}

function tlsOf(args: Args): TlsFiles | undefined {
  const [cert, key] = [args.text('tls-cert'), args.text('tls-key')];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw usage('serve', '--tls-cert and --tls-key belong together');
  const files = { certFile: resolve(cert), keyFile: resolve(key) };
  readTls(files);
  return files;
}

/** Whether a loss of one device would take both. A vault that is not there yet will be made where its path leads. */
function sameDevice(disks: string, vault: string): boolean {
  const up = dirname(vault);
  if (!existsSync(vault) && up !== vault) return sameDevice(disks, up);
  return statSync(disks).dev === statSync(vault).dev;
}

/** Waits for the end; a live timer keeps the process from ending while it waits. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolveWait) => {
    if (signal.aborted) resolveWait();
    signal.addEventListener('abort', () => resolveWait(), { once: true });
  });
}
