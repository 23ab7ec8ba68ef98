/** Whether KVM can be used on this host, found by using it: a device that opens may still not run a guest. */
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EcdError } from '../errors.ts';
import { optionValue } from './blockdev.ts';
import type { User } from './process.ts';
import { runProgram } from './run-program.ts';

/** What runs a guest's processors, and their model (QEMU's `-accel` and `-cpu`). */
export interface Accelerator {
  readonly name: 'kvm' | 'tcg';
  readonly cpu: string;
}

export const TCG: Accelerator = { name: 'tcg', cpu: 'max' };

export interface KvmSurvey {
  /** `absent`: no device; `closed`: not for this user; `broken`: QEMU does not start with it. */
  readonly state: 'usable' | 'absent' | 'closed' | 'broken';
  readonly reason: string;
  /** The processor model that starts. */
  readonly cpu: string;
}

/** The second one for hosts that are virtual themselves, and whose KVM takes a register for writable that is not. */
const MODELS = ['host', 'host,-arch-capabilities'];

/** How much longer than in software a machine may take to boot with KVM. */
const SLOWEST = 5;
/** QEMU's exit code when a guest writes 0x10 to the port of `isa-debug-exit`. */
const BOOTED = 0x21;

/** The setting `accel`, given what was found. */
export function acceleratorOf(accel: 'auto' | 'kvm' | 'tcg', kvm: KvmSurvey): Accelerator {
  const useKvm = accel === 'kvm' || (accel === 'auto' && kvm.state === 'usable');
  return useKvm ? { name: 'kvm', cpu: kvm.cpu } : TCG;
}

/** Tries KVM with the given `qemu-system-x86_64` (null: there is none) as the user who will run it. */
export async function tryKvm(
  system: string | null,
  user: User | undefined,
  device = '/dev/kvm',
): Promise<KvmSurvey> {
  const no = (state: KvmSurvey['state'], reason: string): KvmSurvey => ({ state, reason, cpu: MODELS[0]! });
  if (process.arch !== 'x64') return no('absent', `this host is ${process.arch}, desktops are x86_64`);
  if (!existsSync(device)) {
    return no('absent', `${device} is not there: no hardware virtualisation, or not switched on`);
  }
  const shell = (script: string, ...args: string[]) =>
    runProgram({ program: '/bin/sh', args: ['-c', script, 'sh', ...args], timeoutMs: 20_000, user });
  const opened = await shell(': <>"$1"', device);
  if (opened.exitCode !== 0) return no('closed', `${device} does not open: ${lastWords(opened.stderr)}`);
  if (system === null) return no('broken', `${device} opens, but there is no QEMU to try it with`);
  const boot = await BootDisk.make();
  try {
    const software = await boot.run(system, TCG, user, 10_000);
    if (!software.ran) return no('broken', `the trial did not boot in software either: ${software.words}`);
    let words = '';
    for (const cpu of MODELS) {
      // A host that emulates virtualisation may run a few instructions, and be of no use for a guest.
      const patience = Math.max(1000, SLOWEST * software.ms);
      const tried = await boot.run(system, { name: 'kvm', cpu }, user, patience);
      if (tried.ran) return { state: 'usable', reason: `QEMU runs a guest with ${device}, as ${cpu}`, cpu };
      words = tried.words;
    }
    return no('broken', `${device} opens, but QEMU runs no guest with it: ${words}`);
  } finally {
    await boot.remove();
  }
}

const lastWords = (stderr: string): string => stderr.trim().split('\n').at(-1)!.slice(-200);

/** A disk whose first sector ends QEMU: that it ran is seen by the exit code. */
class BootDisk {
  readonly #dir: string;
  readonly #file: string;

  private constructor(dir: string) {
    this.#dir = dir;
    this.#file = join(dir, 'boot.img');
  }

  static async make(): Promise<BootDisk> {
    const dir = await mkdtemp(join(tmpdir(), 'openecd-kvm-'));
    // For QEMU's user.
    await chmod(dir, 0o755);
    const disk = new BootDisk(dir);
    // The firmware boots nothing that is smaller than a cylinder.
    const image = Buffer.alloc(1024 * 1024);
    // mov dx, 0xf4; mov al, 0x10; out dx, al; hlt; jmp -3
    image.write('baf400b010eef4ebfd', 0, 'hex');
    image.writeUInt16LE(0xaa55, 510);
    await writeFile(disk.#file, image, { mode: 0o644 });
    return disk;
  }

  remove(): Promise<void> {
    return rm(this.#dir, { recursive: true, force: true });
  }

  /** Whether a machine came as far as the disk's first sector, in how many milliseconds, and its last words if not. */
  async run(
    program: string,
    { name, cpu }: Accelerator,
    user: User | undefined,
    timeoutMs: number,
  ): Promise<{ ran: boolean; ms: number; words: string }> {
    const args = [
      ...['-nodefaults', '-no-user-config', '-machine', 'q35', '-m', '32', '-display', 'none'],
      ...['-drive', `file=${optionValue(this.#file)},format=raw,if=virtio,readonly=on`],
      ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=1', '-accel', name, '-cpu', cpu],
    ];
    const began = performance.now();
    const took = () => performance.now() - began;
    try {
      const { exitCode, stderr } = await runProgram({ program, args, timeoutMs, user });
      return { ran: exitCode === BOOTED, ms: took(), words: lastWords(stderr) || `exit code ${exitCode}` };
    } catch (error) {
      if (!EcdError.is(error, 'Qemu.TimedOut')) throw error;
      return { ran: false, ms: took(), words: `it took longer than ${Math.round(timeoutMs)} ms to boot` };
    }
  }
}
