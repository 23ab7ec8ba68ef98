import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord, isRecordId } from './record.ts';
import { parseRoot, rootKey } from './root.ts';

test('records come back, are plain JSON, and no changed bit goes unseen', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.json()), fc.nat(), fc.nat(7), (record, at, bit) => {
      const bytes = encodeRecord('s-1', record);
      expect(decodeRecord('s-1', bytes)).toEqual(record);
      expect(JSON.parse(bytes.toString()).record).toEqual(record);
      const bad = Buffer.from(bytes);
      bad[at % bad.length]! ^= 1 << bit;
      let read: object | null = null;
      try {
        read = decodeRecord('s-1', bad);
      } catch (error) {
        expect((error as { code: string }).code).toMatch(/^Vault\.(Damaged|FormatUnknown)$/);
      }
      if (read !== null) expect(read).toEqual(record);
    }),
    { numRuns: 150 },
  );
});

test('a record that is cut off, renamed or of a newer format is refused', () => {
  const bytes = encodeRecord('s-1', { a: 1 });
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeRecord('s-1', bytes.subarray(0, length))).toThrow(/record s-1/);
  }
  expect(() => decodeRecord('s-2', bytes)).toThrow(/says it is s-1/);
  const newer = Buffer.from(bytes.toString().replace('"format":1', '"format":2'));
  expect(() => decodeRecord('s-1', newer)).toThrow(expect.objectContaining({ code: 'Vault.FormatUnknown' }));
});

test('an id is a safe file name', () => {
  expect(['s-abc', 'image.1', 'A_b'].every(isRecordId)).toBe(true);
  expect(['', '.', '..', 'a/b', '../x', '-a', 'x.tmp', 'a\0', 'x'.repeat(129)].some(isRecordId)).toBe(false);
});

test('a root and its text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.maxSafeNat(), (name, size) => {
      const root = { name: Buffer.from(name), size };
      expect(parseRoot(rootKey(root))).toEqual(root);
    }),
  );
  for (const text of ['', 'ab:1', `${'0'.repeat(64)}:`, `${'0'.repeat(64)}:-1`, `${'g'.repeat(64)}:1`]) {
    expect(() => parseRoot(text)).toThrow(/is no root/);
  }
});
