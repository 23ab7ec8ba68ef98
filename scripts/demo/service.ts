/**
 * The demo's service: started when none runs on the data directory, stopped only if asked to.
 *
 * Invariants: it has a session of its own, so that Ctrl-C on the terminal reaches the demo alone, which stops the desktop
 * first; a process is ended only when it is a service of this data directory.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ClientKey } from '../../src/cli/client.ts';
import { tail, UserError } from '../terminal.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
export const OPENECD = join(ROOT, 'bin/openecd');
const USUAL_PORT = 8787;
const START_MS = 60_000;
const STOP_MS = 60_000;

export interface DemoService {
  readonly dataDir: string;
  readonly pid: number;
  /** Its address, such as http://127.0.0.1:8787. */
  readonly endpoint: string;
  readonly key: ClientKey;
  readonly keyFile: string;
  readonly logFile: string;
  /** False: it was running already. */
  readonly started: boolean;
}

/** Where QEMU's unprivileged user can reach it: not below root's own folder. */
export function defaultDataDir(): string {
  if (process.getuid?.() === 0) return '/var/lib/openecd-demo';
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'openecd-demo');
}

/** The service that runs on the data directory, or undefined. */
export async function runningService(dataDir: string): Promise<DemoService | undefined> {
  let endpoint: string;
  let pid: number;
  try {
    endpoint = readFileSync(join(dataDir, 'endpoint'), 'utf8').trim();
    pid = JSON.parse(readFileSync(stateFile(dataDir), 'utf8')).pid as number;
  } catch {
    return undefined;
  }
  if (!isServiceOf(pid, dataDir) || !(await healthy(endpoint))) return undefined;
  return describe(dataDir, endpoint, pid, false);
}

/** Starts the service and waits until it answers. Throws UserError with the end of its log. */
export async function startService(dataDir: string, signal: AbortSignal): Promise<DemoService> {
  mkdirSync(dirname(logFile(dataDir)), { recursive: true });
  const port = (await isFree(USUAL_PORT)) ? USUAL_PORT : 0;
  const log = openSync(logFile(dataDir), 'a', 0o600);
  const child = spawn(OPENECD, ['serve', '--data', dataDir, '--listen', `127.0.0.1:${port}`], {
    detached: true,
    stdio: ['ignore', 'pipe', log],
    cwd: '/',
  });
  closeSync(log);
  try {
    const endpoint = await listening(child, signal);
    if (child.pid === undefined) throw new Error('no process');
    writeFileSync(stateFile(dataDir), `${JSON.stringify({ pid: child.pid })}\n`);
    child.stdout?.destroy();
    child.unref();
    return describe(dataDir, endpoint, child.pid, true);
  } catch (error) {
    child.kill('SIGTERM');
    if (signal.aborted) throw signal.reason;
    const end = readFileSync(logFile(dataDir), 'utf8');
    throw new UserError(
      `The service did not start (${(error as Error).message}):\n${tail(end)}`,
      `Its log: ${logFile(dataDir)}`,
    );
  }
}

function listening(child: ChildProcess, signal: AbortSignal): Promise<string> {
  const { promise, resolve: found, reject } = Promise.withResolvers<string>();
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    const url = /^listening on (http\S+)$/m.exec(said)?.[1];
    if (url) found(url);
  });
  child.on('error', reject);
  child.on('exit', (code, by) => reject(new Error(`ended: ${code ?? by}`)));
  const timer = setTimeout(() => reject(new Error(`not ready after ${START_MS / 1000} s`)), START_MS);
  const aborted = () => reject(new Error('interrupted'));
  signal.addEventListener('abort', aborted, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
  });
}

/** Ends the service and waits for its end. Answers false when it would not end in time. */
export async function stopService(service: Pick<DemoService, 'pid' | 'dataDir'>): Promise<boolean> {
  if (isServiceOf(service.pid, service.dataDir)) process.kill(service.pid, 'SIGTERM');
  for (const end = performance.now() + STOP_MS; performance.now() < end; await sleep(100)) {
    if (!isServiceOf(service.pid, service.dataDir)) return true;
  }
  return false;
}

/** Runs the `openecd` command; its progress goes to the terminal. Answers its standard output. */
export async function openecd(args: string[], signal: AbortSignal): Promise<string> {
  const child = spawn(OPENECD, args, { stdio: ['ignore', 'pipe', 'inherit'], signal });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await new Promise<number>((done, reject) => {
    child.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    child.on('close', (status) => done(status ?? 1));
  });
  if (code !== 0)
    throw new UserError(`openecd ${args.slice(0, 2).join(' ')} failed (exit code ${code}), see above.`);
  return output;
}

/** "KVM" or "software emulation", as the service will find it, for the words at the start. */
export async function accelerator(): Promise<string> {
  const { stdout } = await promisify(execFile)(OPENECD, ['doctor', '--json']).catch(
    // What is missing is an exit code of its own, and told beside the findings.
    (error: { stdout: string }) => error,
  );
  let usable = false;
  try {
    const { findings } = JSON.parse(stdout) as { findings: readonly { what: string; status: string }[] };
    usable = findings.find(({ what }) => what === 'KVM')?.status === 'ok';
  } catch {
    // The demo says itself what is missing, when it needs it.
  }
  return usable ? 'KVM' : 'software emulation (slower; bin/openecd doctor says why there is no KVM)';
}

function describe(dataDir: string, endpoint: string, pid: number, started: boolean): DemoService {
  const keyFile = join(dataDir, 'admin-key.json');
  const { AccessKeyId, AccessKeySecret } = JSON.parse(readFileSync(keyFile, 'utf8')) as Record<
    string,
    string
  >;
  const key = { accessKeyId: AccessKeyId ?? '', accessKeySecret: AccessKeySecret ?? '' };
  return { dataDir, pid, endpoint, key, keyFile, logFile: logFile(dataDir), started };
}

const stateFile = (dataDir: string) => join(dataDir, 'demo.json');
const logFile = (dataDir: string) =>
  join(ROOT, '.cache/demo', `${dataDir.replaceAll('/', '_').slice(1)}.log`);

/** True while `pid` is a live `openecd serve` of this data directory. */
function isServiceOf(pid: number, dataDir: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.includes('serve') && words.includes(dataDir);
  } catch {
    return false;
  }
}

async function healthy(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`${endpoint}/healthz`, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const server = createServer();
    server.once('error', () => answer(false));
    server.listen(port, '127.0.0.1', () => server.close(() => answer(true)));
  });
}
