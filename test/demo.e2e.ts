/** `npm run demo` as its first user sees it: the main job, the commands it names, and Ctrl-C, after which nothing is left. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchLeft } from '../acceptance/support/search.ts';
import type { Place } from '../acceptance/support/secrets.ts';
import { runningService } from '../scripts/demo/service.ts';

const DEMO = resolve(import.meta.dirname, '../scripts/demo.mjs');
const exec = promisify(execFile);
let work: string;
let data: string;
let demo: ChildProcess | undefined;
let ended: Promise<number | null>;

/** The command lines of all processes that work on the demo's data. */
const processes = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(data));

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'oe-demo-'));
  // QEMU's own user passes through it.
  chmodSync(work, 0o755);
  data = join(work, 'd');
});
afterAll(async () => {
  try {
    if (demo?.exitCode === null && demo.signalCode === null) {
      process.kill(-demo.pid!, 'SIGINT');
      await ended;
    }
    await exec(process.execPath, [DEMO, '--stop', '--data', data]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

test('the first content comes back, what it names next works, and Ctrl-C leaves nothing running', async () => {
  // A group of its own, all of which gets the signal of a terminal's Ctrl-C.
  demo = spawn(process.execPath, [DEMO, '--data', data, '--yes'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  ended = new Promise<number | null>((done) => demo!.once('close', done));
  const reached = new Promise<void>((done) => {
    const take = (part: Buffer) => {
      said += part.toString();
      if (said.includes('Ctrl-C stops service and desktop.')) done();
    };
    demo!.stdout!.on('data', take);
    demo!.stderr!.on('data', take);
  });
  await Promise.race([reached, ended]);
  expect(said).toContain('+ The first content is back.');
  expect(said.match(/demo\.txt says: .*/g)).toEqual([
    'demo.txt says: This was written first.',
    'demo.txt says: This was written over it.',
    'demo.txt says: This was written first.',
  ]);

  const named = said.slice(said.indexOf('Try next:')).match(/^ {2}\S+ .*$/gm)!;
  expect(named.length).toBeGreaterThanOrEqual(3);
  for (const command of named) {
    const [program, ...words] = command.trim().split(' ');
    expect((await exec(program!, words)).stdout, command).not.toBe('');
  }
  const keyFile = said.match(/^The access key is in (.*)$/m)![1]!;
  expect(JSON.parse(readFileSync(keyFile, 'utf8'))).toHaveProperty('AccessKeySecret');
  const address = said.match(/^The service answers on (.*)$/m)![1]!;
  expect((await fetch(`${address}/healthz`)).status).toBe(200);
  const lines = processes();
  expect(lines.some((line) => line.includes('qemu-system'))).toBe(true);
  const { logFile } = (await runningService(data))!;

  process.kill(-demo.pid!, 'SIGINT');
  expect(await ended, said).toBe(0);
  expect(processes()).toEqual([]);
  await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  const log = readFileSync(logFile, 'utf8');
  rmSync(logFile);
  expect(log).toContain(lines.join('\n').match(/ecd-\w{17}/)![0]);
  const places: Place[] = [
    ['the log', log],
    ['what it told', said],
    ['the command lines', lines.join('\n')],
  ];
  await searchLeft(data, places);
});
