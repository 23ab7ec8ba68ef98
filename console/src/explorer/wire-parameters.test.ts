import { expect, test } from 'vitest';
import type { Parameter } from '../described.ts';
import { flatten } from './wire-parameters.ts';

const text: Parameter = { name: 'A', schema: { type: 'string' } };
const lines: Parameter = {
  name: 'Id',
  style: 'repeatList',
  schema: { type: 'array', items: { type: 'string' } },
};
const tags: Parameter = {
  name: 'Tag',
  style: 'repeatList',
  schema: { type: 'array', items: { type: 'object', properties: { Key: {}, Value: {} } } },
};
const flat: Parameter = { name: 'F', style: 'flat', schema: { type: 'object' } };
const json: Parameter = { name: 'J', style: 'json', schema: { type: 'object' } };

test.each<[string, Parameter, string, Record<string, string>]>([
  ['a text as it is', text, ' a b ', { A: ' a b ' }],
  ['nothing of an empty field', text, '', {}],
  ['a line each, without empty ones', lines, 'x\n\ny z', { 'Id.1': 'x', 'Id.2': 'y z' }],
  [
    'objects of a list',
    tags,
    '[{"Key":"k","Value":"v"},{"Key":"n"}]',
    { 'Tag.1.Key': 'k', 'Tag.1.Value': 'v', 'Tag.2.Key': 'n' },
  ],
  ['an object by its keys', flat, '{"a":1,"b":{"c":[true]}}', { 'F.a': '1', 'F.b.c.1': 'true' }],
  ['an object that is sent as JSON', json, '{ "a": 1 }', { J: '{ "a": 1 }' }],
])('sends %s', (_, parameter, form, sent) => {
  expect(flatten([parameter], { [parameter.name]: form })).toEqual({ parameters: sent, faults: {} });
});

test('names what cannot be read, and sends the rest', () => {
  const form = { A: 'a', Tag: '{"Key":"k"}', F: '{' };
  expect(flatten([text, tags, flat], form)).toEqual({
    parameters: { A: 'a' },
    faults: { Tag: 'notArray', F: 'notJson' },
  });
});
