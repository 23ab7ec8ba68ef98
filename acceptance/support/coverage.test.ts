import { expect, test } from 'vitest';
import { coverageTable, isWhole, type Seen } from './coverage.ts';
import { OPERATIONS } from './operations.ts';

const seen = (action: string, code: string, format: Seen['format'] = 'JSON'): Seen => ({
  action,
  code,
  format,
});
const row = (table: string, start: string) =>
  table.split('\n').find((line) => line.startsWith(`| ${start} |`));

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

test('a run is whole when every operation has succeeded and has been refused', () => {
  const refused = Object.keys(OPERATIONS).map((action) => seen(action, 'MissingRegionId'));
  const all = [...Object.keys(OPERATIONS).map((action) => seen(action, 'OK')), ...refused];
  expect(isWhole(all)).toBe(true);
  expect(isWhole(all.slice(0, -1))).toBe(false);
  expect(isWhole(all.slice(1))).toBe(false);
  expect(isWhole([...all.slice(1), seen(all[0]!.action, 'MissingRegionId')])).toBe(false);
});
