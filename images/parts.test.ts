/** Parts of the image build that need no packages: reading ELF files, writing cpio archives. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cpio, directory, file, link } from './cpio.ts';
import { neededLibraries } from './elf.ts';

test('the libraries of a program are those its loader would load', () => {
  const needed = neededLibraries(readFileSync(process.execPath));
  expect(needed).toContain('libc.so.6');
  expect(needed.every((name) => /^[\w.+-]+\.so[\w.]*$/.test(name))).toBe(true);
});

test('what is no ELF file needs nothing', () => {
  expect(neededLibraries(Buffer.from('#!/bin/sh\n'))).toEqual([]);
  expect(neededLibraries(Buffer.alloc(200))).toEqual([]);
});

/** Reads a newc archive back. */
function read(archive: Buffer): { path: string; mode: number; content: string }[] {
  const entries = [];
  for (let at = 0; ; ) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const field = (index: number) =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const path = archive.toString('utf8', at + 110, at + 110 + nameSize - 1);
    const content = (at + 110 + nameSize + 3) & ~3;
    if (path === 'TRAILER!!!') return entries;
    entries.push({ path, mode, content: archive.toString('utf8', content, content + size) });
    at = (content + size + 3) & ~3;
  }
}

test('an archive holds its entries, aligned, and the same content makes the same bytes', () => {
  const make = () => cpio([directory('bin'), file('bin/a', Buffer.from('abcde')), link('bin/b', 'a')]);
  expect(read(make())).toEqual([
    { path: 'bin', mode: 0o040755, content: '' },
    { path: 'bin/a', mode: 0o100755, content: 'abcde' },
    { path: 'bin/b', mode: 0o120777, content: 'a' },
  ]);
  expect(make().equals(make())).toBe(true);
});
