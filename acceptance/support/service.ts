/**
 * The real service as a child process, as a user starts it: `openecd serve`.
 *
 * Invariants: it lives on a data directory of its own; `close` ends it, ends every desktop that it left running, and
 * removes the directory; nothing of the service's code is used, only its command and its files that users see.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Client } from './client.ts';
import type { Key } from './sdk.ts';

const OPENECD = resolve(import.meta.dirname, '../../bin/openecd');
const START_MS = 60_000;
const STOP_MS = 30_000;

export interface ServiceOptions {
  /** Further words of `openecd serve`. */
  readonly args?: readonly string[];
  /** The same after each start; a free one each time if not given. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export class Service {
  /** The data directory. */
  readonly data: string;
  readonly #dir: string;
  readonly #options: ServiceOptions;
  #child: ChildProcess | null = null;
  #log = '';
  #url = '';
  #key: Key | null = null;

  private constructor(dir: string, options: ServiceOptions) {
    this.#dir = dir;
    this.data = join(dir, 'data');
    this.#options = options;
  }

  /** Starts a service on a new data directory. `prepare` runs before it, when there is a data directory to prepare. */
  static async start(
    options: ServiceOptions = {},
    prepare: (service: Service) => Promise<void> = async () => {},
  ): Promise<Service> {
    const dir = await mkdtemp(join(tmpdir(), 'openecd-acceptance-'));
    // QEMU runs as another user and must pass through.
    await chmod(dir, 0o711);
    const service = new Service(dir, options);
    try {
      await prepare(service);
      await service.up();
    } catch (error) {
      await service.close();
      throw error;
    }
    return service;
  }

  /** `http://HOST:PORT` */
  get url(): string {
    return this.#url;
  }

  get host(): string {
    return new URL(this.#url).host;
  }

  /** The administrator key of the first start. */
  get key(): Key {
    if (this.#key === null) throw new Error('the service has not started');
    return this.#key;
  }

  /** What it has written to standard error. */
  get log(): string {
    return this.#log;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  client(key: Key = this.key): Client {
    return new Client(this.#url, key);
  }

  /** Runs `openecd` with the given words; gives its standard output. */
  async openecd(...words: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(OPENECD, words, { timeout: 120_000, maxBuffer: 1 << 26 });
    return stdout;
  }

  /** Starts it again on the same data. */
  async up(): Promise<void> {
    const { args = [], env = {}, port = 0 } = this.#options;
    const words = ['serve', '--data', this.data, '--listen', `127.0.0.1:${port}`, ...args];
    const child = spawn(OPENECD, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    child.stderr.on('data', (part: Buffer) => (this.#log += part.toString()));
    const ended = once(child, 'exit').then(() => null);
    const timeout = new Promise<null>((done) => setTimeout(done, START_MS, null).unref());
    const line = await Promise.race([firstLine(child), ended, timeout]);
    const url = /^listening on (https?:\/\/\S+)$/.exec(line ?? '')?.[1];
    if (url === undefined) throw new Error(`the service did not start (${line}):\n${this.#log}`);
    this.#url = url;
    const key = JSON.parse(await readFile(join(this.data, 'admin-key.json'), 'utf8')) as Record<
      string,
      string
    >;
    this.#key = { accessKeyId: key['AccessKeyId']!, accessKeySecret: key['AccessKeySecret']! };
  }

  /** Ends the service; desktops go on running. Gives its exit code, or the signal's name. */
  async down(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | string> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return 0;
    const exit = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exit;
    clearTimeout(late);
    return child.exitCode ?? child.signalCode ?? 'unknown';
  }

  /** Ends everything and removes the data. */
  async close(): Promise<void> {
    await this.down();
    for (const pid of await this.#left()) killIfThere(pid);
    for (let i = 0; i < 100 && (await this.#left()).length > 0; i++)
      await new Promise((r) => setTimeout(r, 50));
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Processes that this service has left: those whose command line names its data directory. */
  async #left(): Promise<number[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const found: number[] = [];
    for (const pid of pids) {
      const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (/^[^\0]*qemu/.test(words) && words.includes(`${this.data}/`)) found.push(Number(pid));
    }
    return found;
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) {
    lines.close();
    child.stdout!.resume();
    return line;
  }
  return '';
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
