/**
 * Cuts a byte stream into lines and reads them as JSON, with a bound on everything the peer decides.
 *
 * Invariants: never more than `maxBytes` of an unfinished line are held; a longer line is dropped whole and reported
 * once; JSON nested deeper than `maxDepth` is refused before it is parsed; how the stream was split into chunks never
 * changes the result.
 */

const NEWLINE = 0x0a;

export interface Framed {
  /** Whole lines without their end, empty ones left out. */
  readonly lines: Buffer[];
  /** True when a line over the bound was dropped. */
  readonly overflow: boolean;
}

export class LineFramer {
  readonly #maxBytes: number;
  readonly #resetByte: number;
  #parts: Buffer[] = [];
  #held = 0;
  #skipping = false;

  /** `resetByte`: a byte that no JSON holds (0xFF); what stood before it on its line is forgotten. */
  constructor(maxBytes: number, resetByte = -1) {
    this.#maxBytes = maxBytes;
    this.#resetByte = resetByte;
  }

  push(chunk: Buffer): Framed {
    const lines: Buffer[] = [];
    let overflow = false;
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline < 0 ? chunk.length : newline;
      const reset = this.#resetByte < 0 ? -1 : chunk.subarray(start, end).lastIndexOf(this.#resetByte);
      if (reset >= 0) {
        this.#forget();
        start += reset + 1;
      }
      if (!this.#skipping && this.#held + end - start > this.#maxBytes) {
        this.#forget();
        this.#skipping = true;
        overflow = true;
      }
      if (!this.#skipping && end > start) {
        this.#parts.push(chunk.subarray(start, end));
        this.#held += end - start;
      }
      if (newline < 0) break;
      if (!this.#skipping && this.#held > 0)
        lines.push(this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts));
      this.#forget();
      start = newline + 1;
    }
    return { lines, overflow };
  }

  #forget(): void {
    this.#parts = [];
    this.#held = 0;
    this.#skipping = false;
  }
}

export type JsonObject = { readonly [key: string]: unknown };

/** A JSON object, or null when the line is no JSON, no object, or nested deeper than `maxDepth`. */
export function parseObject(line: Buffer, maxDepth: number): JsonObject | null {
  if (depthOf(line, maxDepth) > maxDepth) return null;
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How deep objects and arrays are nested, without parsing; stops counting just above `limit`. */
export function depthOf(line: Buffer, limit: number): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < line.length; i++) {
    const byte = line[i];
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) deepest = depth;
      if (deepest > limit) return deepest;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return deepest;
}
