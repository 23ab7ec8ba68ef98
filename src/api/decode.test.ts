import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { parameterDecoder, type WireSchema } from './decode.ts';

const Tag = Type.Object({ Key: Type.String({ maxLength: 20 }), Value: Type.Optional(Type.String()) });
const schema = Type.Object({
  RegionId: Type.String(),
  SnapshotName: Type.Optional(
    Type.String({
      minLength: 2,
      maxLength: 5,
      pattern: '^[^\\u0000-\\u001f]*$',
      'x-error': 'InvalidSnapshotName.Malformed',
    }),
  ),
  SourceDiskType: Type.Optional(
    Type.Union([Type.Literal('system'), Type.Literal('data')], {
      'x-ignore-case': true,
      'x-error': 'InvalidSourceDiskType.Malformed',
    }),
  ),
  SnapshotType: Type.Optional(Type.Enum(['all', 'auto', 'user'])),
  MaxResults: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, default: 100, 'x-error': 'InvalidMaxResults' }),
  ),
  Ratio: Type.Optional(Type.Number({ maximum: 1 })),
  StopDesktop: Type.Optional(Type.Boolean()),
  SnapshotId: Type.Optional(Type.Array(Type.String({ maxLength: 8 }), { maxItems: 3 })),
  Tag: Type.Optional(Type.Array(Tag, { maxItems: 2 })),
  Bundle: Type.Optional(Type.Array(Type.Object({ EndUserIds: Type.Array(Type.String()) }))),
  Timer: Type.Optional(
    Type.Object({ UseDuration: Type.Integer(), On: Type.Optional(Type.Boolean()) }, { 'x-style': 'flat' }),
  ),
  Attach: Type.Optional(
    Type.Object({ ImageId: Type.String(), Size: Type.Optional(Type.Integer()) }, { 'x-style': 'json' }),
  ),
});
const decoder = parameterDecoder(schema as unknown as WireSchema);
const decode = (fields: Record<string, string>) =>
  decoder(new Map(Object.entries({ RegionId: 'r', ...fields })));
const refusal = (fields: Record<string, string>) => {
  try {
    decode(fields);
  } catch (error) {
    return (error as { publicCode: string }).publicCode;
  }
  return 'accepted';
};

describe('scalars', () => {
  test('are typed, defaults filled in, unknown and empty ones left out', () => {
    expect(
      decode({
        SourceDiskType: 'SYSTEM',
        StopDesktop: 'True',
        Ratio: '0.5',
        SnapshotType: 'auto',
        Nonsense: '1',
        SnapshotName: '',
      }),
    ).toEqual({
      RegionId: 'r',
      SourceDiskType: 'system',
      StopDesktop: true,
      Ratio: 0.5,
      SnapshotType: 'auto',
      MaxResults: 100,
    });
  });

  test('count Unicode characters', () => {
    expect(decode({ SnapshotName: '😀😀😀😀😀' })['SnapshotName']).toBe('😀😀😀😀😀');
    expect(refusal({ SnapshotName: '😀😀😀😀😀😀' })).toBe('InvalidSnapshotName.Malformed');
    expect(refusal({ SnapshotName: '😀' })).toBe('InvalidSnapshotName.Malformed');
  });

  test.each([
    [{ RegionId: '' }, 'MissingRegionId'],
    [{ SnapshotName: 'a\tb' }, 'InvalidSnapshotName.Malformed'],
    [{ SourceDiskType: 'disk' }, 'InvalidSourceDiskType.Malformed'],
    [{ SnapshotType: 'AUTO' }, 'InvalidSnapshotType'],
    [{ MaxResults: '0' }, 'InvalidMaxResults'],
    [{ MaxResults: '101' }, 'InvalidMaxResults'],
    [{ MaxResults: '1.5' }, 'InvalidMaxResults'],
    [{ MaxResults: '1e1' }, 'InvalidMaxResults'],
    [{ MaxResults: '0x10' }, 'InvalidMaxResults'],
    [{ MaxResults: '99999999999999999999' }, 'InvalidMaxResults'],
    [{ Ratio: 'NaN' }, 'InvalidRatio'],
    [{ StopDesktop: '1' }, 'InvalidStopDesktop'],
  ])('refuse %j', (fields, code) => {
    expect(refusal(fields)).toBe(code);
  });

  test('say the limits in the advice', () => {
    expect(() => decode({ MaxResults: '0' })).toThrow(
      expect.objectContaining({ advice: 'Use a whole number from 1 to 100.' }),
    );
  });
});

describe('lists', () => {
  test.each([
    [{ 'SnapshotId.1': 'a', 'SnapshotId.2': 'b' }, ['a', 'b']],
    [{ 'SnapshotId.10': 'c', 'SnapshotId.2': 'b', 'SnapshotId.0': 'a' }, ['a', 'b', 'c']],
    [{ 'SnapshotId.1': '', 'SnapshotId.7': 'b' }, ['b']],
    [{ SnapshotId: 's-1' }, ['s-1']],
    [{ SnapshotId: '["s-1","s-2"]' }, ['s-1', 's-2']],
    [{ SnapshotId: '' }, undefined],
    [{ SnapshotId: '[]' }, undefined],
    [{ 'SnapshotId.x': 'a' }, undefined],
  ])('of %j', (fields, list) => {
    expect(decode(fields)['SnapshotId']).toEqual(list);
  });

  test.each([
    [{ SnapshotId: '["s-1"' }, 'InvalidSnapshotId'],
    [{ SnapshotId: 'a', 'SnapshotId.1': 'b' }, 'InvalidSnapshotId'],
    [{ 'SnapshotId.1': 'a', 'SnapshotId.01': 'b' }, 'InvalidSnapshotId'],
    [{ SnapshotId: '["a","b","c","d"]' }, 'InvalidSnapshotId'],
    [{ 'SnapshotId.1': 'too long a name' }, 'InvalidSnapshotId'],
    [{ Tag: 'k' }, 'InvalidTag'],
    [{ 'Tag.1.Value': 'v' }, 'MissingTag.1.Key'],
    [{ Tag: '['.repeat(100_000) }, 'InvalidTag'],
    [{ Tag: `${'['.repeat(50)}${']'.repeat(50)}` }, 'InvalidTag'],
    [{ Timer: 'x' }, 'InvalidTimer'],
    [{ Attach: '{"Size":1}' }, 'MissingAttach.ImageId'],
    [{ Attach: '{"ImageId":"m-1","Size":"x"}' }, 'InvalidAttach'],
  ])('and objects refuse %j', (fields, code) => {
    expect(refusal(fields)).toBe(code);
  });

  test('hold objects and lists', () => {
    const tags = [{ Key: 'k', Value: 'v' }, { Key: 'l' }];
    expect(decode({ 'Tag.1.Key': 'k', 'Tag.1.Value': 'v', 'Tag.3.Key': 'l' })['Tag']).toEqual(tags);
    expect(decode({ Tag: JSON.stringify(tags) })['Tag']).toEqual(tags);
    expect(decode({ 'Bundle.1.EndUserIds.1': 'a', 'Bundle.1.EndUserIds.2': 'b' })['Bundle']).toEqual([
      { EndUserIds: ['a', 'b'] },
    ]);
  });
});

test('objects come flat or as JSON', () => {
  expect(decode({ 'Timer.UseDuration': '120', 'Timer.On': 'false' })['Timer']).toEqual({
    UseDuration: 120,
    On: false,
  });
  expect(decode({ Attach: '{"ImageId":"m-1","Size":5,"__proto__":{"x":1}}' })['Attach']).toEqual({
    ImageId: 'm-1',
    Size: 5,
  });
});

test('a name of endless depth costs nothing', () => {
  expect(decode({ [`Tag${'.1'.repeat(200_000)}`]: 'x' })).toEqual({ RegionId: 'r', MaxResults: 100 });
});

test('what is flattened is decoded again', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }).filter((t) => [...t].length <= 8);
  const value = fc.record(
    {
      MaxResults: fc.integer({ min: 1, max: 100 }),
      StopDesktop: fc.boolean(),
      SnapshotId: fc.array(text, { minLength: 1, maxLength: 3 }),
      Tag: fc.array(fc.record({ Key: text, Value: text }, { requiredKeys: ['Key'] }), {
        minLength: 1,
        maxLength: 2,
      }),
      Bundle: fc.array(fc.record({ EndUserIds: fc.array(text, { minLength: 1, maxLength: 3 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
    },
    { requiredKeys: ['MaxResults'] },
  );
  fc.assert(
    fc.property(value, (parameters) => {
      fc.pre(!(parameters.SnapshotId ?? []).some((t) => t.startsWith('[')));
      expect(decode(flatten(parameters))).toEqual({ RegionId: 'r', ...parameters });
    }),
    { numRuns: 1000 },
  );
});

function flatten(value: unknown, name = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null) return { [name]: String(value) };
  const entries = Array.isArray(value) ? value.map((v, i) => [String(i + 1), v]) : Object.entries(value);
  const parts = entries.map(([k, v]) => flatten(v, name === '' ? String(k) : `${name}.${k}`));
  return Object.assign({}, ...parts) as Record<string, string>;
}
