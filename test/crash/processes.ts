/** Waiting with a deadline, and finding QEMU's processes of a directory. */
import { readdir, readFile } from 'node:fs/promises';

/** Fails when `work` takes longer. */
export async function within<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${seconds} s: ${what}`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Processes of QEMU that have something of this directory, as `program pid`. */
export async function processesOf(dir: string): Promise<{ pid: number; program: string }[]> {
  const found: { pid: number; program: string }[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    const program = line.split('\0')[0]!.split('/').at(-1)!;
    if (program.startsWith('qemu') && line.includes(dir)) found.push({ pid: Number(name), program });
  }
  return found;
}
