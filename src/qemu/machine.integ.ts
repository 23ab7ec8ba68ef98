import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { imgCreate } from './img.ts';
import { TCG } from './kvm.ts';
import type { MachineSpec } from './machine.ts';
import { agentPortOpen, reconnectMachine, startMachine } from './machine-process.ts';
import { isAlive, type ProcessRef, readPidFile, terminate, waitExit } from './process.ts';

const USER = { uid: 64155, gid: 64155 };
let dir: string;
let running: ProcessRef[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'vm-'));
  chownSync(dir, USER.uid, USER.gid);
  running = [];
});
afterEach(async () => {
  for (const ref of running) await terminate(ref, 1_000);
  rmSync(dir, { recursive: true, force: true });
});

async function spec(more: Partial<MachineSpec> = {}): Promise<MachineSpec> {
  const file = join(dir, 'disk,1.qcow2');
  if (!existsSync(file)) {
    await imgCreate({ file, sizeBytes: 64 * 1024 * 1024 });
    chownSync(file, USER.uid, USER.gid);
  }
  return {
    name: 'a desktop, with = signs',
    uuid: '7a6f3f3e-1f0a-4a8c-9a51-0f1d0c0b0a09',
    cpus: 2,
    memoryMiB: 64,
    accelerator: TCG,
    firmware: 'bios',
    disks: [
      {
        device: 'system',
        nodes: [
          { driver: 'file', 'node-name': 'f0', filename: file, discard: 'unmap' },
          { driver: 'qcow2', 'node-name': 'top0', file: 'f0', discard: 'unmap', 'detect-zeroes': 'unmap' },
        ],
        topNode: 'top0',
        serial: 'd-0001',
      },
    ],
    network: 'isolated',
    mac: '52:54:00:12:34:56',
    sockets: { qmp: join(dir, 'qmp'), agent: join(dir, 'ga'), vnc: join(dir, 'vnc') },
    incomingPaused: true,
    ...more,
  };
}

async function start(machine: MachineSpec) {
  const started = await startMachine({ spec: machine, dir, user: USER });
  running.push(started.process);
  return started;
}

test('a machine starts unprivileged and sandboxed, is found again, and quits', async () => {
  const machine = await spec();
  const { process, qmp } = await start(machine);
  const status = readFileSync(`/proc/${process.pid}/status`, 'utf8');
  expect(status).toMatch(/^Uid:\s+64155\s+64155/m);
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  expect(status).toMatch(/^Seccomp:\s+2$/m);
  expect(readPidFile(join(dir, 'qemu.pid'))).toEqual(process);
  expect(await qmp.execute('query-status')).toMatchObject({ status: 'prelaunch' });
  const [disk] = await qmp.execute<{ qdev: string; inserted: { 'node-name': string } }[]>('query-block');
  expect(disk).toMatchObject({ inserted: { 'node-name': 'top0' } });
  expect(disk!.qdev).toContain('system');
  expect(await agentPortOpen(qmp)).toBe(false);
  expect(existsSync(machine.sockets.vnc)).toBe(true);

  qmp.close();
  const again = await reconnectMachine({ process, qmpSocket: machine.sockets.qmp });
  await again.qmp.execute('cont');
  await expect.poll(() => again.qmp.execute('query-status')).toMatchObject({ status: 'running' });
  await again.qmp.execute('quit');
  await again.qmp.closed;
  expect(await waitExit(process, 5_000)).toBe(true);
  await expect(reconnectMachine({ process, qmpSocket: machine.sockets.qmp })).rejects.toMatchObject({
    code: 'Qemu.ConnectionLost',
  });
});

test('one that runs and does not answer is ended, and another one started', async () => {
  let silent: ProcessRef | null = null;
  const watch = setInterval(() => {
    if (silent !== null) return;
    silent = readPidFile(join(dir, 'qemu.pid'));
    if (silent !== null) process.kill(silent.pid, 'SIGSTOP');
  });
  const began = performance.now();
  const found = await start(await spec()).finally(() => clearInterval(watch));
  // It was given up by its deadline, and not before.
  expect(performance.now() - began).toBeGreaterThan(14_900);
  expect(silent).not.toBeNull();
  expect(isAlive(silent!)).toBe(false);
  expect(found.process.pid).not.toBe(silent!.pid);
  expect(await found.qmp.execute('query-status')).toMatchObject({ status: 'prelaunch' });
  // The disk is the new one's, and the process on record.
  expect(readPidFile(join(dir, 'qemu.pid'))).toEqual(found.process);
});

test('no process listens on the network for it', async () => {
  const { process } = await start(await spec({ network: 'user' }));
  const listening = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
    readFileSync(`/proc/${process.pid}/net/${kind}`, 'utf8').trim().split('\n').slice(1),
  );
  const owned = listening
    .map((line) => line.trim().split(/\s+/)[7])
    .filter((uid) => uid === String(USER.uid));
  expect(owned).toEqual([]);
});

test('a disk somebody else writes, or one it may not read, does not start it, and why is said', async () => {
  const machine = await spec();
  await start(machine);
  const other = join(dir, 'other');
  const sockets = { qmp: `${other}q`, agent: `${other}a`, vnc: `${other}v` };
  await expect(startMachine({ spec: { ...machine, sockets }, dir, user: USER })).rejects.toMatchObject({
    code: 'Qemu.StartFailed',
    message: expect.stringMatching(/Failed to get "write" lock/),
  });
  writeFileSync(join(dir, 'secret'), '', { mode: 0o600 });
  const disks = [
    {
      device: 'system',
      nodes: [{ driver: 'file', 'node-name': 'x', filename: join(dir, 'secret') }],
      topNode: 'x',
      serial: '1',
    },
  ];
  await expect(startMachine({ spec: { ...machine, disks, sockets }, dir, user: USER })).rejects.toThrow(
    /Permission denied/,
  );
});

test('a start that is aborted leaves no process', async () => {
  const machine = await spec();
  const signal = AbortSignal.timeout(30);
  await expect(startMachine({ spec: machine, dir, user: USER, signal })).rejects.toMatchObject({
    code: 'Cancelled',
  });
  const ref = readPidFile(join(dir, 'qemu.pid'));
  expect(ref !== null && isAlive(ref)).toBe(false);
});

test('a program that is not there, and a path that is too long, are said', async () => {
  const machine = await spec();
  const missing = startMachine({ spec: machine, dir, user: USER, program: '/nonexistent/qemu' });
  await expect(missing).rejects.toThrow(/not found/);
  const sockets = { ...machine.sockets, vnc: `/tmp/${'v'.repeat(120)}` };
  await expect(startMachine({ spec: { ...machine, sockets }, dir, user: USER })).rejects.toThrow(
    /data path is too long/,
  );
});
