/**
 * The real service as a child process, as a user starts it: `openecd serve`.
 *
 * Invariants: it lives on a data directory of its own; `close` ends it, ends every desktop that it left running, looks for
 * every secret of the tests in all that it wrote (see search.ts) and fails if one is there, and removes the directory;
 * nothing of the service's code is used, only its command and its files that users see.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Client } from './client.ts';
import type { Key } from './sdk.ts';
import { noteDataDir, searchLeft } from './search.ts';
import { notePem, notePrinted, noteSecret, type Place, placesOfProcesses } from './secrets.ts';

const OPENECD = resolve(import.meta.dirname, '../../bin/openecd');
const START_MS = 60_000;
const STOP_MS = 30_000;

export interface ServiceOptions {
  /** Further words of `openecd serve`. */
  readonly args?: readonly string[];
  /** The same after each start; a free one each time if not given. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Settings, put into a file beside the data directory. */
  readonly settings?: object;
  /** Words before the command, of a program that becomes it. */
  readonly through?: readonly string[];
}

export class Service {
  /** The data directory. */
  readonly data: string;
  readonly #dir: string;
  readonly #options: ServiceOptions;
  #child: ChildProcess | null = null;
  #log = '';
  #output = '';
  /** What commands have written to standard error. */
  #told = '';
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
      await service.#end();
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
  readonly openecd = async (...words: string[]): Promise<string> => {
    const options = { timeout: 120_000, maxBuffer: 1 << 26 };
    const ran = promisify(execFile)(OPENECD, words, options).catch((error: { stderr?: string }) => {
      this.#told += error.stderr ?? '';
      throw error;
    });
    const { stdout, stderr } = await ran;
    this.#told += stderr;
    notePrinted(stdout);
    return stdout;
  };

  /** Runs `openecd GROUP COMMAND --data ...` on its data. */
  command(group: string, command: string, ...words: string[]): Promise<string> {
    return this.openecd(group, command, '--data', this.data, ...words);
  }

  /** Runs a command that makes a key. */
  async newKey(group: string, command: string, ...words: string[]): Promise<Key> {
    const made = JSON.parse(await this.command(group, command, ...words, '--json')) as Record<string, string>;
    const { AccessKeyId, AccessKeySecret, SecurityToken } = made;
    const token = SecurityToken === undefined ? {} : { securityToken: SecurityToken };
    return { accessKeyId: AccessKeyId!, accessKeySecret: AccessKeySecret!, ...token };
  }

  /** Starts it again on the same data. */
  async up(): Promise<void> {
    const { args = [], env = {}, port = 0, settings, through = [] } = this.#options;
    const words = ['serve', '--data', this.data, '--listen', `127.0.0.1:${port}`, ...args];
    if (settings !== undefined) {
      const file = join(this.#dir, 'settings.json');
      await writeFile(file, JSON.stringify(settings));
      words.push('--config', file);
    }
    await noteSettings(words);
    const [program, ...before] = [...through, OPENECD];
    const child = spawn(program!, [...before, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    child.stderr.on('data', (part: Buffer) => (this.#log += part.toString()));
    child.stdout.on('data', (part: Buffer) => (this.#output += part.toString()));
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
    await noteDataDir(this.data);
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

  /** Ends everything, looks for secrets in what it has written, and removes the data. Throws when one is there. */
  async close(): Promise<void> {
    try {
      await searchLeft(this.data, await this.#said());
    } finally {
      await this.#end();
    }
  }

  /** All that could hold a secret and must not, but files; the service has ended afterwards. */
  async #said(): Promise<Place[]> {
    const left = await this.#left();
    const processes = await placesOfProcesses(this.pid === undefined ? left : [this.pid, ...left]);
    await this.down();
    return [
      ...processes,
      ['the log', this.#log],
      ['the standard output', this.#output],
      ['what its commands told', this.#told],
      ['the audit log', await this.command('audit', 'export')],
    ];
  }

  async #end(): Promise<void> {
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

/** Notes the secrets that the service is started with. */
async function noteSettings(words: readonly string[]): Promise<void> {
  const after = (option: string) => (words.includes(option) ? words[words.indexOf(option) + 1] : undefined);
  const config = after('--config');
  if (config !== undefined) {
    const settings = JSON.parse(await readFile(config, 'utf8')) as { metrics?: { token?: string } };
    noteSecret('metrics token', settings.metrics?.token);
  }
  const key = after('--tls-key');
  if (key !== undefined) notePem(await readFile(key, 'utf8'));
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
