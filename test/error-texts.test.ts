import { expect, test } from 'vitest';
import { CHINESE } from '../console/src/errors/texts.ts';
import { listErrors } from '../src/api/error-list.ts';
import { OPERATIONS } from '../src/operations/index.ts';

const errors = listErrors(OPERATIONS);
const filledIn = (text: string) => [...text.matchAll(/<\w+>/g)].map(([word]) => word).sort();

test('every code that a client can meet has its texts in Chinese, and no other has', () => {
  expect(Object.keys(CHINESE).sort()).toEqual(errors.map((one) => one.code));
});

test.each(errors)('$code: Chinese, and the same is filled in', ({ code, message, advice, causes }) => {
  const chinese = CHINESE[code]!;
  expect(filledIn(chinese.message)).toEqual(filledIn(message));
  expect(filledIn(chinese.advice)).toEqual(filledIn(advice));
  expect(filledIn(chinese.causes)).toEqual(filledIn(causes));
  for (const text of Object.values(chinese)) expect(text).toMatch(/^(<\w+>|.*\p{Script=Han}.*)$/u);
});
