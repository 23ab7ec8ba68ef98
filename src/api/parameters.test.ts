import { expect, test } from 'vitest';
import { decodeParameters, formOf, mergeParameters, queryOf } from './parameters.ts';

const decoded = (text: string, limit = 100) => {
  const into = new Map<string, string>();
  decodeParameters(text, into, limit);
  return Object.fromEntries(into);
};

test.each([
  ['', {}],
  ['&&', {}],
  ['a', { a: '' }],
  ['a=', { a: '' }],
  ['a=1=2', { a: '1=2' }],
  ['a+b=c+d%2B', { 'a b': 'c d+' }],
  ['a=%E4%B8%AD%F0%9F%98%80', { a: '中😀' }],
  ['a=1&b=2&a=1', { a: '1', b: '2' }],
  ['__proto__=1&constructor=2', { ['__proto__']: '1', constructor: '2' }],
])('decodes %j', (text, fields) => {
  expect(decoded(text)).toEqual(fields);
});

test.each([
  ['a=%', 'InvalidParameter.Encoding'],
  ['a=%zz', 'InvalidParameter.Encoding'],
  ['a=%ff', 'InvalidParameter.Encoding'],
  ['a=%C0%80', 'InvalidParameter.Encoding'],
  ['a=%ED%A0%80', 'InvalidParameter.Encoding'],
  ['=1', 'InvalidParameter.Encoding'],
  ['a=1&a=2', 'InvalidParameter.Duplicate'],
  ['a=1&%61=2', 'InvalidParameter.Duplicate'],
  [Array.from({ length: 101 }, (_, i) => `p${i}=`).join('&'), 'TooManyParameters'],
  [Array.from({ length: 101 }, () => 'p=').join('&'), 'TooManyParameters'],
])('refuses %j', (text, code) => {
  expect(() => decoded(text)).toThrow(expect.objectContaining({ code }));
});

test('refuses query and form that contradict each other', () => {
  const form = new Map([['a', '1']]);
  mergeParameters(
    form,
    new Map([
      ['a', '1'],
      ['b', '2'],
    ]),
    2,
  );
  expect(Object.fromEntries(form)).toEqual({ a: '1', b: '2' });
  expect(() => mergeParameters(form, new Map([['a', '2']]), 2)).toThrow(/stands twice/);
  expect(() => mergeParameters(form, new Map([['c', '2']]), 2)).toThrow(/more than 2/);
});

test('takes the query out of a target, raw UTF-8 too', () => {
  expect(queryOf('/')).toBe('');
  expect(queryOf('/?a=1?b#c')).toBe('a=1?b');
  expect(queryOf(`/?a=${Buffer.from('中').toString('latin1')}`)).toBe('a=中');
  expect(() => queryOf('/?a=\xff')).toThrow(/not UTF-8/);
});

test('takes only forms for a body', () => {
  const body = Buffer.from('a=1');
  expect(formOf(body, 'application/x-www-form-urlencoded; charset=utf-8', undefined)).toBe('a=1');
  expect(formOf(body, undefined, 'identity')).toBe('a=1');
  expect(formOf(Buffer.alloc(0), 'application/json', undefined)).toBe('');
  expect(() => formOf(body, 'application/json', undefined)).toThrow(/not application/);
  expect(() => formOf(body, undefined, 'gzip')).toThrow(/content encoding/);
  expect(() => formOf(Buffer.from([0xff]), undefined, undefined)).toThrow(/not UTF-8/);
});
