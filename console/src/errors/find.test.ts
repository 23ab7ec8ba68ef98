import { expect, test } from 'vitest';
import type { ListedError } from '../described.ts';
import { find } from './find.ts';

const entry = (code: string, more: Partial<ListedError> = {}): ListedError => ({
  code,
  status: 400,
  message: `<parameter> of ${code}`,
  advice: 'a',
  operations: [],
  ...more,
});
const ERRORS = [
  entry('MissingParameter', { family: 'Missing' }),
  entry('InvalidParameter', { family: 'Invalid' }),
  entry('MissingSignature'),
];

test('a code of its own comes before its family', () => {
  expect(find(ERRORS, 'MissingSignature')?.code).toBe('MissingSignature');
  expect(find(ERRORS, 'MissingRegionId')).toMatchObject({
    code: 'MissingParameter',
    message: 'RegionId of MissingParameter',
  });
  expect(find(ERRORS, 'InvalidStartTime')?.message).toBe('StartTime of InvalidParameter');
});

test('other codes are not there', () => {
  expect(find(ERRORS, 'Missing')).toBeUndefined();
  expect(find(ERRORS, 'InvalidX.NotFound')).toBeUndefined();
  expect(find(ERRORS, 'toString')).toBeUndefined();
});
