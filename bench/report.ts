/**
 * The table of results.
 *
 * Invariants: a target is met or missed by the measured figure, never by hand; a row without a target is there to compare
 * with; what a row is compared with was measured in the same run.
 */
import type { MachineInfo } from './machine.ts';

export interface Target {
  readonly most?: number;
  readonly least?: number;
}

export interface Row {
  readonly part: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** How many measurements stand behind it. */
  readonly n?: number;
  readonly worst?: number;
  readonly ratio?: { readonly of: number; readonly to: string };
  readonly target?: Target;
  readonly note?: string;
}

export interface PartResult {
  readonly part: string;
  readonly seconds: number;
  /** Load average of one minute when it began. */
  readonly loadBefore: number;
  readonly rows: readonly Row[];
  readonly error?: string;
}

export interface Results {
  readonly date: string;
  readonly quick: boolean;
  readonly machine: MachineInfo;
  readonly parts: readonly PartResult[];
}

/** Whether the row's figure meets its target; undefined without one. */
export function met({ value, target }: Row): boolean | undefined {
  if (target === undefined) return undefined;
  return (
    (target.most === undefined || value <= target.most) &&
    (target.least === undefined || value >= target.least)
  );
}

export function markdown(results: Results): string {
  const { machine } = results;
  const lines = [
    `# Benchmark of ${results.date}`,
    '',
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB of memory; ${machine.system}, ${machine.fileSystem}; Node ${machine.node}, ${machine.qemu}, ${machine.accelerator}.`,
    '',
    ...(results.quick ? ['A quick run with small sizes: its figures are no results.', ''] : []),
    'Made by `npm run bench`. A ratio compares with a row of the same run. Worst: the largest of the sample.',
  ];
  for (const part of results.parts) {
    lines.push(
      '',
      `## ${part.part} (${part.seconds.toFixed(0)} s, load average before: ${part.loadBefore.toFixed(2)})`,
      '',
    );
    if (part.rows.length > 0) {
      lines.push('| what | figure | n | worst | ratio | target | met |', '|---|---|---|---|---|---|---|');
      lines.push(...part.rows.map(line));
      const notes = part.rows.filter((row) => row.note !== undefined);
      if (notes.length > 0) lines.push('', ...notes.map((row) => `- ${row.what}: ${row.note}`));
    }
    if (part.error !== undefined) lines.push('', `FAILED: ${part.error}`);
  }
  return `${lines.join('\n')}\n`;
}

function line(row: Row): string {
  const ratio = row.ratio === undefined ? '' : `${number(row.ratio.of)}x ${row.ratio.to}`;
  const ok = met(row);
  const cells = [
    row.what,
    `${number(row.value)} ${row.unit}`,
    row.n ?? '',
    row.worst === undefined ? '' : number(row.worst),
    ratio,
    row.target === undefined ? '' : targetText(row.target),
    ok === undefined ? '' : ok ? 'yes' : '**no**',
  ];
  return `| ${cells.join(' | ')} |`;
}

function targetText({ most, least }: Target): string {
  return most !== undefined ? `at most ${number(most)}` : `at least ${number(least ?? 0)}`;
}

/** Three significant digits, whole above 100. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
