/** Boots the demo image with plain QEMU under BIOS and UEFI, and uses what it promises through its guest agent. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildDemoImage } from './build.ts';

const OVMF = '/usr/share/OVMF';
const BOOT_MS = 110_000;

let image: string;
let folder: string;
let qemu: ChildProcess | undefined;

beforeAll(async () => {
  image = await buildDemoImage({ cacheDir: resolve(import.meta.dirname, '../.cache') });
}, 300_000);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openecd-image-'));
});

afterEach(async () => {
  if (qemu && qemu.exitCode === null) {
    qemu.kill('SIGKILL');
    await once(qemu, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** What the commands used here answer. */
interface Answers {
  'guest-exec': { pid: number };
  'guest-exec-status': { exited: boolean; exitcode?: number; 'out-data'?: string; 'err-data'?: string };
}
type Reply = { return?: unknown; error?: { desc: string } };

/** A connection that speaks one JSON line at a time; events of QEMU are collected. */
class Line {
  readonly events: { event: string; data?: { id?: string; open?: boolean } }[] = [];
  readonly #waiting: ((reply: Reply) => void)[] = [];
  readonly #socket: Socket;

  constructor(path: string) {
    this.#socket = createConnection(path);
    createInterface({ input: this.#socket }).on('line', (line) => {
      const message = JSON.parse(line.replaceAll('\xff', ''));
      if ('event' in message) this.events.push(message);
      else if ('return' in message || 'error' in message) this.#waiting.shift()?.(message);
    });
    this.#socket.on('error', () => {});
  }

  async ask<C extends string>(
    execute: C,
    args: object = {},
  ): Promise<C extends keyof Answers ? Answers[C] : unknown> {
    const { promise, resolve: done } = Promise.withResolvers<Reply>();
    this.#waiting.push(done);
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    const reply = await Promise.race([promise, sleep(30_000).then(() => ({ error: { desc: 'no answer' } }))]);
    if ('error' in reply && reply.error) throw new Error(`${execute}: ${reply.error.desc}`);
    return (reply as { return: never }).return;
  }
}

async function until<T>(
  what: string,
  ms: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(50)) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
  }
  throw new Error(`${what}: not within ${ms} ms`);
}

/** Starts the image (a layer over it) with a blank data disk and waits for its agent. */
async function boot(
  firmware: 'bios' | 'uefi',
  disk: 'blk' | 'scsi',
  memory: number,
): Promise<{ qmp: Line; agent: Line }> {
  const create = ['create', '-q', '-f', 'qcow2'];
  execFileSync('qemu-img', [...create, '-F', 'qcow2', '-b', image, join(folder, 'system.qcow2')]);
  execFileSync('qemu-img', [...create, join(folder, 'data.qcow2'), '1G']);
  const args = [
    '-nodefaults',
    '-machine',
    'q35,usb=off',
    '-accel',
    'tcg',
    '-cpu',
    'max',
    '-m',
    String(memory),
  ];
  args.push(
    '-vga',
    'std',
    '-display',
    'none',
    '-serial',
    `file:${folder}/serial.log`,
    '-device',
    'virtio-serial-pci',
  );
  args.push(
    '-chardev',
    `socket,id=qmp,path=${folder}/qmp,server=on,wait=off`,
    '-mon',
    'chardev=qmp,mode=control',
  );
  args.push('-chardev', `socket,id=ga,path=${folder}/ga,server=on,wait=off`);
  args.push('-device', 'virtserialport,id=gaport,chardev=ga,name=org.qemu.guest_agent.0');
  for (const [name, device] of [
    ['system', 'bootindex=1,serial=system'],
    ['data', 'serial=data'],
  ]) {
    args.push(
      '-drive',
      `if=none,id=${name},file=${folder}/${name}.qcow2,format=qcow2,discard=unmap,detect-zeroes=unmap`,
    );
    args.push(
      '-device',
      disk === 'blk' ? `virtio-blk-pci,drive=${name},${device}` : `scsi-hd,drive=${name},${device}`,
    );
  }
  if (disk === 'scsi') args.splice(args.indexOf('-drive'), 0, '-device', 'virtio-scsi-pci');
  if (firmware === 'uefi') {
    copyFileSync(`${OVMF}/OVMF_VARS_4M.fd`, join(folder, 'vars.fd'));
    args.push('-drive', `if=pflash,format=raw,readonly=on,file=${OVMF}/OVMF_CODE_4M.fd`);
    args.push('-drive', `if=pflash,format=raw,file=${folder}/vars.fd`);
  }
  qemu = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await until('QMP socket', 10_000, () => execFileSync('ls', [folder]).includes('qmp') || undefined);
  await sleep(200);
  const qmp = new Line(join(folder, 'qmp'));
  await qmp.ask('qmp_capabilities');
  await until('agent', BOOT_MS, () =>
    qmp.events.find((one) => one.event === 'VSERPORT_CHANGE' && one.data?.open),
  );
  return { qmp, agent: new Line(join(folder, 'ga')) };
}

/** Runs a shell script in the guest. Answers what it printed; throws when its exit code is not 0. */
async function shell(agent: Line, script: string): Promise<string> {
  const { pid } = await agent.ask('guest-exec', {
    path: '/bin/sh',
    arg: ['-c', script],
    'capture-output': true,
  });
  const status = await until('script', 60_000, async () => {
    const one = await agent.ask('guest-exec-status', { pid });
    return one.exited ? one : undefined;
  });
  const text = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64').toString();
  if (status.exitcode !== 0) throw new Error(`${script}: ${status.exitcode} ${text(status['err-data'])}`);
  return text(status['out-data']);
}

describe('the demo image', { timeout: 300_000 }, () => {
  test('boots under BIOS: blank data disk, scripts, writer, freeze, trim, power button', async () => {
    const { qmp, agent } = await boot('bios', 'blk', 128);
    expect(await shell(agent, 'uname -s; id -u')).toBe('Linux\n0\n');
    const mounts = await shell(agent, 'grep -E " (/|/data) " /proc/mounts');
    expect(mounts).toMatch(/^\/dev\/\S+ \/ ext4 rw/m);
    expect(mounts).toMatch(/^\/dev\/vdb \/data ext4 rw,noatime,discard/m);

    await shell(agent, '(setsid seqwriter /data/sequence 64 >/run/seqwriter.log 2>&1 &)');
    const acknowledged = async () =>
      Number(await shell(agent, 'cat /run/seqwriter.ack 2>/dev/null || echo 0'));
    await until('writer', 60_000, async () => (await acknowledged()) > 100 || undefined);
    expect(await agent.ask('guest-fsfreeze-freeze')).toBe(2);
    expect(await agent.ask('guest-fsfreeze-status')).toBe('frozen');
    expect(await agent.ask('guest-fsfreeze-thaw')).toBe(2);
    await shell(agent, 'killall seqwriter');
    const last = await acknowledged();
    const sequence = Buffer.from(await shell(agent, 'base64 /data/sequence'), 'base64');
    const numbers = Array.from({ length: 64 }, (_, slot) => Number(sequence.readBigUInt64LE(slot * 4096)));
    expect(Math.max(...numbers)).toBeGreaterThanOrEqual(last);
    expect(Math.max(...numbers) - Math.min(...numbers)).toBe(63);

    const measured = JSON.parse(await shell(agent, 'iolat /data/latency read 4 1'));
    expect(measured.ops).toBeGreaterThan(10);
    expect(await shell(agent, 'fstrim -v /data')).toMatch(/trimmed|bytes/);

    await qmp.ask('system_powerdown');
    await until('end', 30_000, () => (qemu?.exitCode === 0 ? true : undefined));
    const check = execFileSync('qemu-img', ['check', join(folder, 'data.qcow2')], { encoding: 'utf8' });
    expect(check).toContain('No errors were found');
    expect(readFileSync(join(folder, 'serial.log'), 'utf8')).not.toMatch(/panic/i);
  });

  test('boots under UEFI from virtio-scsi; the agent shuts it down', async () => {
    const { agent } = await boot('uefi', 'scsi', 256);
    expect(await shell(agent, 'ls -d /sys/firmware/efi')).toBe('/sys/firmware/efi\n');
    expect(await shell(agent, 'grep " /data " /proc/mounts')).toMatch(/^\/dev\/sdb/);
    agent.ask('guest-shutdown').catch(() => {});
    await until('end', 30_000, () => (qemu?.exitCode === 0 ? true : undefined));
  });
});
