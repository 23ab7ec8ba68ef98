/** The findings of `openecd doctor`, each by a look at the thing itself. */

import { existsSync, statfsSync, statSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { DataDir } from '../data-dir.ts';
import { EcdError } from '../errors.ts';
import { atLeast, surveyQemu } from '../qemu/detect.ts';
import type { KvmSurvey } from '../qemu/kvm.ts';
import type { User } from '../qemu/process.ts';
import { runProgram } from '../qemu/run-program.ts';
import type { Settings } from '../settings.ts';
import { lookUpUser } from '../system-user.ts';
import { bytesText } from './output.ts';

export interface Finding {
  /** Only `missing` keeps the service from working. */
  readonly status: 'ok' | 'warning' | 'missing';
  readonly what: string;
  readonly found: string;
  /** What to do; always there unless `ok`. */
  readonly todo?: string;
}

const NODE = '24.14';
const INSTALL =
  'apt-get install qemu-system-x86 qemu-utils (Debian 12 or newer has a version that is new enough)';

/** Node and the host itself. */
export function checkHost(): Finding[] {
  const node = process.versions.node;
  return [
    atLeast(node, NODE)
      ? { status: 'ok', what: 'Node', found: node }
      : {
          status: 'missing',
          what: 'Node',
          found: node,
          todo: `Use Node ${NODE} or newer; the set-up brings it.`,
        },
    {
      status: 'ok',
      what: 'host',
      found: `${availableParallelism()} CPUs, ${bytesText(freemem())} memory free`,
    },
  ];
}

/** Whom QEMU will run as. */
export function findUser(name: string): { user: User | undefined; finding: Finding } {
  const what = "QEMU's user";
  if (process.getuid?.() !== 0)
    return {
      user: undefined,
      finding: { status: 'ok', what, found: 'the user of the service (it is not root)' },
    };
  if (name === 'root')
    return {
      user: undefined,
      finding: { status: 'warning', what, found: 'root', todo: 'Set qemuUser to an unprivileged user.' },
    };
  const user = lookUpUser(name);
  if (user !== null)
    return { user, finding: { status: 'ok', what, found: `${name} (${user.uid}:${user.gid})` } };
  const todo = `useradd --system --shell /usr/sbin/nologin ${name}`;
  return { user: undefined, finding: { status: 'missing', what, found: `there is no user ${name}`, todo } };
}

/** QEMU's programs, KVM, firmware, openssl. */
export async function checkPrograms(settings: Settings, user: User | undefined): Promise<Finding[]> {
  const survey = await surveyQemu({ user });
  const programs = [
    ['qemu-system-x86_64', survey.system],
    ['qemu-img', survey.img],
    ['qemu-storage-daemon', survey.storageDaemon],
  ] as const;
  const findings = programs.map(([what, program]): Finding => {
    const problem = survey.problems.find(
      (one) => one.startsWith(what) || (program && one.startsWith(program.path)),
    );
    if (problem !== undefined) return { status: 'missing', what, found: problem, todo: INSTALL };
    return { status: 'ok', what, found: `${program!.version} (${program!.path})` };
  });
  findings.push(kvmFinding(survey.kvm, settings.accel));
  findings.push(uefiFinding(survey.firmware.uefiCode, settings));
  const openssl = await programVersion('openssl', ['version']);
  findings.push(
    openssl === null
      ? {
          status: 'warning',
          what: 'openssl',
          found: 'not installed',
          todo: 'apt-get install openssl, for `openecd tls init`',
        }
      : { status: 'ok', what: 'openssl', found: openssl },
  );
  return findings;
}

const KVM_ADVICE: Readonly<Record<Exclude<KvmSurvey['state'], 'usable'>, string>> = {
  absent:
    'Switch on virtualisation (VT-x, AMD-V) in the firmware, nested virtualisation if this is a virtual machine, and load kvm_intel or kvm_amd.',
  closed:
    "Give QEMU's user access itself, as QEMU runs without its other groups: setfacl -m u:openecd:rw /dev/kvm (and a udev rule, to keep it).",
  broken: 'If this is a virtual machine, its host may offer less than it says; see the log of its kernel.',
};

function kvmFinding(kvm: KvmSurvey, accel: Settings['accel']): Finding {
  const what = 'KVM';
  if (accel === 'tcg') return { status: 'ok', what, found: 'not used (the setting accel is tcg)' };
  if (kvm.state === 'usable') return { status: 'ok', what, found: kvm.reason };
  const todo = KVM_ADVICE[kvm.state];
  if (accel === 'kvm') return { status: 'missing', what, found: kvm.reason, todo };
  return {
    status: 'warning',
    what,
    found: `${kvm.reason}; desktops run in software (TCG), many times slower`,
    todo,
  };
}

function uefiFinding(code: string | undefined, settings: Settings): Finding {
  if (code !== undefined) return { status: 'ok', what: 'UEFI firmware', found: code };
  const wanted = settings.bundles.some((bundle) => bundle.firmware === 'uefi');
  return {
    status: wanted ? 'missing' : 'warning',
    what: 'UEFI firmware',
    found: wanted ? 'not installed, but a bundle wants it' : 'not installed (only BIOS bundles work)',
    todo: 'apt-get install ovmf',
  };
}

/** Data directory and vault: reachable, big enough, on devices of their own. */
export function checkDirectories(
  settings: Settings,
  data: string | undefined,
  vault: string | undefined,
  user: User | undefined,
): Finding[] {
  if (data === undefined) return [];
  const findings: Finding[] = [];
  const path = resolve(data);
  const isNew = !existsSync(path);
  if (isNew)
    findings.push({ status: 'ok', what: 'data directory', found: `${path} will be made by the first start` });
  else findings.push(dataFinding(path, settings.qemuUser, user));
  findings.push(spaceFinding('space for disks', path, settings.snapshots.reserveBytes));
  const vaultPath = resolve(vault ?? usedVault(path));
  findings.push(spaceFinding('space for the vault', vaultPath, settings.snapshots.reserveBytes));
  const same = statSync(existing(path)).dev === statSync(existing(vaultPath)).dev;
  findings.push(
    same
      ? {
          status: 'warning',
          what: 'vault device',
          found: 'the same as the disks',
          todo: 'Name a vault on another device (--vault): else disks and snapshots are lost together.',
        }
      : { status: 'ok', what: 'vault device', found: 'another one than the disks' },
  );
  return findings;
}

/** The vault of the service that has the directory, as far as it can be told. */
function usedVault(path: string): string {
  try {
    return DataDir.open(path, { create: false }).vault;
  } catch {
    return `${path}/vault`;
  }
}

function dataFinding(path: string, userName: string, user: User | undefined): Finding {
  const what = 'data directory';
  try {
    const dir = DataDir.open(path, { create: false });
    const blocked = user === undefined ? null : dir.blockedFor(user);
    if (blocked !== null)
      return {
        status: 'missing',
        what,
        found: `QEMU's user ${userName} cannot pass through ${blocked}`,
        todo: `chmod o+x ${blocked}`,
      };
    return {
      status: 'ok',
      what,
      found: `${dir.path}, ${dir.isServed() ? 'a service is running' : 'no service is running'}`,
    };
  } catch (error) {
    if (!(error instanceof EcdError)) throw error;
    return { status: 'missing', what, found: error.message, todo: error.advice };
  }
}

function spaceFinding(what: string, path: string, reserveBytes: number): Finding {
  const stats = statfsSync(existing(path));
  const free = stats.bavail * stats.bsize;
  const found = `${bytesText(free)} free`;
  if (free > reserveBytes * 5) return { status: 'ok', what, found };
  const todo = `Free some: below the reserve of ${bytesText(reserveBytes)} no snapshot or desktop is made.`;
  return { status: free > reserveBytes ? 'warning' : 'missing', what, found, todo };
}

/** The nearest directory on the way up that is there. */
function existing(path: string): string {
  return existsSync(path) ? path : existing(dirname(path));
}

async function programVersion(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const { exitCode, stdout } = await runProgram({ program, args, timeoutMs: 10_000 });
    return exitCode === 0 ? stdout.trim().split('\n')[0]! : null;
  } catch (error) {
    if (EcdError.is(error, 'Qemu.StartFailed')) return null;
    throw error;
  }
}
