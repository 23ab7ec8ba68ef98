/**
 * A machine as a process: starting it, and finding it again after the service was restarted.
 *
 * Invariants: a machine that did not open its monitor is ended before the failure is told; sockets of an earlier run
 * are removed first; nothing here ends a machine that runs.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EcdError } from '../errors.ts';
import { type Log, SILENT } from './log.ts';
import { AGENT_CHARDEV, type MachineSpec, machineArguments } from './machine.ts';
import { isAlive, type ProcessRef, spawnDetached, terminate, type User } from './process.ts';
import { QmpClient, type QmpOptions } from './qmp.ts';
import { checkSocketPath } from './socket.ts';
import { connectOrExplain, untilAnswered } from './start.ts';

const PROGRAM = 'qemu-system-x86_64';
/** Of the first and second try. */
const START_TIMEOUTS = [15_000, 60_000];

export interface StartOptions {
  readonly spec: MachineSpec;
  /** Gets `qemu.pid` (see readPidFile) and `qemu.log`. */
  readonly dir: string;
  readonly user?: User | undefined;
  /** Path of the program; default by name. */
  readonly program?: string | undefined;
  readonly log?: Log;
  readonly signal?: AbortSignal | undefined;
}

export interface RunningMachine {
  readonly process: ProcessRef;
  readonly qmp: QmpClient;
}

/** Starts a machine. Throws Qemu.StartFailed with QEMU's last words, or Cancelled; then no process is left. */
export function startMachine(options: StartOptions): Promise<RunningMachine> {
  return untilAnswered(START_TIMEOUTS, options.log ?? SILENT, (timeoutMs) => startOnce(options, timeoutMs));
}

async function startOnce(options: StartOptions, timeoutMs: number): Promise<RunningMachine> {
  const { spec, dir, user, program = PROGRAM, log = SILENT, signal } = options;
  for (const socket of Object.values(spec.sockets)) checkSocketPath(socket, PROGRAM);
  for (const socket of Object.values(spec.sockets)) await rm(socket, { force: true });
  const logFile = join(dir, 'qemu.log');
  const pidFile = join(dir, 'qemu.pid');
  await rm(logFile, { force: true });
  const args = machineArguments(spec);
  const process = await spawnDetached({ program, args, cwd: dir, logFile, pidFile, user });
  try {
    const connect = (how: QmpOptions) => QmpClient.connect(spec.sockets.qmp, how);
    const start = { program: PROGRAM, process, connect, logFile, timeoutMs, log, signal };
    const qmp = await connectOrExplain(start);
    log.info({ pid: process.pid, machine: spec.name }, 'QEMU runs');
    return { process, qmp };
  } catch (error) {
    await terminate(process, 0);
    throw error;
  }
}

export interface ReconnectOptions {
  readonly process: ProcessRef;
  readonly qmpSocket: string;
  readonly timeoutMs?: number;
  readonly log?: Log;
  readonly signal?: AbortSignal;
}

/** A new session with a machine that runs. Throws Qemu.ConnectionLost when it does not. */
export async function reconnectMachine(options: ReconnectOptions): Promise<RunningMachine> {
  const { process, qmpSocket, timeoutMs = 10_000, ...rest } = options;
  if (!isAlive(process)) throw new EcdError('Qemu.ConnectionLost', { what: `process ${process.pid}` });
  return { process, qmp: await QmpClient.connect(qmpSocket, { timeoutMs, ...rest }) };
}

/** Whether an agent has the guest's end of the port open: what VSERPORT_CHANGE said before this session. */
export async function agentPortOpen(qmp: QmpClient): Promise<boolean> {
  const devices = await qmp.execute<{ label: string; 'frontend-open': boolean }[]>('query-chardev');
  return devices.some((each) => each.label === AGENT_CHARDEV && each['frontend-open']);
}
