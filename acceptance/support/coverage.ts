/**
 * Which outcomes of which operations a run has seen, in which format: the table acceptance/COVERAGE.md.
 *
 * Invariants: only what a client really received is recorded; the table is rewritten only by a run that saw a success of
 * every operation, so that a run of one file does not spoil it.
 */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OPERATIONS } from './operations.ts';

/** The directory in which the processes of a run note what they see; set by coverage-setup.ts. */
export const COVERAGE_DIR = 'OPENECD_COVERAGE_DIR';

export interface Seen {
  readonly action: string;
  /** `OK`, or the error code. */
  readonly code: string;
  readonly format: 'JSON' | 'XML';
}

/** Notes one answer; costs nothing outside of a run that collects. */
export function noteSeen(seen: Seen): void {
  const directory = process.env[COVERAGE_DIR];
  if (directory === undefined) return;
  appendFileSync(join(directory, `${process.pid}.jsonl`), `${JSON.stringify(seen)}\n`);
}

export function readSeen(directory: string): Seen[] {
  return readdirSync(directory).flatMap((file) =>
    readFileSync(join(directory, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Seen),
  );
}

/** True when every operation has succeeded and has been refused at least once: not in a run of a few tests. */
export function isWhole(seen: readonly Seen[]): boolean {
  const succeeded = new Set(seen.filter((s) => s.code === 'OK').map((s) => s.action));
  const refused = new Set(seen.filter((s) => s.code.startsWith('Missing')).map((s) => s.action));
  return Object.keys(OPERATIONS).every((action) => succeeded.has(action) && refused.has(action));
}

/** The table: a row for each documented outcome of each operation. */
export function coverageTable(seen: readonly Seen[]): string {
  const rows: string[] = [];
  let covered = 0;
  for (const [action, codes] of Object.entries(OPERATIONS)) {
    const own = seen.filter((s) => s.action === action);
    for (const outcome of ['ok', 'MissingParameter', ...codes]) {
      const formats = new Set(own.filter((s) => isOutcome(s.code, outcome, codes)).map((s) => s.format));
      if (formats.size > 0) covered++;
      const mark = (format: Seen['format']) => (formats.has(format) ? 'yes' : '-');
      rows.push(`| ${action} | ${outcome} | ${mark('JSON')} | ${mark('XML')} |`);
    }
  }
  return [
    '# What the acceptance tests have seen',
    '',
    'Made by the run of the acceptance tests: every documented outcome of every operation, and whether a client has',
    'received it from the running service, in JSON and in XML. `MissingParameter` stands for `Missing{Parameter}`,',
    '`InvalidParameter` for `Invalid{Parameter}`. A dash is an outcome that no acceptance test brings about.',
    '',
    `${covered} of ${rows.length} outcomes seen.`,
    '',
    '| operation | outcome | JSON | XML |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function isOutcome(code: string, outcome: string, documented: readonly string[]): boolean {
  if (outcome === 'ok') return code === 'OK';
  if (outcome === 'MissingParameter') return /^Missing[A-Z]/.test(code);
  if (outcome === 'InvalidParameter')
    return /^Invalid[A-Z][A-Za-z0-9]*$/.test(code) && !documented.includes(code);
  return code === outcome;
}
