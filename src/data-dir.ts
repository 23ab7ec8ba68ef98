/**
 * The data directory of one service: where everything lies, and who may read it.
 *
 * Layout: `catalogue.db` (SQLite), `secret.key` (seals the access keys' secrets), `admin-key.json`, `vault-index.db`
 * (rebuildable), `lock` and `lock.pid`, `endpoint` (the running service's address), `vault-dir` (where its vault is),
 * `images/` (golden images), `disks/` (one folder a disk), `run/` (sockets, one folder a desktop), and by default
 * `vault/`.
 *
 * Invariants: the directory and `images/`, `disks/`, `run/` can be passed through but not listed by others, for QEMU
 * runs as another user below them; every file that holds a secret is 0600; a directory that holds something else is
 * never taken over.
 */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EcdError } from './errors.ts';
import { isLocked, type ServiceLock, takeLock } from './service-lock.ts';

/** `sun_path` of Linux holds 108 bytes, the last one zero. */
const MAX_SOCKET_PATH = 107;
/** `run/<desktop id, 22 characters>/<socket>`: the longest name of a socket below the directory. */
const LONGEST_SOCKET = `/run/${'x'.repeat(22)}/qmp`;
const PASSABLE = 0o711;
/** What may lie in a directory that is to become one of ours. */
const HARMLESS = /^(vault|lost\+found|tls|lock|lock\.pid|vault-dir|secret\.key|.*\.json)$/;

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

export class DataDir {
  /** Absolute path. */
  readonly path: string;
  readonly catalogue: string;
  readonly secretKey: string;
  readonly adminKey: string;
  readonly vaultIndex: string;
  readonly endpoint: string;
  readonly images: string;
  readonly disks: string;
  readonly run: string;
  /** Sockets and logs of storage daemons; the pool makes it. */
  readonly daemons: string;
  readonly #vaultDir: string;
  readonly #lock: string;

  private constructor(path: string) {
    this.path = path;
    this.catalogue = join(path, 'catalogue.db');
    this.secretKey = join(path, 'secret.key');
    this.adminKey = join(path, 'admin-key.json');
    this.vaultIndex = join(path, 'vault-index.db');
    this.endpoint = join(path, 'endpoint');
    this.images = join(path, 'images');
    this.disks = join(path, 'disks');
    this.run = join(path, 'run');
    this.daemons = join(this.run, 'qsd');
    this.#vaultDir = join(path, 'vault-dir');
    this.#lock = join(path, 'lock');
  }

  /**
   * Opens the directory; with `create` a missing or empty one is made into one. Throws DataDir.Unusable, which says
   * what to do, when it is missing, holds something else, cannot be read or written, or has too long a path.
   */
  static open(path: string, options: { readonly create: boolean }): DataDir {
    const dir = new DataDir(resolve(path));
    const length = Buffer.byteLength(dir.path + LONGEST_SOCKET);
    if (length > MAX_SOCKET_PATH)
      throw unusable(
        dir.path,
        `its path has ${Buffer.byteLength(dir.path)} bytes, but sockets below it allow ${MAX_SOCKET_PATH - LONGEST_SOCKET.length}`,
        'Use a directory with a shorter path.',
      );
    try {
      if (options.create) dir.#create();
      accessSync(dir.path, constants.R_OK | constants.W_OK | constants.X_OK);
      if (existsSync(dir.catalogue)) accessSync(dir.catalogue, constants.R_OK | constants.W_OK);
    } catch (error) {
      throw error instanceof EcdError ? error : explain(dir.path, error);
    }
    if (!existsSync(dir.catalogue))
      throw unusable(
        dir.path,
        'it holds no catalogue',
        'Name the directory that the service uses (openecd serve --data DIR).',
      );
    return dir;
  }

  /** The top directory changes its mode only when it is made into one of ours: later it is the administrator's. */
  #create(): void {
    for (const one of ancestors(this.path)) makePassable(one);
    if (!existsSync(this.catalogue)) {
      if (!readdirSync(this.path).every((name) => HARMLESS.test(name) || isEmptyPart(this, name)))
        throw unusable(this.path, 'it holds something else', 'Name an empty or a new directory.');
      chmodSync(this.path, PASSABLE);
    }
    for (const one of [this.images, this.disks, this.run]) makePassable(one);
    closeSync(openSync(this.catalogue, constants.O_CREAT | constants.O_RDWR, 0o600));
    syncDirectory(this.path);
    syncDirectory(dirname(this.path));
  }

  /**
   * Where the vault lies: what was remembered, else `vault/` in here. Remembered, because a service started once without
   * its `--vault` would else find all its snapshots gone.
   */
  get vault(): string {
    if (!existsSync(this.#vaultDir)) return join(this.path, 'vault');
    return readFileSync(this.#vaultDir, 'utf8').trim();
  }

  /** Remembers where the vault lies (absolute path). */
  set vault(path: string) {
    if (path === this.vault) return;
    const draft = `${this.#vaultDir}.${process.pid}.draft`;
    writeFileSync(draft, `${path}\n`, { mode: 0o600, flush: true });
    renameSync(draft, this.#vaultDir);
    syncDirectory(this.path);
  }

  /** Makes this process the one service of the directory. Throws Service.Locked with the holder's process id. */
  lockService(): ServiceLock {
    return takeLock(this.#lock, this.path);
  }

  /** Whether a service (or a command in its place) has the directory. */
  isServed(): boolean {
    return isLocked(this.#lock);
  }

  /**
   * The uppermost directory on the way to `images/`, `disks/` and `run/` that `user` cannot pass through; null when
   * the way is free. QEMU, running as that user, would find none of its files behind it.
   */
  blockedFor(user: Ids): string | null {
    if (user.uid === 0) return null;
    return (
      [...ancestors(this.path), this.images, this.disks, this.run].find((one) => {
        const { uid, gid, mode } = statSync(one);
        const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
        return (mode & bit) === 0;
      }) ?? null
    );
  }

  /** Throws DataDir.Unusable when `user` cannot reach what lies in the directory. */
  checkPassable(user: Ids, name: string): void {
    const blocked = this.blockedFor(user);
    if (blocked === null) return;
    throw unusable(
      this.path,
      `QEMU runs as the user ${name}, who cannot pass through ${blocked}`,
      `Allow it (chmod o+x ${blocked}), or use another directory.`,
    );
  }
}

/** Makes one directory unless it is there. Not `recursive`, which never ends where the system says ENOENT (/proc). */
function makePassable(path: string): void {
  if (existsSync(path)) return;
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  chmodSync(path, PASSABLE);
}

/** Writes a directory's entries to the disk. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** True for a folder of ours that an interrupted first start has left. */
function isEmptyPart(dir: DataDir, name: string): boolean {
  return ['images', 'disks', 'run'].includes(name) && readdirSync(join(dir.path, name)).length === 0;
}

function ancestors(path: string): string[] {
  const up = dirname(path);
  return up === path ? [path] : [...ancestors(up), path];
}

function unusable(path: string, reason: string, remedy: string, cause?: unknown): EcdError {
  return new EcdError('DataDir.Unusable', { path, reason, remedy }, cause);
}

/** What a failed system call means for the user. */
function explain(path: string, error: unknown): EcdError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const [reason, remedy] = (
    {
      ENOENT: ['it does not exist', 'Name the directory that the service uses (openecd serve --data DIR).'],
      ENOTDIR: ['it, or a part of its path, is no directory', 'Name a directory.'],
      EEXIST: ['it is no directory', 'Name a directory.'],
      EACCES: ['this user may not read and write it', 'Run the command as the user the service runs as.'],
      EPERM: ['this user may not change it', 'Run the command as the user the service runs as.'],
      EROFS: ['its file system is mounted read-only', 'Mount it for writing, or use another directory.'],
      ENOSPC: ['its file system is full', 'Free space there.'],
    } as Record<string, [string, string]>
  )[code] ?? [(error as Error).message, 'Look at the directory and its file system.'];
  return unusable(path, reason, remedy, error);
}
