/** Runs other programs for the benchmarks, and reads what the kernel counts of a process. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export { sleep };

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly input?: string;
}

/** Runs a program to its end and gives its standard output. Throws with the end of its standard error. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const child = spawn(program, args, {
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(options.input);
  let output = '';
  let said = '';
  child.stdout!.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr!.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-4000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ${args.slice(0, 3).join(' ')} ended with ${code}:\n${said}`);
  return output;
}

/** How long something takes, in seconds. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** Looks every `everyMs` until `found` gives something else than undefined. Throws after `limitSeconds`. */
export async function until<T>(
  what: string,
  limitSeconds: number,
  found: () => Promise<T | undefined> | T | undefined,
  everyMs = 50,
): Promise<T> {
  const deadline = performance.now() + limitSeconds * 1000;
  for (;;) {
    const value = await found();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`not within ${limitSeconds} s: ${what}`);
    await sleep(everyMs);
  }
}

/** Bytes a process has read by system calls since its start, page cache included. */
export function bytesReadBy(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
}

/** Processor seconds of a process since its start, of all its threads. */
export function cpuOf(pid: number): number {
  return ticks(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** Processor seconds of each of this process' threads, by thread id. */
export function cpuOfThreads(): Map<number, number> {
  const of = new Map<number, number>();
  for (const id of readdirSync('/proc/self/task')) {
    try {
      of.set(Number(id), ticks(readFileSync(`/proc/self/task/${id}/stat`, 'utf8')));
    } catch {
      // It has just ended.
    }
  }
  return of;
}

function ticks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Forgets the highest RSS of a process so far. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Highest RSS of a process in bytes, since its start or `resetPeak`. */
export function peakRss(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Has the kernel write its dirty pages, so that one measurement does not pay for another's. */
export async function settleDisk(): Promise<void> {
  await run('sync', []);
}

const interrupted = new Set<() => void>();

/** Has something done when this process is told to end; the answer takes that back. */
export function onInterrupt(act: () => void): () => void {
  interrupted.add(act);
  return () => interrupted.delete(act);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    for (const act of [...interrupted].reverse()) {
      try {
        act();
      } catch {
        // It has ended by itself.
      }
    }
    process.exit(130);
  });
}
