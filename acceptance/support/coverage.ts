/**
 * Which outcomes of which operations a run has seen, in which format, and which client has called what: the two tables of
 * acceptance/COVERAGE.md.
 *
 * Invariants: the tables are rewritten only by a run in which every operation has succeeded and every client has called,
 * so that a run of a few files does not spoil them; the columns of the clients that only the full tier runs say of which
 * run they are, and are taken over as they stand by a run without them (see full-columns.ts).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  cellOf,
  type FullColumns,
  fullColumnsOf,
  NO_FULL_RUN,
  readFullColumns,
  sinceFullRun,
} from './full-columns.ts';
import { OPERATIONS } from './operations.ts';
import { CLIENTS, FULL_CLIENTS, readSeen, type Seen } from './seen.ts';

/**
 * Writes the tables into `file` if what lies in `directory` is of a whole run; says whether it did. `today` is
 * `YYYY-MM-DD`.
 */
export function writeCoverage(directory: string, file: string, today: string): boolean {
  const seen = readSeen(directory);
  if (!isWhole(seen)) return false;
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  writeFileSync(file, coverageTable(seen, fullColumnsOf(seen, today) ?? readFullColumns(before)));
  return true;
}

/** True when every operation has succeeded and has been refused, and every client has called: not in a run of a few tests. */
export function isWhole(seen: readonly Seen[]): boolean {
  const succeeded = new Set(seen.filter((s) => s.code === 'OK').map((s) => s.action));
  const refused = new Set(seen.filter((s) => s.code.startsWith('Missing')).map((s) => s.action));
  const called = new Set(seen.map((s) => s.client));
  return (
    Object.keys(OPERATIONS).every((action) => succeeded.has(action) && refused.has(action)) &&
    CLIENTS.every((client) => called.has(client))
  );
}

/** Both tables; what the clients of the full tier have received is in their columns alone, so that tiers do not differ. */
export function coverageTable(seen: readonly Seen[], full: FullColumns = NO_FULL_RUN): string {
  const always = seen.filter((s) => CLIENTS.some((client) => client === s.client));
  return [...outcomes(always), ...callers(always, full)].join('\n');
}

/** A row for each documented outcome of each operation. */
function outcomes(seen: readonly Seen[]): string[] {
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
  ];
}

/** A row for each operation, a column for each client and format that it has received. */
function callers(seen: readonly Seen[], full: FullColumns): string[] {
  const columns = CLIENTS.flatMap((client) =>
    (['JSON', 'XML'] as const)
      .filter((format) => seen.some((s) => s.client === client && s.format === format))
      .map((format) => ({ client, format })),
  );
  const rows = Object.keys(OPERATIONS).map((action) => {
    const cells = columns.map(({ client, format }) =>
      cellOf(seen.filter((s) => s.action === action && s.client === client && s.format === format)),
    );
    const last = FULL_CLIENTS.map((client) => full.cells.get(client)?.get(action) ?? '-');
    return `| ${[action, ...cells, ...last].join(' | ')} |`;
  });
  const heads = [
    ...columns.map(({ client, format }) => `${client} ${format}`),
    ...FULL_CLIENTS.map((client) => `${client} JSON`),
  ];
  return [
    '## Which client has called what',
    '',
    '`ok`: the client has received a success; `refused`: refusals alone; a dash: it has not called the operation. `own` is',
    'the signer of this suite, in both signatures; the others are the npm packages of the public service, of which',
    '`rpc-client` sends as the provider of Terraform does; aliyungo is a Go package of Debian. They read JSON only.',
    '',
    ...sinceFullRun(full),
    '',
    `| ${['operation', ...heads].join(' | ')} |`,
    `|${'---|'.repeat(heads.length + 1)}`,
    ...rows,
    '',
  ];
}

function isOutcome(code: string, outcome: string, documented: readonly string[]): boolean {
  if (outcome === 'ok') return code === 'OK';
  if (outcome === 'MissingParameter') return /^Missing[A-Z]/.test(code);
  if (outcome === 'InvalidParameter')
    return /^Invalid[A-Z][A-Za-z0-9]*$/.test(code) && !documented.includes(code);
  return code === outcome;
}
