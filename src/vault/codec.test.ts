import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CODEC_RAW,
  CODEC_ZSTD,
  chunkName,
  decode,
  encodeChunk,
  encodePage,
  isZero,
  objectName,
  ZERO_NAME,
} from './codec.ts';

test('an object comes back as it was, and one changed bit of it never does', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), fc.nat(), fc.nat(7), (bytes, at, bit) => {
      const raw = Buffer.from(bytes);
      const encoded = encodeChunk(raw);
      expect(decode(encoded).equals(raw)).toBe(true);
      const data = Buffer.from(encoded.data);
      data[at % data.length]! ^= 1 << bit;
      let read: Buffer | null = null;
      try {
        read = decode({ ...encoded, data });
      } catch (error) {
        expect(error).toMatchObject({ code: 'Vault.Damaged' });
      }
      // Some bits of a compressed frame mean nothing: then the content is right.
      if (read !== null) expect(read.equals(raw)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('compression is used only where it shrinks', () => {
  const noise = Buffer.from(Array.from({ length: 4096 }, (_, i) => Math.imul(i + 7, 2654435761) >>> 11));
  expect(encodeChunk(Buffer.alloc(4096, 'text ')).codec).toBe(CODEC_ZSTD);
  const encoded = encodeChunk(noise.subarray(0, 64));
  expect([encoded.codec, encoded.data.length]).toEqual([CODEC_RAW, 64]);
});

test('the same bytes as a chunk and as a page have different names', () => {
  const bytes = Buffer.alloc(8192, 7);
  expect(encodeChunk(bytes).name.equals(encodePage(bytes).name)).toBe(false);
  expect(() => decode({ ...encodeChunk(bytes), type: 'p' })).toThrow(/another content/);
});

test('zeros are found at every length, and one bit among them at every place', () => {
  for (const length of [0, 1, 511, 131_072, 262_144, 262_145, 600_000]) {
    const data = Buffer.alloc(length);
    expect(isZero(data)).toBe(true);
    for (const at of [0, length >> 1, length - 1].filter((i) => i >= 0 && i < length)) {
      data[at] = 1;
      expect(isZero(data)).toBe(false);
      data[at] = 0;
    }
  }
  expect(chunkName(Buffer.alloc(131_072))).toEqual(ZERO_NAME);
});

test('names are what the format says', () => {
  expect(objectName('c', Buffer.from('abc')).toString('hex')).toBe(
    // printf cabc | sha256sum
    'a6d89baf01ac02637da09835b28485b2db68576834d01869fc15e36b124c617c',
  );
});

test('a bomb does not get more memory than it says, and an unknown codec is refused', () => {
  const bomb = encodeChunk(Buffer.alloc(10_000_000, 1));
  expect(() => decode({ ...bomb, rawLength: 1000 })).toThrow(/does not decompress/);
  expect(() => decode({ ...bomb, codec: 9 })).toThrow(/codec 9/);
});
