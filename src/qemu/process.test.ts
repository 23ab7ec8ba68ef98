import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive, kill, readPidFile, runsProgram, spawnDetached, terminate, waitExit } from './process.ts';
import { runOk, runProgram } from './run-program.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'process-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const spec = (program: string, ...args: string[]) => ({
  program,
  args,
  cwd: dir,
  logFile: join(dir, 'log'),
  pidFile: join(dir, 'pid'),
});

describe('detached programs', () => {
  test('has a session of its own, a pid file and a log; ends when told to', async () => {
    const ref = await spawnDetached(spec('/bin/sh', '-c', 'echo "$@"; sleep 60', 'x', 'a b', "'"));
    try {
      expect(isAlive(ref)).toBe(true);
      const fields = readFileSync(`/proc/${ref.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      expect(fields[3]).toBe(String(ref.pid));
      await expect.poll(() => readPidFile(join(dir, 'pid'))).toEqual(ref);
      await expect.poll(() => readFileSync(join(dir, 'log'), 'utf8')).toBe("a b '\n");
      expect(statSync(join(dir, 'log')).mode & 0o777).toBe(0o600);
      expect(await waitExit(ref, 30)).toBe(false);
    } finally {
      process.kill(-ref.pid, 'SIGKILL');
    }
    expect(await waitExit(ref, 2_000)).toBe(true);
    expect(kill(ref, 'SIGTERM')).toBe(false);
  });

  test('a pid with another start time is nobody', async () => {
    const other = { pid: process.pid, startTime: '1' };
    expect(isAlive(other)).toBe(false);
    expect(kill(other, 'SIGKILL')).toBe(false);
    expect(runsProgram(other, process.execPath)).toBe(false);
    expect(await waitExit(other, 0)).toBe(true);
  });

  test('a name of the program is compared', async () => {
    const ref = await spawnDetached(spec('sleep', '60'));
    await expect.poll(() => readFileSync(`/proc/${ref.pid}/stat`, 'utf8')).toContain('(sleep)');
    expect(runsProgram(ref, '/usr/bin/sleep')).toBe(true);
    expect(runsProgram(ref, 'qemu-storage-daemon')).toBe(false);
    expect(await terminate(ref, 1_000)).toBe(true);
  });

  test('one that ignores SIGTERM is killed', async () => {
    const ref = await spawnDetached(
      spec('/bin/sh', '-c', "trap '' TERM; echo ready; while :; do sleep 1; done"),
    );
    await expect.poll(() => readFileSync(join(dir, 'log'), 'utf8')).toBe('ready\n');
    expect(await terminate(ref, 50)).toBe(true);
    expect(isAlive(ref)).toBe(false);
  });

  test('a program that is not there ends, with a word in the log', async () => {
    const ref = await spawnDetached(spec('/nonexistent/program'));
    expect(await waitExit(ref, 2_000)).toBe(true);
    expect(readFileSync(join(dir, 'log'), 'utf8')).toContain('not found');
  });

  test('a directory that is not there is an error', async () => {
    const bad = { ...spec('sleep', '1'), cwd: join(dir, 'no') };
    await expect(spawnDetached(bad)).rejects.toMatchObject({ code: 'Qemu.StartFailed' });
  });

  test('pid files that say nothing, or are of another boot, name nobody', async () => {
    const file = join(dir, 'p');
    expect(readPidFile(file)).toBeNull();
    const stat = readFileSync('/proc/self/stat', 'utf8').trim();
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    for (const text of [
      '',
      '12',
      'x (y) S',
      `${stat}\nother-boot\n`,
      `1 (init) S ${'1 '.repeat(30)}\n${boot}\n`,
    ]) {
      writeFileSync(file, text);
      expect(readPidFile(file)).toBeNull();
    }
    writeFileSync(file, `${stat.replace(/\(.*\)/, '(a) b (c) ')}\n${boot}\n`);
    expect(readPidFile(file)).toMatchObject({ pid: process.pid });
  });
});

describe('short programs', () => {
  const sh = (script: string) => ({ program: '/bin/sh', args: ['-c', script] });

  test('gives exit code and output', async () => {
    expect(await runProgram(sh('echo out; echo err >&2; exit 3'))).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    await expect(runOk(sh('echo broken >&2; exit 1'))).rejects.toMatchObject({
      code: 'Qemu.CommandFailed',
      details: { reason: 'broken' },
    });
  });

  test('is killed at its deadline and on abort', async () => {
    const began = Date.now();
    await expect(runProgram({ ...sh('exec sleep 60'), timeoutMs: 50 })).rejects.toMatchObject({
      code: 'Qemu.TimedOut',
    });
    const aborted = runProgram({ ...sh('exec sleep 60'), signal: AbortSignal.timeout(50) });
    await expect(aborted).rejects.toMatchObject({ code: 'Cancelled' });
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  test('keeps a bounded output: the first of output, the last of errors', async () => {
    const result = await runProgram({ ...sh('seq 1 20000; seq 1 20000 >&2'), maxOutputBytes: 10 });
    expect([result.stdout, result.stderr]).toEqual(['1\n2\n3\n4\n5\n', '999\n20000\n']);
  });

  test('limits hold for what it runs; a missing program is said', async () => {
    const limits = { memoryKiB: 100_000, cpuSeconds: 5 };
    const told = await runProgram({ ...sh('ulimit -v; ulimit -t'), limits });
    expect(told.stdout).toBe('100000\n5\n');
    const busy = await runProgram({ ...sh('while :; do :; done'), limits: { ...limits, cpuSeconds: 1 } });
    expect(busy.exitCode).not.toBe(0);
    await expect(runProgram({ program: '/nonexistent', args: [] })).rejects.toMatchObject({
      code: 'Qemu.StartFailed',
    });
  });
});
