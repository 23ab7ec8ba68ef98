/**
 * Pictures: read as QEMU writes them, made smaller, and packed as PNG. Pure functions.
 *
 * Invariants: a picture is as large as its pixels say, whatever its header claims; what it is made smaller to keeps its
 * shape and has one pixel each way at least; the work grows with the small picture, not with the large one.
 */
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';
import { EcdError } from '../errors.ts';

/** `pixels` holds red, green and blue of each, line after line. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Buffer;
}

const HEADER = /^P6\s(\d{1,5})\s(\d{1,5})\s255\s/;
const HEADER_BYTES = 32;
/** Pixels of the large picture that one of the small one is the mean of, each way at most. */
const SAMPLES = 3;

/** Reads a PPM file. Throws Qemu.CommandFailed when it is none. */
export function parsePpm(file: Buffer): Picture {
  const header = HEADER.exec(file.toString('latin1', 0, HEADER_BYTES));
  const [width, height] = [Number(header?.[1] ?? 0), Number(header?.[2] ?? 0)];
  const pixels = file.subarray(header?.[0].length ?? 0);
  if (width === 0 || height === 0 || pixels.length !== width * height * 3)
    throw new EcdError('Qemu.CommandFailed', { command: 'screendump', reason: 'it made no picture' });
  return { width, height, pixels };
}

/** The picture in a square of `side` pixels; the same one if it fits. */
export function shrink(picture: Picture, side: number): Picture {
  const scale = Math.max(picture.width, picture.height) / side;
  if (scale <= 1) return picture;
  const width = Math.max(1, Math.round(picture.width / scale));
  const height = Math.max(1, Math.round(picture.height / scale));
  const across = spots(picture.width, width);
  const down = spots(picture.height, height);
  const pixels = Buffer.allocUnsafe(width * height * 3);
  let to = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let [red, green, blue] = [0, 0, 0];
      for (const line of down[y]!)
        for (const column of across[x]!) {
          const from = (line * picture.width + column) * 3;
          red += picture.pixels[from]!;
          green += picture.pixels[from + 1]!;
          blue += picture.pixels[from + 2]!;
        }
      const count = down[y]!.length * across[x]!.length;
      pixels[to++] = red / count;
      pixels[to++] = green / count;
      pixels[to++] = blue / count;
    }
  return { width, height, pixels };
}

/** For each of `small` places, the places of `large` to look at. */
function spots(large: number, small: number): readonly (readonly number[])[] {
  return Array.from({ length: small }, (_, at) => {
    const from = (at * large) / small;
    const to = ((at + 1) * large) / small;
    const count = Math.max(1, Math.min(SAMPLES, Math.floor(to - from)));
    return Array.from({ length: count }, (_, one) =>
      Math.min(large - 1, Math.floor(from + ((one + 0.5) * (to - from)) / count)),
    );
  });
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Packs it as PNG. */
export async function toPng({ width, height, pixels }: Picture): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits of red, green and blue each.
  header.set([8, 2, 0, 0, 0], 8);
  const stride = width * 3;
  // Each line begins with the way it is filtered: 0, as it is.
  const lines = Buffer.alloc(height * (stride + 1));
  for (let y = 0; y < height; y++) pixels.copy(lines, y * (stride + 1) + 1, y * stride, (y + 1) * stride);
  const packed = await promisify(deflate)(lines);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', packed),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
