/**
 * A vault in a directory.
 *
 * Invariants: everything is written under a name that ends in `.tmp`, synced, renamed, and the directory synced; a
 * `.tmp` file that is found at start belongs to nobody; files are made for their owner only.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EcdError } from '../errors.ts';
import { takeLock } from './lock.ts';
import type { Store, StoreEntry, StoreWriter } from './store.ts';

const TMP = '.tmp';
const FOLDERS = ['packs', 'snapshots'];

export class DirectoryStore implements Store {
  readonly location: string;

  constructor(dir: string) {
    this.location = dir;
  }

  /** Makes the directory and its folders, durably. */
  async make(): Promise<void> {
    await guard('make the directory', async () => {
      for (const folder of FOLDERS)
        await mkdir(join(this.location, folder), { recursive: true, mode: 0o700 });
      await syncDirectory(this.location);
      await syncDirectory(dirname(this.location));
    });
  }

  async list(prefix: string): Promise<StoreEntry[]> {
    const folder = prefix.slice(0, -1);
    return guard(`list ${folder}`, async () => {
      const names = (await readdir(join(this.location, folder))).filter((name) => !name.endsWith(TMP));
      const entries: StoreEntry[] = [];
      for (let at = 0; at < names.length; at += 64) {
        const found = await Promise.all(
          names.slice(at, at + 64).map(async (name) => {
            const info = await orNull(stat(join(this.location, folder, name)));
            return info?.isFile() ? { key: prefix + name, size: info.size } : null;
          }),
        );
        for (const entry of found) if (entry) entries.push(entry);
      }
      return entries;
    });
  }

  async create(key: string): Promise<StoreWriter> {
    const path = join(this.location, key);
    const handle = await guard(`create ${key}`, () => open(path + TMP, 'wx+', 0o600));
    return new FileWriter(path, key, handle);
  }

  async read(key: string, offset: number, length: number): Promise<Buffer | null> {
    return guard(`read ${key}`, async () => {
      const handle = await orNull(open(join(this.location, key), 'r'));
      if (handle === null) return null;
      try {
        return await readFrom(handle, offset, length);
      } finally {
        await handle.close();
      }
    });
  }

  async delete(key: string): Promise<void> {
    const path = join(this.location, key);
    await guard(`delete ${key}`, async () => {
      await rm(path, { force: true });
      await syncDirectory(dirname(path));
    });
  }

  async putRecord(key: string, data: Buffer): Promise<void> {
    const path = join(this.location, key);
    const tmp = path + TMP;
    await guard(`write ${key}`, async () => {
      try {
        const handle = await open(tmp, 'w', 0o600);
        try {
          await handle.writeFile(data);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(tmp, path);
        await syncDirectory(dirname(path));
      } catch (error) {
        await rm(tmp, { force: true }).catch(() => {});
        throw error;
      }
    });
  }

  async getRecord(key: string): Promise<Buffer | null> {
    return guard(`read ${key}`, () => orNull(readFile(join(this.location, key))));
  }

  async sweep(): Promise<number> {
    return guard('remove unfinished files', async () => {
      let removed = 0;
      for (const folder of ['.', ...FOLDERS]) {
        for (const name of await readdir(join(this.location, folder))) {
          if (!name.endsWith(TMP)) continue;
          await rm(join(this.location, folder, name), { force: true });
          removed++;
        }
      }
      return removed;
    });
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await guard('ask for free space', () => statfs(this.location));
    return bavail * bsize;
  }

  async lock(): Promise<() => Promise<void>> {
    return guard('lock', () => takeLock(join(this.location, 'lock')));
  }
}

class FileWriter implements StoreWriter {
  readonly #path: string;
  readonly #key: string;
  #handle: FileHandle | null;
  #length = 0;
  #published = false;

  constructor(path: string, key: string, handle: FileHandle) {
    this.#path = path;
    this.#key = key;
    this.#handle = handle;
  }

  async write(data: Buffer): Promise<void> {
    await guard(`write ${this.#key}`, async () => {
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await this.#open().write(data, done, data.length - done, this.#length);
        done += bytesWritten;
        this.#length += bytesWritten;
      }
    });
  }

  async readBack(offset: number, length: number): Promise<Buffer> {
    return guard(`read back ${this.#key}`, async () => {
      if (this.#handle !== null) return readFrom(this.#handle, offset, length);
      const handle = await open(this.#published ? this.#path : this.#path + TMP, 'r');
      try {
        return await readFrom(handle, offset, length);
      } finally {
        await handle.close();
      }
    });
  }

  async seal(): Promise<void> {
    await guard(`sync ${this.#key}`, async () => {
      await this.#open().sync();
      // A long session seals many packs before it publishes them: they shall not each hold a file open.
      await this.#close();
    });
  }

  async publish(): Promise<void> {
    await guard(`publish ${this.#key}`, async () => {
      await rename(this.#path + TMP, this.#path);
      this.#published = true;
      await syncDirectory(dirname(this.#path));
    });
  }

  async abort(): Promise<void> {
    await this.#close().catch(() => {});
    if (!this.#published) await rm(this.#path + TMP, { force: true }).catch(() => {});
  }

  #open(): FileHandle {
    if (this.#handle === null) throw new Error('the writer is closed');
    return this.#handle;
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}

async function readFrom(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const data = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(data, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return data.subarray(0, done);
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function guard<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof EcdError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new EcdError('Vault.Unavailable', { reason: `${what}: ${code}` }, error);
  }
}
