/** The guest's measuring program (images/guest/iolat): random 4 KiB accesses past the guest's page cache, one at a time. */
import { median, sum } from './stats.ts';

export interface Latencies {
  readonly ops: number;
  readonly seconds: number;
  /** Longest access of each 200 ms, in milliseconds. */
  readonly windows: readonly number[];
}

/** Runs a shell script in a guest and gives its output. */
export type Shell = (script: string, limitSeconds?: number) => Promise<string>;

export async function iolat(
  shell: Shell,
  file: string,
  mode: 'read' | 'write',
  mib: number,
  seconds: number,
): Promise<Latencies> {
  return parse(await shell(`iolat ${file} ${mode} ${mib} ${seconds}`, seconds + 120));
}

export function parse(said: string): Latencies {
  const { ops, seconds, windowMaxUs } = JSON.parse(said) as {
    ops: number;
    seconds: number;
    windowMaxUs: number[];
  };
  return { ops, seconds, windows: windowMaxUs.map((us) => us / 1000) };
}

export function join(all: readonly Latencies[]): Latencies {
  return {
    ops: sum(all.map((one) => one.ops)),
    seconds: sum(all.map((one) => one.seconds)),
    windows: all.flatMap((one) => one.windows),
  };
}

export const rate = ({ ops, seconds }: Latencies): number => ops / seconds;

/** Median of the windows' longest accesses, in milliseconds. */
export const stall = ({ windows }: Latencies): number => median(windows);

/** The script behind: turns the agent off, measures, and turns it on again; it leaves the result in a file. */
export function withoutAgent(file: string, mib: number, seconds: number): string {
  return `rm -f /run/iolat.json
cat >/run/noagent <<'END'
mv /sbin/qemu-ga /sbin/qemu-ga.off; killall qemu-ga
iolat ${file} write ${mib} ${seconds} >/run/iolat.tmp
mv /run/iolat.tmp /run/iolat.json
mv /sbin/qemu-ga.off /sbin/qemu-ga
END
(sleep 1; exec setsid sh /run/noagent) </dev/null >/dev/null 2>&1 &`;
}

export const READ_RESULT = 'cat /run/iolat.json';
