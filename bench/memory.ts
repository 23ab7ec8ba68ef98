/** The service's memory while it archives a large sparse disk: its own process, watched by the kernel. */
import { spawn } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { PartContext } from './part.ts';
import { onInterrupt, peakRss, resetPeak, run, settleDisk } from './run.ts';
import { allocated, systemDisk } from './system-disk.ts';

const OPENECD = resolve(import.meta.dirname, '../bin/openecd');
const MIB = 1024 ** 2;

export async function memory({ dir, quick, row, say }: PartContext): Promise<void> {
  const disk = await systemDisk(quick, say);
  const gib = quick ? 16 : 64;
  const big = join(dir, 'big.qcow2');
  await copyFile(disk.file, big);
  await run('qemu-img', ['resize', '-q', big, `${gib}G`]);
  await settleDisk();
  const data = join(dir, 's');
  const service = await startService(data);
  try {
    const idle = peakRss(service.pid);
    resetPeak(service.pid);
    say(`archiving a ${gib} GiB disk`);
    await run(OPENECD, ['image', 'import', '--data', data, '--name', 'big', big]);
    row({ what: 'RSS of the service after its start', value: idle / MIB, unit: 'MiB' });
    row({
      what: `highest RSS of the service while it archives a ${gib} GiB sparse disk`,
      value: peakRss(service.pid) / MIB,
      unit: 'MiB',
      target: { most: 256 },
      note: `${((await allocated(big)) / 1024 ** 3).toFixed(1)} GiB of data`,
    });
  } finally {
    await service.stop();
  }
}

export interface Service {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** The service as a process of its own, when it answers. */
export async function startService(dataDir: string): Promise<Service> {
  const child = spawn(OPENECD, ['serve', '--data', dataDir, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const forget = onInterrupt(() => child.kill('SIGKILL'));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const url = await new Promise<string>((found, failed) => {
    let said = '';
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      const match = /^listening on (http\S+)$/m.exec(said);
      if (match) found(match[1]!);
    });
    child.once('error', failed);
    child.once('exit', (code) => failed(new Error(`the service ended with ${code}`)));
  });
  return {
    pid: child.pid!,
    url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      forget();
    },
  };
}
