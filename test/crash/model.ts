/**
 * What a disk must hold, sector by sector.
 *
 * Invariants: every write of these tests fills whole sectors with one byte, so that a disk is one byte a sector; where a
 * write was begun and its flush not yet acknowledged, the sector may hold any byte that was on its way.
 */

/** Name of the image that every desktop is made of at first. */
export const IMAGE = 'test';

export const SECTOR = 512;
const PIECE = 64 * 1024;

export interface Write {
  readonly offset: number;
  readonly length: number;
  /** 0: zeros (written as such, or discarded). */
  readonly byte: number;
}

export class Model {
  readonly #bytes: Uint8Array;
  /** Bytes that a sector may hold besides its own. */
  readonly #maybe: Map<number, Set<number>>;

  private constructor(bytes: Uint8Array, maybe: Map<number, Set<number>>) {
    this.#bytes = bytes;
    this.#maybe = maybe;
  }

  static zeros(sizeBytes: number): Model {
    return new Model(new Uint8Array(sizeBytes / SECTOR), new Map());
  }

  get sizeBytes(): number {
    return this.#bytes.length * SECTOR;
  }

  clone(): Model {
    return new Model(this.#bytes.slice(), new Map([...this.#maybe].map(([at, set]) => [at, new Set(set)])));
  }

  /** The write is on the disk. */
  apply({ offset, length, byte }: Write): void {
    const [from, to] = [offset / SECTOR, (offset + length) / SECTOR];
    this.#bytes.fill(byte, from, to);
    if (this.#maybe.size > 0) for (let at = from; at < to; at++) this.#maybe.delete(at);
  }

  /** The write may be on the disk, whole or in part. */
  allow({ offset, length, byte }: Write): void {
    for (let at = offset / SECTOR; at < (offset + length) / SECTOR; at++) {
      const set = this.#maybe.get(at) ?? new Set();
      this.#maybe.set(at, set.add(byte));
    }
  }

  /** Where a disk is not what it must be; null when it is. */
  mismatch(disk: Buffer): string | null {
    if (disk.length !== this.sizeBytes) return `it has ${disk.length} bytes`;
    const wanted = this.#toBuffer();
    for (let at = 0; at < disk.length; at += PIECE) {
      const end = Math.min(at + PIECE, disk.length);
      if (disk.compare(wanted, at, end, at, end) === 0) continue;
      for (let sector = at / SECTOR; sector < end / SECTOR; sector++) {
        const wrong = this.#wrongSector(disk.subarray(sector * SECTOR, (sector + 1) * SECTOR), sector);
        if (wrong !== null) return wrong;
      }
    }
    return null;
  }

  /** Throws when a disk is not what it must be. */
  verify(disk: Buffer, what: string): void {
    const wrong = this.mismatch(disk);
    if (wrong !== null) throw new Error(`${what}: ${wrong}`);
  }

  #wrongSector(data: Buffer, sector: number): string | null {
    const byte = data[0]!;
    const whole = data.every((each) => each === byte);
    const want = this.#bytes[sector]!;
    if (whole && (byte === want || this.#maybe.get(sector)?.has(byte) === true)) return null;
    const found = whole ? String(byte) : `${byte} and others`;
    const allowed = [want, ...(this.#maybe.get(sector) ?? [])].join(' or ');
    return `the sector at ${sector * SECTOR} holds ${found}, not ${allowed}`;
  }

  #toBuffer(): Buffer {
    const disk = Buffer.alloc(this.sizeBytes);
    for (let from = 0, to = 0; from < this.#bytes.length; from = to) {
      const byte = this.#bytes[from]!;
      while (this.#bytes[to] === byte) to++;
      if (byte !== 0) disk.fill(byte, from * SECTOR, to * SECTOR);
    }
    return disk;
  }
}

/** A small reproducible source of numbers in [0, below). */
export function numbers(seed: number): (below: number) => number {
  let state = (seed * 2654435761 + 1013904223) | 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
