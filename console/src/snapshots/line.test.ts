import { expect, test } from 'vitest';
import { type Held, lineOf, MOST_MARKS } from './line.ts';

const snapshot = (hour: number, more: Partial<Held> = {}): Held => ({
  SnapshotId: `s-${hour}`,
  SnapshotName: `of ${hour}`,
  SnapshotType: 'USER',
  Status: 'ACCOMPLISHED',
  CreationTime: new Date(Date.UTC(2026, 10, 24, hour)).toISOString().replace('.000', ''),
  StoredBytes: 1000,
  ...more,
});

test('each stands where its time is, and is as tall as what it added', () => {
  const line = lineOf([
    snapshot(12, { StoredBytes: 1_000_000 }),
    snapshot(6, { SnapshotType: 'AUTO', StoredBytes: 1000 }),
    snapshot(3, { Status: 'FAILED', StoredBytes: 0 }),
    snapshot(0),
  ])!;
  expect(line.first).toBe('2026-11-24T00:00:00Z');
  expect(line.last).toBe('2026-11-24T12:00:00Z');
  expect(line.marks.map((mark) => mark.at)).toEqual([0, 0.25, 0.5, 1]);
  expect(line.marks.map((mark) => mark.automatic)).toEqual([false, false, true, false]);
  expect(line.marks.map((mark) => mark.failed)).toEqual([false, true, false, false]);
  const [first, failed, middle, last] = line.marks.map((mark) => mark.height);
  expect(first).toBe(middle);
  expect(failed).toBe(0.15);
  expect(last).toBe(1);
  expect(middle! > failed! && middle! < last!).toBe(true);
});

test('one alone stands in the middle, none has no line', () => {
  expect(lineOf([])).toBeUndefined();
  expect(lineOf([snapshot(1)])!.marks[0]!.at).toBe(0.5);
});

test('of very many the newest are drawn', () => {
  const line = lineOf(Array.from({ length: MOST_MARKS + 7 }, (_, at) => snapshot(-at)))!;
  expect(line.marks).toHaveLength(MOST_MARKS);
  expect(line.older).toBe(7);
  expect(line.marks.at(-1)!.id).toBe('s-0');
});
