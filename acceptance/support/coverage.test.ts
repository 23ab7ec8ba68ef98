import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { coverageTable, isWhole, writeCoverage } from './coverage.ts';
import { OPERATIONS } from './operations.ts';
import { CLIENTS, type ClientName, COVERAGE_DIR, FULL_CLIENTS, noteSeen, type Seen } from './seen.ts';

const seen = (
  action: string,
  code: string,
  format: Seen['format'] = 'JSON',
  client: ClientName = 'own V3',
): Seen => ({ action, code, format, client });
const row = (table: string, start: string) =>
  table.split('\n').find((line) => line.startsWith(`| ${start} |`));

const temporary = () => mkdtempSync(join(tmpdir(), 'openecd-coverage-test-'));
const before = process.env[COVERAGE_DIR];
afterEach(() => {
  if (before === undefined) delete process.env[COVERAGE_DIR];
  else process.env[COVERAGE_DIR] = before;
});

/** All that a whole run sees at least. */
const ACTIONS = Object.keys(OPERATIONS);
const WHOLE = [
  ...ACTIONS.map((action) => seen(action, 'OK')),
  ...ACTIONS.map((action) => seen(action, 'MissingRegionId')),
  ...CLIENTS.map((client) => seen('DescribeRegions', 'OK', 'JSON', client)),
];

test('the table says what was received, in which format, and nothing else', () => {
  const table = coverageTable([
    seen('DescribeSnapshots', 'OK'),
    seen('DescribeSnapshots', 'OK', 'XML'),
    seen('DescribeSnapshots', 'InvalidStartTime', 'XML'),
    seen('CreateSnapshot', 'MissingSnapshotName'),
    seen('StopDesktops', 'InternalError'),
    seen('Unknown', 'OK'),
  ]);
  expect(row(table, 'DescribeSnapshots | ok')).toBe('| DescribeSnapshots | ok | yes | yes |');
  expect(row(table, 'DescribeSnapshots | InvalidParameter')).toBe(
    '| DescribeSnapshots | InvalidParameter | - | yes |',
  );
  expect(row(table, 'DescribeSnapshots | InvalidMaxResults')).toBe(
    '| DescribeSnapshots | InvalidMaxResults | - | - |',
  );
  expect(row(table, 'CreateSnapshot | MissingParameter')).toBe(
    '| CreateSnapshot | MissingParameter | yes | - |',
  );
  expect(row(table, 'StopDesktops | ok')).toBe('| StopDesktops | ok | - | - |');
  expect(table).not.toContain('Unknown');
  expect(table).toMatch(/^3 of \d+ outcomes seen\.$/m);
});

test('the second table says what each client has received, by format', () => {
  const table = coverageTable([
    seen('DescribeSnapshots', 'OK', 'JSON', 'rpc-client'),
    seen('DescribeSnapshots', 'InvalidMaxResults', 'JSON', 'rpc-client'),
    seen('DescribeSnapshots', 'InvalidMaxResults', 'JSON', 'pop-core GET'),
    seen('CreateSnapshot', 'OK', 'XML', 'own V1'),
  ]);
  const clients = table.slice(table.indexOf('## Which client'));
  expect(row(clients, 'operation')).toBe(
    `| operation | own V1 XML | pop-core GET JSON | rpc-client JSON | ${FULL_CLIENTS.join(' JSON | ')} JSON |`,
  );
  expect(row(clients, 'DescribeSnapshots')).toBe('| DescribeSnapshots | - | refused | ok | - | - | - | - |');
  expect(row(clients, 'CreateSnapshot')).toBe('| CreateSnapshot | ok | - | - | - | - | - | - |');
  expect(row(clients, 'StopDesktops')).toBe('| StopDesktops | - | - | - | - | - | - | - |');
  expect(clients).toContain('no full run (`npm run test:full`) has filled them yet');
  expect(clients.split('\n').filter((line) => /^\| [A-Z]/.test(line))).toHaveLength(ACTIONS.length);
});

test('a run is whole when every operation has succeeded and was refused, and every client has called', () => {
  expect(isWhole(WHOLE)).toBe(true);
  // The first operation is the one that every client calls.
  for (const left of WHOLE.keys())
    if (left > 0) expect(isWhole(WHOLE.toSpliced(left, 1))).toBe(left === ACTIONS.length * 2);
  expect(isWhole([...WHOLE.slice(1), seen(WHOLE[1]!.action, 'MissingRegionId')])).toBe(true);
});

test('a run of a part leaves the file as it is, a whole one writes it', () => {
  const [folder, notes] = [temporary(), temporary()];
  const file = join(folder, 'COVERAGE.md');
  process.env[COVERAGE_DIR] = notes;
  try {
    for (const one of WHOLE.slice(0, -1)) noteSeen(one);
    expect(writeCoverage(notes, file, '2026-01-02')).toBe(false);
    expect(existsSync(file)).toBe(false);
    noteSeen(WHOLE.at(-1)!);
    writeFileSync(join(notes, 'another-process.jsonl'), '');
    expect(writeCoverage(notes, file, '2026-01-02')).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(coverageTable(WHOLE));
  } finally {
    for (const made of [folder, notes]) rmSync(made, { recursive: true });
  }
});

test('the columns of the full tier stay as they are, with their day, until another full run', () => {
  const [folder, notes] = [temporary(), temporary()];
  const file = join(folder, 'COVERAGE.md');
  const write = (day: string, ...more: Seen[]) => {
    writeFileSync(join(notes, 'x.jsonl'), [...WHOLE, ...more].map((one) => JSON.stringify(one)).join('\n'));
    expect(writeCoverage(notes, file, day)).toBe(true);
    return readFileSync(file, 'utf8');
  };
  const last = (text: string, action: string) =>
    row(text.slice(text.indexOf('## Which client')), action)
      ?.split(' | ')
      .slice(-4)
      .join(' ');
  const [one, two, three, four] = FULL_CLIENTS;
  try {
    expect(last(write('2026-01-01', seen('StopDesktops', 'OK', 'JSON', one)), 'StopDesktops')).toBe(
      '- - - - |',
    );
    const all = FULL_CLIENTS.map((client) => seen('DescribeRegions', 'OK', 'JSON', client));
    const refused = seen('StopDesktops', 'InvalidDesktopId.NotFound', 'JSON', two);
    const full = write('2026-01-02', ...all, refused, seen('StopDesktops', 'OK', 'JSON', three));
    expect(full).toContain('are of the run of 2026-01-02, ');
    expect([last(full, 'DescribeRegions'), last(full, 'StopDesktops')]).toEqual([
      'ok ok ok ok |',
      '- refused ok - |',
    ]);
    expect(write('2026-01-03')).toBe(full);
    const again = write('2026-01-04', ...all);
    expect(again).toContain('are of the run of 2026-01-04, ');
    expect(last(again, 'StopDesktops')).toBe('- - - - |');
    writeFileSync(file, again.replaceAll(`${four} JSON`, 'gone'));
    expect(() => write('2026-01-05')).toThrow(`no column of ${four}`);
  } finally {
    for (const made of [folder, notes]) rmSync(made, { recursive: true });
  }
});
