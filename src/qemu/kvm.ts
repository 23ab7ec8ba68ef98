/** Whether KVM can be used on this host, found by using it: a device that opens may still not run a processor. */
import { existsSync } from 'node:fs';
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
  let words = '';
  for (const cpu of MODELS) {
    const { exitCode, stderr } = await shell('echo quit | "$@"', system, ...probeArguments(cpu));
    if (exitCode === 0) return { state: 'usable', reason: `QEMU starts with ${device}, as ${cpu}`, cpu };
    words = lastWords(stderr);
  }
  return no('broken', `${device} opens, but QEMU does not start with it: ${words}`);
}

const lastWords = (stderr: string): string => stderr.trim().split('\n').at(-1)!.slice(-200);

/** A machine that is made and ends before its first instruction. */
function probeArguments(cpu: string): string[] {
  const machine = ['-nodefaults', '-no-user-config', '-machine', 'q35', '-m', '16', '-display', 'none', '-S'];
  return [...machine, '-accel', 'kvm', '-cpu', cpu, '-monitor', 'stdio'];
}
