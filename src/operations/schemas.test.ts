import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../errors.ts';
import { OPERATIONS } from './index.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly description?: string;
  readonly 'x-error'?: string;
  readonly 'x-style'?: string;
  readonly 'x-ignore-case'?: boolean;
}

function* inside(schema: Schema): Generator<Schema> {
  yield schema;
  for (const child of Object.values(schema.properties ?? {})) yield* inside(child);
  if (schema.items !== undefined) yield* inside(schema.items);
}

describe.each([...OPERATIONS.values()].map((operation) => [operation.name, operation] as const))(
  '%s',
  (name, operation) => {
    const parameters = operation.parameters as unknown as Schema;

    it('has its name, a summary, and codes of the catalogue', () => {
      expect(operation.name).toBe(name);
      expect(operation.summary).toMatch(/^[A-Z].*\.$/);
      expect(operation.errors.filter((code) => !(code in CATALOGUE))).toEqual([]);
      expect(new Set(operation.errors).size).toBe(operation.errors.length);
    });

    it('has a description and codes for its parameters', () => {
      for (const schema of Object.values(parameters.properties ?? {})) {
        expect(schema.description).toBeTruthy();
      }
      for (const schema of inside(parameters)) {
        if (schema['x-error'] !== undefined) {
          expect(operation.errors).toContain(schema['x-error']);
        }
        if (schema.enum !== undefined) expect(schema['x-ignore-case']).toBe(true);
        if (schema['x-style'] !== undefined) expect(['flat', 'json']).toContain(schema['x-style']);
      }
    });

    it('wants a region first, and gives no Code and no RequestId of its own', () => {
      expect(Object.keys(parameters.properties ?? {})[0]).toBe('RegionId');
      const fields = Object.keys((operation.response as unknown as Schema).properties ?? {});
      expect(fields).not.toContain('Code');
      expect(fields).not.toContain('RequestId');
    });
  },
);

describe('the schema of CreateSnapshot', () => {
  const schema = OPERATIONS.get('CreateSnapshot')!.parameters;
  const check = Compile(schema);
  const good = { RegionId: 'r', DesktopId: 'd', SnapshotName: 'n1', SourceDiskType: 'system' };

  it('says the same as the handler', () => {
    const takes = (change: object) => check.Check({ ...good, ...change });
    for (const name of ['ab', '😀😀', '😀'.repeat(128), 'Auto', 'x auto']) {
      expect(takes({ SnapshotName: name })).toBe(true);
    }
    for (const name of ['a', '😀', 'auto1', 'a\nb', 'a\u0085b', '😀'.repeat(129)]) {
      expect(takes({ SnapshotName: name })).toBe(false);
    }
    expect(takes({ Description: '😀'.repeat(128) })).toBe(true);
    expect(takes({ Description: '😀'.repeat(129) })).toBe(false);
    expect(takes({ SourceDiskType: 'both' })).toBe(false);
  });
});
