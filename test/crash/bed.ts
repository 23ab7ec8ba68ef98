/**
 * Where the cases run: a data directory made once and copied for each case, and the child that dies on the copy.
 *
 * Invariants: every data directory has keys, as a service's has; `sweep` ends every process of a directory that was made
 * here, fails if a secret stands in what was told or left there, and removes it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { demandNoLeaks, searchLeft } from '../../acceptance/support/search.ts';
import { noteKey } from '../../acceptance/support/secrets.ts';
import { createKey, openKeySecrets } from '../../src/catalogue/keys.ts';
import { type Event, Replay } from './events.ts';
import { Model } from './model.ts';
import { processesOf, within } from './processes.ts';
import { DATA_BYTES, run, SYSTEM_BYTES, World, type WorldOptions } from './world.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
const KIB = 1024;
/** Content of the golden image. */
const IMAGE = [
  { offset: 0, length: 64 * KIB, byte: 7 },
  { offset: 1000 * KIB, length: 500 * KIB, byte: 8 },
  { offset: 3000 * KIB, length: 3000 * KIB, byte: 9 },
  { offset: 8000 * KIB, length: 4 * KIB, byte: 10 },
];

export interface CaseSpec {
  readonly steps: readonly string[];
  /** OPENECD_FAULT. */
  readonly fault?: string;
  /** An earlier run to go on from; default: a fresh copy of the template. */
  readonly after?: CaseRun;
  readonly options?: WorldOptions;
  /** What to kill, so long after the child's first line, whatever is being done. */
  readonly kills?: readonly Kill[];
}

export interface Kill {
  readonly what: 'service' | 'qemu-system' | 'qemu-storage';
  readonly afterMs: number;
}

export interface CaseRun {
  readonly dir: string;
  readonly replay: Replay;
  /** SIGKILL of its own accord, before its last step. */
  readonly died: boolean;
  readonly stderr: string;
}

/** Cases under way at once: they wait for processes and disks most of the time. */
const AT_ONCE = 3;

export class Bed {
  readonly #dirs: string[] = [];
  /** What the services of a directory have told. */
  readonly #told = new Map<string, string>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  readonly #templates = new Map<boolean, Promise<string>>();

  /** A directory with an archived image, and with a Stopped desktop of two disks if wanted. */
  #template(desktop: boolean): Promise<string> {
    const made = this.#templates.get(desktop) ?? this.#make(desktop);
    this.#templates.set(desktop, made);
    return made;
  }

  async #make(desktop: boolean): Promise<string> {
    const dir = await this.newDir();
    const world = await World.open(dir);
    const box = await openKeySecrets(world.catalogue, world.dir.secretKey);
    const key = await createKey(world.catalogue.db, box);
    noteKey({ accessKeySecret: key.AccessKeySecret });
    await world.importImage(IMAGE.map(({ offset, length, byte }) => `write -P ${byte} ${offset} ${length}`));
    if (desktop) {
      await world.stop(await world.create());
      await world.idle();
    }
    await world.close();
    return dir;
  }

  /** Runs a case when it is its turn. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy === AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#busy++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy--;
      else next();
    }
  }

  async newDir(): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), 'oc-'));
    await chmod(dir, 0o711);
    this.#dirs.push(dir);
    return dir;
  }

  /** A copy of the template. */
  async copy(desktop: boolean): Promise<string> {
    return this.copyOf(await this.#template(desktop));
  }

  async copyOf(from: string): Promise<string> {
    const dir = await this.newDir();
    await run('cp', ['-a', '--sparse=always', `${from}/.`, dir]);
    return dir;
  }

  /** What the disks of a fresh desktop hold. */
  static replay(): Replay {
    const system = Model.zeros(SYSTEM_BYTES);
    for (const write of IMAGE) system.apply(write);
    return new Replay(system, Model.zeros(DATA_BYTES));
  }

  /** Runs the steps on a copy until the child dies, or has done them all and is killed. */
  async run(spec: CaseSpec): Promise<CaseRun> {
    const dir = spec.after?.dir ?? (await this.copy(spec.steps[0] !== 'create'));
    const replay = spec.after?.replay ?? Bed.replay();
    replay.ended = false;
    const options = { logLevel: 'info', ...spec.options };
    const child = spawn(process.execPath, [CHILD, dir, JSON.stringify({ steps: spec.steps, options })], {
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: join(tmpdir(), 'openecd-test-compiled'),
        OPENECD_FAULT: spec.fault ?? '',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const gone = new Promise<NodeJS.Signals | null>((resolve) => child.once('close', (_, by) => resolve(by)));
    let [stderr, begun] = ['', false];
    child.stderr.on('data', (data: Buffer) => (stderr += data));
    const timers: NodeJS.Timeout[] = [];
    // Finding the processes takes a while: one that is found late must not die under the verdict.
    const killing: Promise<unknown>[] = [];
    const act = ({ what }: Kill) => {
      if (what === 'service') child.kill('SIGKILL');
      else killing.push(killOnce(dir, (program) => program.startsWith(what)));
    };
    createInterface(child.stdout).on('line', (line) => {
      const event = JSON.parse(line) as Event;
      replay.add(event);
      if (event.e === 'end') child.kill('SIGKILL');
      if (begun) return;
      begun = true;
      for (const kill of spec.kills ?? []) timers.push(setTimeout(() => act(kill), kill.afterMs));
    });
    try {
      const signal = await within(60, 'the child dies or ends', gone);
      await within(20, 'the other processes are found', Promise.all(killing));
      replay.died();
      this.told(dir, stderr);
      if (signal !== 'SIGKILL') throw new Error(`the child ended by itself:\n${stderr}`);
      return { dir, replay, died: !replay.ended, stderr };
    } finally {
      for (const timer of timers) clearTimeout(timer);
      child.kill('SIGKILL');
    }
  }

  /** Ends all QEMUs of a directory, as a host that goes down would. */
  static async killQemu(dir: string): Promise<void> {
    await killAll(dir, (program) => program.startsWith('qemu-system'));
  }

  /** Keeps what a service of the directory has logged, for the search at its end. */
  told(dir: string, log: string): void {
    this.#told.set(dir, `${this.#told.get(dir) ?? ''}${log}`);
  }

  /** Ends what is left of a directory, looks through it and removes it. Throws when a secret is there. */
  async sweep(dir: string): Promise<void> {
    await killAll(dir, () => true);
    const told = [['the log', this.#told.get(dir) ?? '']] as const;
    this.#told.delete(dir);
    try {
      // Some hold a service's directory only further below, or have been swept already.
      if (existsSync(join(dir, 'secret.key'))) await searchLeft(dir, told);
      else demandNoLeaks(told);
    } finally {
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async close(): Promise<void> {
    const failed: unknown[] = [];
    for (const dir of this.#dirs) await this.sweep(dir).catch((error: unknown) => failed.push(error));
    if (failed.length > 0) throw new AggregateError(failed, failed.map(String).join('\n'));
  }
}

async function killAll(dir: string, wanted: (program: string) => boolean): Promise<void> {
  const look = async () => {
    for (;;) {
      if ((await killOnce(dir, wanted)) === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await within(20, `the processes of ${dir} end`, look());
}

/** Gives how many there were. */
async function killOnce(dir: string, wanted: (program: string) => boolean): Promise<number> {
  const alive = (await processesOf(dir)).filter(({ program }) => wanted(program));
  for (const { pid } of alive) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
  return alive.length;
}
