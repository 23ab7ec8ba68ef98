/**
 * Takes Debian packages from the mirrors this system uses and unpacks them into a folder: no root, nothing is installed.
 *
 * Invariants: packages are checked by apt's own signed lists; a package file that is there is not fetched again; where the
 * system's lists do not know a package (or there are none), lists of our own are fetched into the cache folder.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failed, run } from './run.ts';

/** Bytes fetched so far and in all. */
export type FetchProgress = (done: number, total: number) => void;

interface Fetch {
  readonly file: string;
  readonly bytes: number;
}

/** Options that make apt use lists of our own below `folder`. */
async function ownLists(folder: string, signal: AbortSignal): Promise<string[]> {
  await mkdir(join(folder, 'lists/partial'), { recursive: true });
  await mkdir(join(folder, 'archives/partial'), { recursive: true });
  const options = ['-o', `Dir::State::lists=${folder}/lists`, '-o', `Dir::Cache=${folder}`, ...SANDBOX];
  await run('apt-get', ['update', '-q', ...options], { signal });
  return options;
}

const SANDBOX = ['-o', 'APT::Sandbox::User=root'];
const DEPENDS = [
  '--no-recommends',
  '--no-suggests',
  '--no-conflicts',
  '--no-breaks',
  '--no-replaces',
  '--no-enhances',
];

/** The package that `meta` depends on (the newest kernel); undefined when the lists do not know it. */
async function kernelOf(meta: string, options: string[], signal: AbortSignal): Promise<string | undefined> {
  const said = await run('apt-cache', [...options, 'depends', ...DEPENDS, meta], { signal }).catch(() => '');
  return /Depends: (linux-image-\S+)/.exec(said.toString())?.[1];
}

/**
 * Fetches `packages`, what the meta package `kernelMeta` points to, and all libraries these depend on, and unpacks them
 * into the folder `tree`. Throws Image.BuildFailed.
 */
export async function unpackedPackages(
  cacheDir: string,
  tree: string,
  packages: readonly string[],
  kernelMeta: string,
  onProgress: FetchProgress,
  signal: AbortSignal,
): Promise<void> {
  let options: string[] = SANDBOX;
  let kernel = await kernelOf(kernelMeta, options, signal);
  if (!kernel) {
    options = await ownLists(join(cacheDir, 'apt'), signal);
    kernel = await kernelOf(kernelMeta, options, signal);
  }
  if (!kernel) {
    throw failed(
      `the package lists do not know ${kernelMeta}`,
      'The image is built from the packages of Debian 12 or newer on x86-64; elsewhere import an image of your own.',
    );
  }
  const recursive = await run('apt-cache', [...options, 'depends', '--recurse', ...DEPENDS, ...packages], {
    signal,
  });
  const libraries = recursive
    .toString()
    .split('\n')
    .filter((line) => /^lib[a-z0-9.+-]+$/.test(line) && !/perl|-bin$|^libc-/.test(line));
  const wanted = [...new Set([...packages, kernel, ...libraries])];

  const folder = join(cacheDir, 'packages');
  await mkdir(folder, { recursive: true });
  await mkdir(tree, { recursive: true });
  // In an empty folder: apt names nothing that lies there already.
  const list = await run('apt-get', ['download', '--print-uris', ...options, ...wanted], {
    cwd: tree,
    signal,
  });
  const fetches = [...list.toString().matchAll(/^'\S+' (\S+) (\d+)/gm)].map(
    ([, file, bytes]): Fetch => ({ file: file ?? '', bytes: Number(bytes) }),
  );
  await download(folder, wanted, fetches, options, onProgress, signal);

  for (const { file } of fetches) await run('dpkg', ['-x', join(folder, file), tree], { signal });
}

async function download(
  folder: string,
  wanted: readonly string[],
  fetches: readonly Fetch[],
  options: readonly string[],
  onProgress: FetchProgress,
  signal: AbortSignal,
): Promise<void> {
  const total = fetches.reduce((sum, one) => sum + one.bytes, 0);
  const sizes = () =>
    Promise.all(
      fetches.map(async ({ file }) => (await stat(join(folder, file)).catch(() => null))?.size ?? 0),
    );
  const complete = async () => (await sizes()).every((size, index) => size === fetches[index]?.bytes);
  if (await complete()) return onProgress(total, total);
  const timer = setInterval(async () => {
    onProgress(
      (await sizes()).reduce((sum, size) => sum + size, 0),
      total,
    );
  }, 300);
  try {
    await run('apt-get', ['download', '-q', ...options, ...wanted], { cwd: folder, signal });
  } finally {
    clearInterval(timer);
  }
  if (!(await complete())) throw failed('a package was not fetched whole', 'Try again.');
  onProgress(total, total);
  const kept = new Set(fetches.map((one) => one.file));
  for (const file of await readdir(folder)) if (!kept.has(file)) await rm(join(folder, file));
}

/** The path of `name` in an unpacked tree, whose Debian release may have merged /usr or not. Throws Image.BuildFailed. */
export function locate(tree: string, ...names: string[]): string {
  const paths = names.flatMap((name) => [join(tree, name), join(tree, 'usr', name)]);
  const found = paths.find((path) => existsSync(path));
  if (!found)
    throw failed(
      `no package holds ${names.join(' or ')}`,
      'The packages of this Debian release are laid out in a new way.',
    );
  return found;
}
