import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDir } from './data-dir.ts';
import type { EcdError } from './errors.ts';

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'oe-'));
  chmodSync(work, 0o755);
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('a data directory', () => {
  it('is made with all folders above it passable and the catalogue private, whatever the umask', () => {
    const before = process.umask(0o077);
    try {
      const dir = DataDir.open(join(work, 'a/b'), { create: true });
      for (const path of [join(work, 'a'), dir.path, dir.images, dir.disks, dir.run])
        expect(modeOf(path)).toBe(0o711);
      expect(modeOf(dir.catalogue)).toBe(0o600);
      expect(modeOf(work)).toBe(0o755);
    } finally {
      process.umask(before);
    }
  });

  it('is opened again, and keeps the mode its administrator gave it', () => {
    const { path } = DataDir.open(join(work, 'd'), { create: true });
    chmodSync(path, 0o750);
    DataDir.open(path, { create: true });
    expect(modeOf(path)).toBe(0o750);
    expect(DataDir.open(path, { create: false }).path).toBe(path);
  });

  it('never takes over a directory that holds something else', () => {
    writeFileSync(join(work, 'thesis.tex'), '');
    expect(() => DataDir.open(work, { create: true })).toThrow('it holds something else');
    expect(modeOf(work)).toBe(0o755);
    expect(existsSync(join(work, 'catalogue.db'))).toBe(false);
    rmSync(join(work, 'thesis.tex'));
    mkdirSync(join(work, 'disks/d-1'), { recursive: true });
    expect(() => DataDir.open(work, { create: true })).toThrow('it holds something else');
    rmSync(join(work, 'disks/d-1'), { recursive: true });
    writeFileSync(join(work, 'settings.json'), '{}');
    expect(DataDir.open(work, { create: true }).path).toBe(work);
  });

  it.each([
    ['missing', () => join(work, 'none'), false, 'it does not exist'],
    ['empty', () => work, false, 'it holds no catalogue'],
    ['a file', () => file('f'), true, 'is no directory'],
    ['below a file', () => join(file('f'), 'd'), true, 'is no directory'],
    ['too long', () => join(work, 'x'.repeat(80)), true, 'sockets below it allow'],
    ['in a read-only file system', () => '/proc/openecd', true, 'cannot be used'],
  ])('that is %s is refused with words', (_, path, create, message) => {
    const open = () => DataDir.open(path(), { create });
    expect(open).toThrow(message);
    expect(open).toThrow(expect.objectContaining({ code: 'DataDir.Unusable' }));
    try {
      open();
    } catch (error) {
      expect((error as EcdError).advice).not.toBe('');
    }
  });

  it('takes the longest path whose sockets still fit', () => {
    const room = 107 - Buffer.byteLength(`${work}//run/${'x'.repeat(22)}/qmp`);
    expect(DataDir.open(join(work, 'x'.repeat(room)), { create: true }).run).toContain('x'.repeat(room));
    expect(() => DataDir.open(join(work, 'x'.repeat(room + 1)), { create: true })).toThrow(
      'sockets below it',
    );
  });

  it('says who cannot pass through what', () => {
    const other = { uid: 54_321, gid: 54_321 };
    const inner = join(work, 'inner');
    const dir = DataDir.open(join(inner, 'd'), { create: true });
    expect(dir.blockedFor(other)).toBeNull();
    chmodSync(inner, 0o700);
    expect(dir.blockedFor(other)).toBe(inner);
    expect(() => dir.checkPassable(other, 'box')).toThrow(`the user box, who cannot pass through ${inner}`);
    expect(dir.blockedFor({ uid: 0, gid: 0 })).toBeNull();
    expect(dir.blockedFor({ uid: process.getuid!(), gid: 1 })).toBeNull();
    chmodSync(inner, 0o710);
    expect(dir.blockedFor({ uid: 54_321, gid: process.getgid!() })).toBeNull();
  });

  it('remembers where its vault lies', () => {
    const dir = DataDir.open(join(work, 'd'), { create: true });
    expect(dir.vault).toBe(join(dir.path, 'vault'));
    dir.vault = '/elsewhere/vault';
    expect(DataDir.open(dir.path, { create: false }).vault).toBe('/elsewhere/vault');
  });
});

describe('the service lock', () => {
  it('is held once in one process, and given back', () => {
    const dir = DataDir.open(join(work, 'd'), { create: true });
    expect(dir.isServed()).toBe(false);
    const lock = dir.lockService();
    expect(dir.isServed()).toBe(true);
    expect(() => DataDir.open(dir.path, { create: false }).lockService()).toThrow(`(process ${process.pid})`);
    lock.release();
    lock.release();
    expect(dir.isServed()).toBe(false);
    dir.lockService().release();
  });

  it('names the process that holds it, and is free the moment that is killed', async () => {
    const dir = DataDir.open(join(work, 'd'), { create: true });
    const script = `const { DataDir } = await import(${JSON.stringify(join(import.meta.dirname, 'data-dir.ts'))});
      DataDir.open(process.argv[1], { create: false }).lockService();
      globalThis.gc();
      process.stdout.write('held');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script, dir.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      expect(dir.isServed()).toBe(true);
      const taken = () => dir.lockService();
      expect(taken).toThrow(
        expect.objectContaining({ code: 'Service.Locked', details: { path: dir.path, pid: child.pid } }),
      );
    } finally {
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    }
    expect(dir.isServed()).toBe(false);
    dir.lockService().release();
  });

  it('goes to one of many that want it at the same moment', async () => {
    const dir = DataDir.open(join(work, 'd'), { create: true });
    const script = `const { DataDir } = await import(${JSON.stringify(join(import.meta.dirname, 'data-dir.ts'))});
      process.stdout.write('ready');
      for await (const _ of process.stdin) {}
      try { DataDir.open(process.argv[1], { create: false }).lockService(); process.stdout.write('held'); }
      catch (error) { process.stdout.write(error.code); }
      setTimeout(() => process.exit(), 1500);`;
    const children = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir.path], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.on('data', (chunk) => (text += chunk));
      const ready = new Promise((resolve) => child.stdout.once('data', resolve));
      return {
        child,
        ready,
        ended: new Promise<string>((resolve) => child.once('close', () => resolve(text.slice(5)))),
      };
    });
    await Promise.all(children.map(({ ready }) => ready));
    for (const { child } of children) child.stdin.end();
    const results = await Promise.all(children.map(({ ended }) => ended));
    expect(results.sort()).toEqual(['Service.Locked', 'Service.Locked', 'Service.Locked', 'held']);
  });
});

function file(name: string): string {
  const path = join(work, name);
  writeFileSync(path, '');
  return path;
}
