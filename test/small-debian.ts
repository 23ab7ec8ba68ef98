/**
 * A small Debian in a folder, made by mmdebstrap, in which packages are installed and programs run.
 *
 * Invariants: everything happens in mount and process namespaces of its own: what a command starts ends with it, nothing
 * is mounted or left running outside; no device of this machine is in it. It needs root, or sudo without a password.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`;
const AS_ROOT = process.getuid!() === 0 ? [] : ['sudo', '-n'];
/** $1: the folder, $2: what runs in it, as a script. */
const ENTER = `set -e
mount -t tmpfs none "$1/dev"
for one in null zero random urandom; do : >"$1/dev/$one"; mount --bind "/dev/$one" "$1/dev/$one"; done
mount -t tmpfs none "$1/tmp"
exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C DEBIAN_FRONTEND=noninteractive /bin/sh -c "$2"`;

export class SmallDebian {
  readonly #work: string;
  readonly #root: string;

  private constructor(work: string) {
    this.#work = work;
    this.#root = join(work, 'root');
  }

  /** Debian 12 with these packages and what they depend on, nothing more. */
  static async make(packages: readonly string[]): Promise<SmallDebian> {
    const made = new SmallDebian(mkdtempSync(join(tmpdir(), 'oe-debian-')));
    const archive = join(made.#work, 'base.tar');
    try {
      await must([
        ...AS_ROOT,
        'mmdebstrap',
        '--quiet',
        '--variant=essential',
        `--include=${packages.join(',')}`,
        'bookworm',
        archive,
      ]);
      await must([...AS_ROOT, 'mkdir', made.#root]);
      // As an archive: mmdebstrap mounts /proc and /dev below its own folder.
      await must([
        ...AS_ROOT,
        'tar',
        '-xf',
        archive,
        '-C',
        made.#root,
        '--exclude=./dev/*',
        '--numeric-owner',
      ]);
    } catch (error) {
      await made.remove();
      throw error;
    }
    return made;
  }

  /** Copies a file of this machine into its /root. */
  async copyIn(file: string): Promise<void> {
    await must([...AS_ROOT, 'cp', file, join(this.#root, 'root')]);
  }

  /** Copies a file or folder of it to `to`, which is not there yet, for all to read; of a folder not what `without` names. */
  async copyOut(path: string, to: string, without: readonly string[] = []): Promise<void> {
    const from = join(this.#root, path);
    const left = without.map((name) => `--exclude=./${name}`);
    const script =
      'mkdir "$2"; from=$1; to=$2; shift 2; tar -C "$from" "$@" -c . | tar -C "$to" -x --no-same-owner --no-same-permissions';
    await must([...AS_ROOT, '/bin/sh', '-ec', script, 'sh', from, to, ...left]);
    await must([...AS_ROOT, 'chmod', '-R', 'a+rX', to]);
  }

  /** Runs a shell script in it, as its root. */
  async sh(script: string): Promise<Ran> {
    const spaces = [
      'unshare',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      `--mount-proc=${this.#root}/proc`,
    ];
    return await ran([...AS_ROOT, ...spaces, '/bin/sh', '-c', ENTER, 'sh', this.#root, script]);
  }

  async remove(): Promise<void> {
    await must([...AS_ROOT, 'rm', '-rf', '--one-file-system', this.#root]);
    await must([...AS_ROOT, 'rm', '-rf', this.#work]);
  }
}

function ran([program, ...args]: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, PATH }, timeout: 200_000, maxBuffer: 16 << 20 };
    execFile(program!, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, stdout, stderr });
      else reject(error);
    });
  });
}

async function must(command: readonly string[]): Promise<void> {
  const { code, stderr } = await ran(command);
  if (code !== 0)
    throw new Error(`${command.slice(0, 3).join(' ')} ... ended with ${code}: ${stderr.slice(-2000)}`);
}
