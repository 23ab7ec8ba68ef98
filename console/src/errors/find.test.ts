import { expect, test } from 'vitest';
import type { ListedError } from '../described.ts';
import { find } from './find.ts';
import { textOf } from './texts.ts';

const entry = (code: string, more: Partial<ListedError> = {}): ListedError => ({
  code,
  status: 400,
  message: `<parameter> of ${code}`,
  advice: 'a',
  causes: 'c',
  operations: [],
  ...more,
});
const ERRORS = [
  entry('MissingParameter', { family: 'Missing' }),
  entry('InvalidParameter', { family: 'Invalid' }),
  entry('MissingSignature'),
];

test('a code of its own comes before its family', () => {
  expect(find(ERRORS, 'MissingSignature')).toEqual({ error: ERRORS[2] });
  expect(find(ERRORS, 'MissingRegionId')).toEqual({ error: ERRORS[0], parameter: 'RegionId' });
  const { error, parameter } = find(ERRORS, 'InvalidStartTime')!;
  expect(textOf(error, 'en', parameter).message).toBe('StartTime of InvalidParameter');
  expect(textOf(error, 'zh', parameter).message).toBe('参数 StartTime 无效。<reason>');
});

test('other codes are not there', () => {
  expect(find(ERRORS, 'Missing')).toBeUndefined();
  expect(find(ERRORS, 'InvalidX.NotFound')).toBeUndefined();
  expect(find(ERRORS, 'toString')).toBeUndefined();
});
