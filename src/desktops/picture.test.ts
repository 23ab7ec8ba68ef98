import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parsePpm, shrink, toPng } from './picture.ts';

const ppm = (width: number, height: number, pixels: Buffer) =>
  Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]);
/** Red to the left of the middle, blue to the right. */
const halves = (width: number, height: number) =>
  Buffer.concat(
    Array.from({ length: width * height }, (_, at) =>
      Buffer.from(at % width < width / 2 ? [200, 0, 10] : [0, 0, 200]),
    ),
  );

describe('a picture of QEMU', () => {
  it('is read with its size', () => {
    const picture = parsePpm(ppm(4, 2, halves(4, 2)));
    expect(picture).toMatchObject({ width: 4, height: 2 });
    expect([...picture.pixels.subarray(6, 9)]).toEqual([0, 0, 200]);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['another format', Buffer.from('P5\n1 1\n255\nx')],
    ['no pixels', ppm(4, 2, Buffer.alloc(0))],
    ['too few pixels', ppm(4, 2, Buffer.alloc(23))],
    ['too many pixels', ppm(4, 2, Buffer.alloc(25))],
    ['no width', ppm(0, 2, Buffer.alloc(0))],
    ['more than can be', ppm(99_999, 99_999, Buffer.alloc(24))],
  ])('that is %s is refused', (_, file) => {
    expect(() => parsePpm(file)).toThrow(/screendump/);
  });
});

describe('a smaller picture', () => {
  it('keeps its shape and its colours', () => {
    const small = shrink({ width: 640, height: 400, pixels: halves(640, 400) }, 32);
    expect(small).toMatchObject({ width: 32, height: 20 });
    expect(small.pixels).toEqual(halves(32, 20));
  });

  it('is the same one if it fits', () => {
    const picture = { width: 32, height: 20, pixels: halves(32, 20) };
    expect(shrink(picture, 32)).toBe(picture);
  });

  it('has the mean of what it leaves out', () => {
    const pixels = Buffer.concat([Buffer.from([0, 0, 0]), Buffer.from([100, 50, 20])]);
    expect([...shrink({ width: 2, height: 1, pixels }, 1).pixels]).toEqual([50, 25, 10]);
  });

  it('of any shape has a pixel each way, and reads no other', () => {
    for (const [width, height] of [
      [5000, 1],
      [1, 5000],
      [1281, 17],
    ] as const) {
      const small = shrink({ width, height, pixels: Buffer.alloc(width * height * 3, 7) }, 16);
      expect(Math.min(small.width, small.height)).toBeGreaterThan(0);
      expect(small.pixels.every((byte) => byte === 7)).toBe(true);
    }
  });
});

it('a PNG holds the pixels, line by line', async () => {
  const pixels = halves(4, 3);
  const png = await toPng({ width: 4, height: 3, pixels });
  expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([4, 3]);
  const length = png.readUInt32BE(33);
  expect(png.toString('latin1', 37, 41)).toBe('IDAT');
  const lines = inflateSync(png.subarray(41, 41 + length));
  for (let y = 0; y < 3; y++) {
    expect(lines[y * 13]).toBe(0);
    expect(lines.subarray(y * 13 + 1, (y + 1) * 13)).toEqual(pixels.subarray(y * 12, (y + 1) * 12));
  }
});
