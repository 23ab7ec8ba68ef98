/**
 * `qemu-storage-daemon`: QEMU's block layer without a machine, for disks whose desktop does not run.
 *
 * Invariants: each has a pid file, a socket and a log under one random id in its directory, so that a later service
 * finds and ends it: an orphan holds image locks and goes on committing. After `stop` it is gone and so are its files.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EcdError } from '../errors.ts';
import { type BlockdevNode, optionValue } from './blockdev.ts';
import { type Log, SILENT } from './log.ts';
import {
  isGone,
  type ProcessRef,
  readPidFile,
  runsProgram,
  spawnDetached,
  terminate,
  type User,
  waitExit,
} from './process.ts';
import { QmpClient, type QmpOptions } from './qmp.ts';
import { type ConnectOptions, checkSocketPath, Listener } from './socket.ts';
import { connectOrExplain, untilAnswered } from './start.ts';

const PROGRAM = 'qemu-storage-daemon';
/** Of the first, second and third try to start one. */
const START_TIMEOUTS = [4_000, 8_000, 20_000];
/** For `quit` to be heard, and then to be done: a merge under way is cancelled first. */
const ANSWER_TIMEOUT = 4_000;
const QUIT_TIMEOUT = 10_000;

export interface DaemonOptions {
  /** Where its files go; a short path, for the sockets'. */
  readonly dir: string;
  readonly user?: User | undefined;
  readonly log?: Log;
  readonly signal?: AbortSignal | undefined;
}

export interface ExportOptions {
  readonly node: string;
  readonly name: string;
  readonly writable?: boolean;
  /** Also offers `qemu:allocation-depth`. */
  readonly allocationDepth?: boolean;
}

export class StorageDaemon {
  readonly qmp: QmpClient;
  readonly process: ProcessRef;
  readonly #stem: string;
  readonly #log: Log;
  #nbd: Promise<string> | null = null;
  #exports = 0;
  #stopped: Promise<void> | null = null;

  private constructor(stem: string, process: ProcessRef, qmp: QmpClient, log: Log) {
    this.#stem = stem;
    this.process = process;
    this.qmp = qmp;
    this.#log = log;
  }

  static start(options: DaemonOptions): Promise<StorageDaemon> {
    return untilAnswered(START_TIMEOUTS, options.log ?? SILENT, (ms) => StorageDaemon.#start(options, ms));
  }

  static async #start(options: DaemonOptions, timeoutMs: number): Promise<StorageDaemon> {
    const { dir, user, log = SILENT, signal } = options;
    const stem = join(dir, `qsd-${randomBytes(4).toString('hex')}`);
    const socket = `${stem}.sock`;
    checkSocketPath(socket, PROGRAM);
    const logFile = `${stem}.log`;
    // The daemon connects to us: its monitor takes a connection that is there, and may stumble over one that comes.
    const chardev = `socket,id=qmp,path=${optionValue(socket)},server=off`;
    const args = ['--chardev', chardev, '--monitor', 'chardev=qmp'];
    let process: ProcessRef | undefined;
    let listener: Listener | undefined;
    try {
      listener = await Listener.open(socket, user);
      process = await spawnDetached({
        program: PROGRAM,
        args,
        cwd: dir,
        logFile,
        pidFile: `${stem}.pid`,
        user,
      });
      const connect = async (how: QmpOptions & ConnectOptions) =>
        QmpClient.over(await listener!.accept(how), socket, how);
      const start = { program: PROGRAM, process, connect, logFile, timeoutMs, log, signal };
      return new StorageDaemon(stem, process, await connectOrExplain(start), log);
    } catch (error) {
      if (process !== undefined) await terminate(process, 0);
      await removeFiles(stem);
      throw error;
    } finally {
      listener?.close();
    }
  }

  /** Opens nodes, one after another: each may name those before it. */
  async add(nodes: readonly BlockdevNode[]): Promise<void> {
    for (const node of nodes) await this.qmp.execute('blockdev-add', node);
  }

  /** Offers a node over NBD; all exports of a daemon are on one socket. */
  async exportNbd(options: ExportOptions): Promise<{ socket: string; exportName: string }> {
    this.#nbd ??= this.#startNbd();
    const socket = await this.#nbd;
    await this.qmp.execute('block-export-add', {
      type: 'nbd',
      id: `export${this.#exports++}`,
      'node-name': options.node,
      name: options.name,
      writable: options.writable ?? false,
      'allocation-depth': options.allocationDepth ?? false,
    });
    return { socket, exportName: options.name };
  }

  async #startNbd(): Promise<string> {
    const path = `${this.#stem}.nbd`;
    checkSocketPath(path, PROGRAM);
    const addr = { type: 'unix', data: { path } };
    await this.qmp.execute('nbd-server-start', { addr, 'max-connections': 0 });
    return path;
  }

  /** Ends it: everything written is flushed, its locks are free, its files removed. Safe to call again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const answered = await this.qmp.execute('quit', {}, { timeoutMs: ANSWER_TIMEOUT }).then(
      () => true,
      (error: unknown) => !EcdError.is(error, 'Qemu.TimedOut'),
    );
    const quit = answered && (await waitExit(this.process, QUIT_TIMEOUT));
    if (!quit) this.#log.warn({ pid: this.process.pid }, 'a storage daemon does not quit and is ended');
    const gone = quit || (await terminate(this.process, 2_000));
    this.qmp.close();
    if (!gone) throw stuck(this.process);
    await removeFiles(this.#stem);
  }

  /**
   * Ends the daemons whose pid files lie in `dir`, waits until they are gone, and removes their files. Gives how many
   * were running. A pid that now belongs to another process is left alone.
   */
  static async endOrphans(dir: string): Promise<number> {
    const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    let ended = 0;
    // One that was killed with its service before its first instruction has no pid file yet, and may have others.
    for (const stem of new Set(names.flatMap((name) => /^(qsd-[0-9a-f]{8})\./.exec(name)?.[1] ?? []))) {
      const ref = readPidFile(join(dir, `${stem}.pid`));
      if (ref !== null && !isGone(ref) && runsProgram(ref, PROGRAM)) {
        if (!(await terminate(ref, 5_000))) throw stuck(ref);
        ended++;
      }
      await removeFiles(join(dir, stem));
    }
    return ended;
  }
}

async function removeFiles(stem: string): Promise<void> {
  for (const end of ['sock', 'nbd', 'log', 'pid']) await rm(`${stem}.${end}`, { force: true });
}

/** A process that even SIGKILL does not end within its time waits for a disk; its locks are still held. */
function stuck(ref: ProcessRef): EcdError {
  return new EcdError('Qemu.TimedOut', { command: `the end of process ${ref.pid}`, ms: 5_000 });
}
