/** Finds QEMU's programs, KVM and firmware on this host. Asks the programs themselves; assumes nothing. */
import { access } from 'node:fs/promises';
import { EcdError } from '../errors.ts';
import { type KvmSurvey, tryKvm } from './kvm.ts';
import type { User } from './process.ts';
import { runProgram } from './run-program.ts';

export const MINIMAL_VERSION = '7.2';

export interface FoundProgram {
  readonly path: string;
  readonly version: string;
}

export interface Firmware {
  readonly uefiCode?: string;
  readonly uefiVarsTemplate?: string;
}

export interface QemuSurvey {
  readonly system: FoundProgram | null;
  readonly img: FoundProgram | null;
  readonly storageDaemon: FoundProgram | null;
  readonly kvm: KvmSurvey;
  readonly firmware: Firmware;
  /** What is missing or too old, one sentence each. */
  readonly problems: readonly string[];
}

export interface DetectedQemu extends QemuSurvey {
  readonly system: FoundProgram;
  readonly img: FoundProgram;
  readonly storageDaemon: FoundProgram;
}

export interface DetectOptions {
  /** Who will run QEMU: whether KVM is usable is tried as this user. */
  readonly user?: User | undefined;
  /** Where programs are looked for; default the service's PATH and the usual places. */
  readonly path?: readonly string[];
}

const USUAL_PLACES = ['/usr/local/bin', '/usr/bin', '/usr/libexec'];
/** Code and empty variables that belong together, by distribution. */
const FIRMWARE: readonly (readonly [string, string])[] = [
  ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'],
  ['/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'],
  ['/usr/share/edk2/ovmf/OVMF_CODE.fd', '/usr/share/edk2/ovmf/OVMF_VARS.fd'],
  ['/usr/share/edk2/x64/OVMF_CODE.4m.fd', '/usr/share/edk2/x64/OVMF_VARS.4m.fd'],
];

/** What is there, complete or not: for `doctor`. */
export async function surveyQemu(options: DetectOptions = {}): Promise<QemuSurvey> {
  const problems: string[] = [];
  const path = options.path ?? [...(process.env['PATH'] ?? '').split(':'), ...USUAL_PLACES];
  const find = async (name: string): Promise<FoundProgram | null> => {
    const found = await findProgram(name, path);
    if (found === null) problems.push(`${name} is not installed`);
    else if (!atLeast(found.version, MINIMAL_VERSION)) {
      problems.push(
        `${found.path} has version ${found.version || 'unknown'}, ${MINIMAL_VERSION} or newer is needed`,
      );
    }
    return found;
  };
  const system = await find('qemu-system-x86_64');
  const img = await find('qemu-img');
  const storageDaemon = await find('qemu-storage-daemon');
  const kvm = await tryKvm(system?.path ?? null, options.user);
  return { system, img, storageDaemon, kvm, firmware: await findFirmware(), problems };
}

/** Everything that is needed, or Qemu.StartFailed that says what is missing. */
export async function detectQemu(options: DetectOptions = {}): Promise<DetectedQemu> {
  const survey = await surveyQemu(options);
  const { system, img, storageDaemon } = survey;
  if (survey.problems.length > 0 || system === null || img === null || storageDaemon === null) {
    throw new EcdError('Qemu.StartFailed', { program: 'QEMU', reason: survey.problems.join('; ') });
  }
  return { ...survey, system, img, storageDaemon };
}

/** Compares dotted versions by their numbers. */
export function atLeast(version: string, minimum: string): boolean {
  const [have, want] = [version, minimum].map((each) => each.split('.').map(Number));
  for (let i = 0; i < want!.length; i++) {
    const [a, b] = [have![i] ?? 0, want![i]!];
    if (Number.isNaN(a) || a !== b) return a > b;
  }
  return true;
}

async function findProgram(name: string, places: readonly string[]): Promise<FoundProgram | null> {
  for (const place of places) {
    if (!place.startsWith('/')) continue;
    const path = `${place}/${name}`;
    if (!(await exists(path))) continue;
    const { stdout } = await runProgram({ program: path, args: ['--version'], timeoutMs: 20_000 });
    return { path, version: / version (\d+(?:\.\d+)+)/.exec(stdout)?.[1] ?? '' };
  }
  return null;
}

async function findFirmware(): Promise<Firmware> {
  for (const [uefiCode, uefiVarsTemplate] of FIRMWARE) {
    if ((await exists(uefiCode)) && (await exists(uefiVarsTemplate))) return { uefiCode, uefiVarsTemplate };
  }
  return {};
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
