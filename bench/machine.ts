/** What a result has to say of the machine it was measured on. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { detectQemu } from '../src/qemu/detect.ts';
import { type Accelerator, acceleratorOf } from '../src/qemu/kvm.ts';
import { qemuUser } from '../src/system-user.ts';
import { run } from './run.ts';

export interface MachineInfo {
  /** For file names: processor and cores. */
  readonly name: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly fileSystem: string;
  readonly node: string;
  readonly qemu: string;
  readonly accelerator: string;
}

/** `dir`: where the benchmarks keep their disks. */
export async function describeMachine(dir: string): Promise<MachineInfo> {
  const os = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  const type = await run('stat', ['-f', '-c', '%T', dir]);
  const accelerator = await serviceAccelerator();
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  return {
    name: `${cpu.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${cpus().length}-cores`,
    cpu,
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    system: `${os}, Linux ${release()}`,
    fileSystem: `disks on ${type.trim()}`,
    node: process.versions.node,
    qemu: (await run('qemu-img', ['--version'])).split('\n')[0]!.replace('qemu-img version', 'QEMU'),
    accelerator: accelerator.name === 'kvm' ? `KVM (${accelerator.cpu})` : 'TCG (no KVM)',
  };
}

/** What the service's desktops run on: its peers are given the same. */
export async function serviceAccelerator(): Promise<Accelerator> {
  const { kvm } = await detectQemu({ user: qemuUser('openecd') });
  return acceleratorOf('auto', kvm);
}
