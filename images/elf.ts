/**
 * Which shared libraries a 64-bit little-endian ELF file needs, read from its dynamic section: no binutils on the machine.
 *
 * Invariant: a file that is no such ELF file needs nothing.
 */
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;

/** Names such as `libc.so.6`. */
export function neededLibraries(elf: Buffer): string[] {
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2) return [];
  const table = Number(elf.readBigUInt64LE(32));
  const size = elf.readUInt16LE(54);
  const headers = Array.from({ length: elf.readUInt16LE(56) }, (_, index) => {
    const at = table + index * size;
    return {
      type: elf.readUInt32LE(at),
      offset: Number(elf.readBigUInt64LE(at + 8)),
      address: Number(elf.readBigUInt64LE(at + 16)),
      length: Number(elf.readBigUInt64LE(at + 32)),
    };
  });
  const dynamic = headers.find((header) => header.type === PT_DYNAMIC);
  if (!dynamic) return [];
  const entries = Array.from({ length: dynamic.length / 16 }, (_, index) => {
    const at = dynamic.offset + index * 16;
    return { tag: elf.readBigUInt64LE(at), value: Number(elf.readBigUInt64LE(at + 8)) };
  });
  const strings = entries.find((entry) => entry.tag === DT_STRTAB)?.value;
  const holder = headers.find(
    (header) =>
      header.type === PT_LOAD &&
      strings !== undefined &&
      strings >= header.address &&
      strings < header.address + header.length,
  );
  if (strings === undefined || !holder) return [];
  const base = strings - holder.address + holder.offset;
  return entries
    .filter((entry) => entry.tag === DT_NEEDED)
    .map(({ value }) => elf.toString('latin1', base + value, elf.indexOf(0, base + value)));
}
