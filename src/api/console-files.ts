/**
 * The files of the web console as its build left them.
 *
 * Invariants: a whole build is read at once, so that no page is given the parts of another build; a request names a file of
 * that table or nothing, so that no path leads anywhere else.
 */
import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const START = 'index.html';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};
/** Of these there is a compressed form. */
const TEXTS = /^text\/|svg/;

export interface ConsoleFile {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
  readonly gzipped: Buffer | undefined;
  /** Its name holds the hash of its content. */
  readonly immutable: boolean;
}

export interface Build {
  readonly start: ConsoleFile;
  /** By path below the console's folder. */
  readonly files: ReadonlyMap<string, ConsoleFile>;
}

/** Reads the build when it is first asked for; until there is one it looks again each time. */
export class ConsoleFiles {
  readonly #folder: string;
  #build: Promise<Build | undefined> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined if the console has not been built. Throws what reading its files throws. */
  async build(): Promise<Build | undefined> {
    this.#build ??= readBuild(this.#folder);
    try {
      const build = await this.#build;
      if (build === undefined) this.#build = undefined;
      return build;
    } catch (error) {
      this.#build = undefined;
      throw error;
    }
  }
}

async function readBuild(folder: string): Promise<Build | undefined> {
  let entries: Awaited<ReturnType<typeof list>>;
  try {
    entries = await list(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const files = new Map<string, ConsoleFile>();
  for (const entry of entries) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const body = await readFile(path);
    const name = path.slice(folder.length + 1);
    files.set(name, {
      type,
      body,
      etag: `"${hash('sha256', body, 'base64url')}"`,
      gzipped: TEXTS.test(type) ? await promisify(gzip)(body, { level: 9 }) : undefined,
      immutable: name.startsWith('assets/'),
    });
  }
  const start = files.get(START);
  return start === undefined ? undefined : { start, files };
}

const list = (folder: string) => readdir(folder, { recursive: true, withFileTypes: true });
