import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { depthOf, LineFramer, parseObject } from './framing.ts';

/** Cuts a buffer at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, [...at, bytes.length][i]));
}

/** The same rules, said on the whole stream at once. */
function expected(stream: Buffer, max: number, reset: boolean): { lines: string[]; overflows: number } {
  const lines: string[] = [];
  let overflows = 0;
  const pieces = stream.toString('latin1').split('\n');
  pieces.forEach((piece, i) => {
    const parts = reset ? piece.split('\xff') : [piece];
    overflows += parts.filter((part) => part.length > max).length;
    const last = parts.at(-1)!;
    if (i < pieces.length - 1 && last.length > 0 && last.length <= max) lines.push(last);
  });
  return { lines, overflows };
}

describe('LineFramer', () => {
  const byte = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(0x0a, 0xff) },
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 255 }) },
  );
  const stream = fc.array(byte, { maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const places = fc.array(fc.nat(200), { maxLength: 20 });

  test('cuts lines the same, however the stream was split', () => {
    fc.assert(
      fc.property(stream, places, fc.integer({ min: 1, max: 30 }), (bytes, at, max) => {
        const framer = new LineFramer(max);
        const framed = cut(bytes, at).map((chunk) => framer.push(chunk));
        const want = expected(bytes, max, false);
        expect(framed.flatMap((each) => each.lines.map((line) => line.toString('latin1')))).toEqual(
          want.lines,
        );
        expect(framed.some((each) => each.overflow)).toBe(want.overflows > 0);
      }),
    );
  });

  test('forgets what stood before the reset byte, split anywhere', () => {
    fc.assert(
      fc.property(stream, places, (bytes, at) => {
        const framer = new LineFramer(1000, 0xff);
        const framed = cut(bytes, at).map((chunk) => framer.push(chunk));
        const want = expected(bytes, 1000, true);
        expect(framed.flatMap((each) => each.lines.map((line) => line.toString('latin1')))).toEqual(
          want.lines,
        );
      }),
    );
  });

  test('reports a long line once, drops it, and reads the next one', () => {
    const framer = new LineFramer(10);
    expect(framer.push(Buffer.from('x'.repeat(11)))).toEqual({ lines: [], overflow: true });
    expect(framer.push(Buffer.from('x'.repeat(50)))).toEqual({ lines: [], overflow: false });
    expect(framer.push(Buffer.from('y\n{"a":1}\n'))).toEqual({
      lines: [Buffer.from('{"a":1}')],
      overflow: false,
    });
  });
});

describe('parseObject', () => {
  test('gives every object back', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        expect(parseObject(Buffer.from(text), 1000)).toEqual(JSON.parse(text));
      }),
    );
  });

  test('never throws, and gives objects only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const value = parseObject(Buffer.from(bytes), 32);
        expect(value === null || (typeof value === 'object' && !Array.isArray(value))).toBe(true);
      }),
    );
    for (const text of ['', '[]', '1', 'null', '"{}"', '{', '{"a":}']) {
      expect(parseObject(Buffer.from(text), 32)).toBeNull();
    }
  });

  test('refuses nesting over the bound before parsing; brackets in strings do not count', () => {
    const nested = (depth: number): Buffer =>
      Buffer.from(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`);
    expect(parseObject(nested(32), 32)).not.toBeNull();
    expect(parseObject(nested(33), 32)).toBeNull();
    expect(parseObject(Buffer.from(JSON.stringify({ a: `\\"${'['.repeat(100)}` })), 1)).not.toBeNull();
    expect(depthOf(Buffer.from('['.repeat(1_000_000)), 32)).toBe(33);
  });
});
