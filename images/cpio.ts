/**
 * A "newc" cpio archive, the format of an initial RAM disk.
 *
 * Invariants: all owned by root, time 0, in the order given: the same content makes the same bytes.
 */

export interface CpioEntry {
  /** Path without a leading slash. */
  readonly path: string;
  /** Type and permission bits, such as 0o100755. */
  readonly mode: number;
  /** Content of a file, target of a link, empty for a directory. */
  readonly content: Buffer;
}

/** A directory. */
export const directory = (path: string): CpioEntry => ({ path, mode: 0o040755, content: Buffer.alloc(0) });
/** An executable file. */
export const file = (path: string, content: Buffer): CpioEntry => ({ path, mode: 0o100755, content });
/** A symbolic link. */
export const link = (path: string, target: string): CpioEntry => ({
  path,
  mode: 0o120777,
  content: Buffer.from(target),
});

/** The archive's bytes. */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer) => {
    parts.push(part);
    length += part.length;
    const rest = -length & 3;
    parts.push(Buffer.alloc(rest));
    length += rest;
  };
  const trailer: CpioEntry = { path: 'TRAILER!!!', mode: 0, content: Buffer.alloc(0) };
  [...entries, trailer].forEach((entry, index) => {
    const name = Buffer.from(`${entry.path}\0`);
    const links = entry.mode >> 12 === 4 ? 2 : 1;
    const fields = [index + 1, entry.mode, 0, 0, links, 0, entry.content.length, 0, 0, 0, 0, name.length, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
    add(Buffer.concat([Buffer.from(header), name]));
    add(entry.content);
  });
  return Buffer.concat(parts);
}
