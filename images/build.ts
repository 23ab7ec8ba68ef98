/**
 * Builds the demo guest image: a small Linux from Debian packages with guest agent, serial console, a text screen, and the
 * two measuring programs of images/guest/ (seqwriter, iolat). It boots under BIOS (96 MiB of memory and more) and UEFI
 * (256 MiB and more), from virtio-blk and virtio-scsi. A blank second disk gets a file system and is mounted at /data.
 *
 * Invariants: needs neither root nor a compiler; the image is made again only when a file of images/ has changed; a build
 * that fails or is ended leaves no half image under the final name.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EcdError } from '../src/errors.ts';
import { makeDisk } from './disk.ts';
import { layOutGuest } from './guest.ts';
import { unpackedPackages } from './packages.ts';
import { failed } from './run.ts';

const KERNEL = 'linux-image-cloud-amd64';
const PACKAGES = ['busybox-static', 'qemu-guest-agent', 'e2fsprogs', 'perl-base', 'grub-common'];
const BOOT_PACKAGES = ['grub-pc-bin', 'grub-efi-amd64-bin', 'mtools'];

export type BuildPhase = 'packages' | 'guest' | 'disk';

export interface BuildOptions {
  /** Folder for packages and images; kept, so that a second build fetches nothing. */
  readonly cacheDir: string;
  /** One line per thing done. */
  readonly log?: (line: string) => void;
  /** Part of the phase done, 0 to 1. */
  readonly onProgress?: (phase: BuildPhase, part: number) => void;
  readonly signal?: AbortSignal;
}

interface Stamp {
  readonly inputs: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * The demo image's absolute path, `cacheDir/images/openecd-demo.qcow2` (qcow2, 4 GiB); built first if need be.
 * Throws Image.BuildFailed.
 */
export async function buildDemoImage(options: BuildOptions): Promise<string> {
  const cacheDir = resolve(options.cacheDir);
  const log = options.log ?? (() => {});
  const progress = options.onProgress ?? (() => {});
  const signal = options.signal ?? new AbortController().signal;
  const images = join(cacheDir, 'images');
  const target = join(images, 'openecd-demo.qcow2');
  const inputs = await hashOfInputs();
  if (await upToDate(target, inputs)) return target;
  if (process.arch !== 'x64') {
    throw failed(
      `this is ${process.arch}`,
      'It is built on x86-64 only so far; import an image of your own instead.',
    );
  }

  const work = join(images, `build-${process.pid}`);
  await mkdir(work, { recursive: true });
  try {
    log('packages');
    const tree = join(work, 'tree');
    await unpackedPackages(
      cacheDir,
      tree,
      [...PACKAGES, ...BOOT_PACKAGES],
      KERNEL,
      (done, total) => progress('packages', total === 0 ? 1 : done / total),
      signal,
    );
    log('guest');
    progress('guest', 0);
    const root = join(work, 'root');
    await layOutGuest(tree, root, signal);
    log('disk');
    progress('disk', 0);
    const made = join(work, 'image.qcow2');
    await makeDisk(tree, root, work, made, signal);
    const content = await readFile(made);
    const stamp: Stamp = {
      inputs,
      sha256: createHash('sha256').update(content).digest('hex'),
      bytes: content.length,
    };
    await rename(made, target);
    await writeFile(`${target}.json`, `${JSON.stringify(stamp, null, 2)}\n`);
    progress('disk', 1);
    log(`${target} (${Math.round(stamp.bytes / 1e6)} MB)`);
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function upToDate(target: string, inputs: string): Promise<boolean> {
  try {
    const stamp = JSON.parse(await readFile(`${target}.json`, 'utf8')) as Stamp;
    return stamp.inputs === inputs && (await stat(target)).size === stamp.bytes;
  } catch {
    return false;
  }
}

/** Hash of all that the image is made of, but the packages: a new kernel alone is no reason to build again. */
async function hashOfInputs(): Promise<string> {
  const hash = createHash('sha256');
  const names = await readdir(import.meta.dirname, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile() && !/\.(test|integ)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) {
    const content = await readFile(file);
    hash.update(`${file.slice(import.meta.dirname.length)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

if (import.meta.main) {
  const began = performance.now();
  try {
    const cacheDir = join(import.meta.dirname, '../.cache');
    const path = await buildDemoImage({
      cacheDir,
      log: (line) => console.log(`  demo guest image: ${line}`),
    });
    console.log(`+ demo guest image ${path}  ${((performance.now() - began) / 1000).toFixed(1)} s`);
  } catch (error) {
    if (!EcdError.is(error)) throw error;
    console.error(`${error.message}\n  ${error.advice}`);
    process.exitCode = 1;
  }
}
