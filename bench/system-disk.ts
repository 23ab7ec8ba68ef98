/**
 * The disk that the archive benchmarks store: a Debian desktop made with mmdebstrap, never synthetic data.
 *
 * Invariants: made once and kept in .cache/bench under a name that depends on the list of packages; a half-made one
 * never has that name; the file is never written by a benchmark.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from './run.ts';

const CACHE = resolve(import.meta.dirname, '../.cache/bench');
const SUITE = 'bookworm';

/** What people have on a desktop for office work and programming. */
const FULL = [
  ...[
    'linux-image-amd64',
    'linux-headers-amd64',
    'systemd-sysv',
    'sudo',
    'openssh-server',
    'man-db',
    'locales',
  ],
  ...[
    'xfce4',
    'firefox-esr',
    'thunderbird',
    'chromium',
    'gimp',
    'inkscape',
    'vlc',
    'fonts-noto-cjk',
    'fonts-dejavu',
  ],
  ...['libreoffice', 'texlive-latex-recommended', 'texlive-latex-extra', 'evince'],
  ...['gcc', 'g++', 'clang', 'golang', 'openjdk-17-jdk', 'rustc', 'cargo', 'nodejs', 'git', 'gdb', 'cmake'],
  ...[
    'python3-numpy',
    'python3-scipy',
    'python3-pandas',
    'python3-matplotlib',
    'postgresql',
    'vim',
    'emacs-nox',
  ],
];
const SMALL = ['linux-image-cloud-amd64', 'systemd-sysv', 'python3-minimal', 'git', 'vim'];

export interface SystemDisk {
  /** A qcow2 file with default options. */
  readonly file: string;
  readonly virtualBytes: number;
}

/** The disk, made now if it is not there. `quick`: a small one, to try the benchmarks. */
export async function systemDisk(quick: boolean, say: (text: string) => void): Promise<SystemDisk> {
  const packages = quick ? SMALL : FULL;
  const key = createHash('sha256')
    .update(JSON.stringify([SUITE, packages]))
    .digest('hex')
    .slice(0, 12);
  const virtualBytes = (quick ? 2 : 10) * 1024 ** 3;
  const file = join(CACHE, `system-${key}.qcow2`);
  if (!existsSync(file)) {
    say(`making ${file} with mmdebstrap (${packages.length} packages and what they need); this is done once`);
    await make(file, packages, virtualBytes);
  }
  return { file, virtualBytes };
}

async function make(file: string, packages: readonly string[], virtualBytes: number): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(tmpdir(), 'openecd-bench-'));
  try {
    // As an archive: mmdebstrap mounts /proc and /dev below its own directory, which must never be removed from here.
    const archive = join(work, 'root.tar');
    const options = ['--variant=minbase', `--include=${packages.join(',')}`, '--dpkgopt=force-unsafe-io'];
    // Nobody boots it, and an initial RAM disk takes minutes to make.
    await run('mmdebstrap', [...options, '--quiet', SUITE, archive], { env: { INITRD: 'No' } });
    const root = join(work, 'root');
    await mkdir(root);
    await run('tar', ['-xf', archive, '-C', root, '--exclude=./dev/*']);
    await rm(archive);
    const raw = join(work, 'disk.raw');
    await run('mke2fs', [
      '-q',
      '-F',
      '-t',
      'ext4',
      '-L',
      'cddata',
      '-m',
      '0',
      '-d',
      root,
      raw,
      `${virtualBytes / 1024}k`,
    ]);
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
    await run('qemu-img', ['convert', '-O', 'qcow2', raw, `${file}.tmp`]);
    await rename(`${file}.tmp`, file);
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
    await rm(`${file}.tmp`, { force: true });
  }
}

/** Bytes a file takes on its disk. */
export async function allocated(file: string): Promise<number> {
  return (await stat(file)).blocks * 512;
}
