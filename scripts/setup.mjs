#!/usr/bin/env node
/**
 * Sets a machine up for OpenECD: the programs it uses, Node 24, the npm packages, the web console, the user QEMU runs as.
 * Plain JavaScript for Node 20 and newer.
 *
 * Invariants: what is there is left as it is, so a second run changes nothing and takes under 2 seconds; root is used only
 * for Debian packages and for the system user; nothing outside the project's folder changes but these two; every failure
 * says what to do.
 */
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildConsole, consoleUpToDate } from './console.mjs';
import { installPrograms, isRoot, present } from './debian.mjs';
import { run, size, tail, task, UserError } from './terminal.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_WANTED = '24.21.0';
const NODE_AT_LEAST = [24, 14];
const USER = 'openecd';

/** What must be there: a program in PATH or a file, the Debian package that holds it, and why. */
export const NEEDS = [
  { find: ['qemu-system-x86_64'], debian: 'qemu-system-x86', why: 'runs the desktops' },
  { find: ['qemu-storage-daemon'], debian: 'qemu-system-common', why: 'reads and merges disk layers' },
  { find: ['qemu-img'], debian: 'qemu-utils', why: 'makes and checks disk files' },
  { find: ['qemu-io'], debian: 'qemu-utils', why: 'writes test patterns' },
  { find: ['bridge'], debian: 'iproute2', why: 'puts desktops on a bridge of the host' },
  { find: ['nft'], debian: 'nftables', why: 'keeps what is not IP from leaving desktops on a bridge' },
  { find: ['mke2fs'], debian: 'e2fsprogs', why: 'makes the demo guest image' },
  {
    find: ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/edk2/x64/OVMF_CODE.4m.fd'],
    debian: 'ovmf',
    why: 'UEFI firmware for desktops',
  },
];
const MMDEBSTRAP = { find: ['mmdebstrap'], debian: 'mmdebstrap' };
const BENCH_NEEDS = [
  { ...MMDEBSTRAP, why: 'makes the disk the benchmark archives' },
  { find: ['restic'], debian: 'restic', why: 'a peer of the archive benchmark' },
];
const TEST_NEEDS = [
  { ...MMDEBSTRAP, why: 'makes the small Debian in which the Debian package is tried' },
  { find: ['/usr/bin/chromium'], debian: 'chromium', why: 'the browser in which the console is tested' },
  { find: ['curl'], debian: 'curl', why: 'runs the sample code of the console' },
  { find: ['openssl'], debian: 'openssl', why: 'runs the sample code of the console' },
  { find: ['python3'], debian: 'python3', why: 'runs the sample code of the console' },
];

/** Go and a client of the public service in it: 13 packages, 86 MB to download, 490 MB on disk on Debian 12. */
const FULL_NEEDS = [
  { find: ['go'], debian: 'golang-go', why: 'builds the Go client of the full tests' },
  {
    find: ['/usr/share/gocode/src/github.com/denverdino/aliyungo/common/client.go'],
    debian: 'golang-github-denverdino-aliyungo-dev',
    why: 'the Go client of the full tests',
  },
];

const HELP = `Usage: node scripts/setup.mjs [--yes] [--check] [--test] [--bench] [--full]

Installs what OpenECD needs and is missing, and nothing else:
  - Debian packages (asks first on a terminal; needs root or sudo)
  - Node ${NODE_WANTED} into .node/ of this folder, when the machine's own is older than ${NODE_AT_LEAST.join('.')}
  - the npm packages of package-lock.json into node_modules/
  - the build of the web console into console/dist/
  - as root: the system user "${USER}", as which QEMU runs

  --yes     do not ask (also with CI=true or without a terminal)
  --check   only say what is missing; exit code 1 if anything is
  --test    also what only "npm test" needs
  --bench   also what only "npm run bench" needs
  --full    also what only "npm run test:full" needs: Go, about 490 MB
  --help    this text
`;

/** @param {string} version @param {number[]} least */
function atLeast(version, least) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > least[0] || (major === least[0] && minor >= least[1]);
}

/** The folder of a Node of our own that is new enough, as its npm package holds it; undefined when there is none. */
export function ownNode() {
  const folder = join(ROOT, '.node/node_modules', `node-linux-${process.arch}`);
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (atLeast(version, NODE_AT_LEAST) && present(join(folder, 'bin/node'))) return folder;
  } catch {
    // Not there, or half there: fetched again.
  }
  return undefined;
}

/** The Node to run OpenECD with, or undefined when it must be fetched. */
function findNode() {
  if (atLeast(process.versions.node, NODE_AT_LEAST)) return process.execPath;
  const own = ownNode();
  return own && join(own, 'bin/node');
}

/** True when node_modules holds what package-lock.json says: npm's own record of what it installed is compared with it. */
function packagesUpToDate() {
  try {
    const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
    const have = JSON.parse(readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8')).packages;
    const names = Object.keys(wanted).filter((name) => name !== '');
    return (
      names.every((name) =>
        have[name] ? have[name].version === wanted[name].version : wanted[name].optional === true,
      ) && Object.keys(have).every((name) => wanted[name])
    );
  } catch {
    return false;
  }
}

const userMissing = () => isRoot() && !/^openecd:/m.test(readFileSync('/etc/passwd', 'utf8'));

/** @typedef {{ yes?: boolean, test?: boolean, bench?: boolean, full?: boolean, programs?: boolean }} Options */

/** Everything that is missing, as lines for a person. @param {Options} options */
function missing(options) {
  const needs = [
    ...(options.programs === false ? [] : NEEDS),
    ...(options.test ? TEST_NEEDS : []),
    ...(options.bench ? BENCH_NEEDS : []),
    ...(options.full ? FULL_NEEDS : []),
  ];
  const programs = needs.filter((need) => !need.find.some(present));
  const lines = programs.map((need) => `${need.find[0]} (Debian: ${need.debian}): ${need.why}`);
  if (!findNode()) lines.push(`Node ${NODE_AT_LEAST.join('.')} or newer (this is ${process.versions.node})`);
  if (!packagesUpToDate()) lines.push('npm packages of package-lock.json');
  if (!consoleUpToDate(ROOT)) lines.push('the build of the web console');
  if (options.programs !== false && userMissing()) lines.push(`system user ${USER}`);
  return { programs, lines };
}

/** Runs npm with `node` as its Node; answers what it said. @param {string[]} args @param {string} node */
export async function npm(args, node) {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  const own = process.env['npm_execpath'];
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` };
  const viaOwn = own?.endsWith('.js') && existsSync(own);
  if (!viaOwn && !present('npm')) {
    throw new UserError('npm is missing.', 'Install it: apt-get install npm');
  }
  const { code, output } = viaOwn
    ? await run(node, [own, ...args, ...flags], { cwd: ROOT, env })
    : await run('npm', [...args, ...flags], { cwd: ROOT, env });
  if (code === 0) return output;
  const why = /ENOSPC/.test(output)
    ? 'The disk is full: free some space and run this again.'
    : /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|network/i.test(output)
      ? 'The npm registry cannot be reached: look at the network and at "npm config get registry".'
      : /EACCES|EPERM/.test(output)
        ? `Files in ${ROOT} belong to somebody else: run this as their owner, or change the owner.`
        : 'Look at the lines above.';
  const said = output
    .split('\n')
    .filter((line) => /^npm error \S/.test(line) && !/A complete log/.test(line));
  throw new UserError(`npm ${args[0]} failed:\n${said.slice(0, 8).join('\n') || tail(output)}`, why);
}

/** Puts a Node of our own into .node/ and answers it. */
export async function fetchNode() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new UserError(
      `Node ${process.versions.node} is too old, and there is no ready Node 24 for ${process.platform}-${process.arch}.`,
      `Install Node ${NODE_AT_LEAST.join('.')} or newer by hand.`,
    );
  }
  const name = `node-linux-${process.arch}`;
  await task(`Node ${NODE_WANTED} from the npm registry into .node/`, () =>
    npm(
      [
        'install',
        '--prefix',
        join(ROOT, '.node'),
        '--no-save',
        '--no-package-lock',
        `${name}@${NODE_WANTED}`,
      ],
      process.execPath,
    ),
  );
  const own = ownNode();
  const node = own && join(own, 'bin/node');
  const tried = node ? await run(node, ['--version']) : { code: 1, output: 'not there' };
  if (!node || tried.code !== 0) {
    throw new UserError(
      `The fetched Node does not run here: ${tail(tried.output)}`,
      'Install Node 24 by hand.',
    );
  }
  return node;
}

async function makeUser() {
  const args = ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', '--user-group', USER];
  const { code, output } = await run('useradd', args);
  if (code !== 0) throw new UserError(`The user ${USER} could not be made: ${tail(output)}`);
  process.stdout.write(`+ system user ${USER}, as which QEMU runs\n`);
}

/**
 * Does all of it. Answers the Node to run OpenECD with. `programs: false` leaves the Debian packages and the user out.
 * @param {Options} [options]
 * @returns {Promise<{ node: string }>}
 */
export async function setup(options = {}) {
  if (!atLeast(process.versions.node, [20, 0])) {
    throw new UserError(
      `Node ${process.versions.node} is too old even for the set-up.`,
      'Install Node 20 or newer.',
    );
  }
  const disk = statfsSync(ROOT);
  const { programs, lines } = missing(options);
  if (lines.length > 0 && disk.bavail * disk.bsize < 1e9) {
    throw new UserError(`Only ${size(disk.bavail * disk.bsize)} are free in ${ROOT}.`, 'Free at least 1 GB.');
  }
  if (programs.length > 0) await installPrograms(programs, options.yes === true);
  const node = findNode() ?? (await fetchNode());
  if (!packagesUpToDate()) await task('npm ci', () => npm(['ci'], node));
  await buildConsole(ROOT, node);
  if (options.programs !== false && userMissing()) await makeUser();
  return { node };
}

async function main() {
  const known = new Set(['--yes', '--check', '--test', '--bench', '--full', '--help']);
  const args = process.argv.slice(2);
  const unknown = args.find((arg) => !known.has(arg));
  if (unknown) throw new UserError(`Unknown option ${unknown}`, HELP);
  if (args.includes('--help')) return void process.stdout.write(HELP);
  const options = {
    yes: args.includes('--yes'),
    test: args.includes('--test'),
    bench: args.includes('--bench'),
    full: args.includes('--full'),
  };
  if (args.includes('--check')) {
    const { lines } = missing(options);
    process.stdout.write(lines.length ? `Missing:\n  ${lines.join('\n  ')}\n` : 'Everything is there.\n');
    process.exitCode = lines.length ? 1 : 0;
    return;
  }
  await setup(options);
  process.stdout.write('Everything is there.\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error) => {
    process.stderr.write(`${error instanceof UserError ? error.message : error.stack}\n`);
    process.exitCode = 1;
  });
}
