import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { detectQemu, surveyQemu } from './detect.ts';
import { imgCheck, imgConvert, imgCreate, imgInfo } from './img.ts';
import { probeImport } from './import-probe.ts';
import { tryKvm } from './kvm.ts';

const MiB = 1024 * 1024;
let dir: string;
const at = (name: string): string => join(dir, name);
const tool = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'img-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('qemu-img', () => {
  test('makes layers with sub-clusters over a backing file it does not open', async () => {
    await imgCreate({ file: at('top'), sizeBytes: 100 * MiB, backingFile: at('not-there') });
    const info = await imgInfo(at('top'), { format: 'qcow2' });
    expect(info).toMatchObject({
      format: 'qcow2',
      virtualBytes: 100 * MiB,
      clusterBytes: 128 * 1024,
      backingFile: at('not-there'),
      backingFormat: 'qcow2',
      dataFile: null,
    });
    expect(tool('qemu-img', 'info', at('top'))).toContain('extended l2: true');
  });

  test('refuses a target that exists and leaves it; removes one it could not make', async () => {
    writeFileSync(at('mine'), 'precious');
    await expect(imgCreate({ file: at('mine'), sizeBytes: MiB })).rejects.toThrow(/EEXIST/);
    expect(readFileSync(at('mine'), 'utf8')).toBe('precious');
    await expect(imgCreate({ file: at('bad'), sizeBytes: MiB, clusterBytes: 3 })).rejects.toMatchObject({
      code: 'Qemu.CommandFailed',
    });
    expect(existsSync(at('bad'))).toBe(false);
  });

  test('converts with progress; an abort leaves no target', async () => {
    writeFileSync(at('raw'), Buffer.alloc(64 * MiB, 'content '));
    const shares: number[] = [];
    const onProgress = (share: number): void => void shares.push(share);
    await imgConvert({ source: at('raw'), sourceFormat: 'raw', target: at('a'), onProgress });
    expect(shares.at(-1)).toBe(1);
    await imgConvert({ source: at('a'), target: at('back'), targetFormat: 'raw' });
    expect(readFileSync(at('back')).equals(readFileSync(at('raw')))).toBe(true);
    const signal = AbortSignal.timeout(1);
    const aborted = imgConvert({
      source: at('raw'),
      sourceFormat: 'raw',
      target: at('b'),
      compress: true,
      signal,
    });
    await expect(aborted).rejects.toMatchObject({ code: 'Cancelled' });
    expect(existsSync(at('b'))).toBe(false);
  });

  test('checks: clean, damaged, not an image', async () => {
    await imgCreate({ file: at('a'), sizeBytes: 64 * MiB });
    tool('qemu-io', '-f', 'qcow2', '-c', 'write -P 1 0 8M', at('a'));
    expect(await imgCheck(at('a'))).toEqual({ errors: 0, leaks: 0, checkErrors: 0 });
    truncateSync(at('a'), 2 * MiB);
    const damaged = await imgCheck(at('a'));
    expect(damaged.errors).toBeGreaterThan(0);
    writeFileSync(at('b'), 'no image');
    await expect(imgCheck(at('b'))).rejects.toMatchObject({ code: 'Qemu.CommandFailed' });
  });
});

describe('an image from outside', () => {
  test.each(['qcow2', 'raw', 'vmdk', 'vdi', 'vpc', 'vhdx', 'qed', 'parallels'])(
    '%s is known',
    async (format) => {
      tool('qemu-img', 'create', '-q', '-f', format, at('x'), '16M');
      const info = await probeImport(at('x'));
      expect(info.format).toBe(format);
      expect(info.virtualBytes).toBeGreaterThanOrEqual(16 * MiB);
    },
  );

  test('one that names other files of the host is refused', async () => {
    writeFileSync(at('secret'), Buffer.alloc(MiB, 'secret'));
    tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', at('secret'), at('backing'));
    tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', `data_file=${at('secret')}`, at('data'), '1M');
    tool('qemu-img', 'create', '-q', '-f', 'vmdk', '-o', 'subformat=monolithicFlat', at('flat'), '1M');
    tool('qemu-img', 'create', '-q', '-f', 'vmdk', at('parent'), '1M');
    tool('qemu-img', 'create', '-q', '-f', 'vmdk', '-F', 'vmdk', '-b', at('parent'), at('child'));
    for (const [name, reason] of [
      ['backing', /backing file/],
      ['data', /data file/],
      ['flat', /description of other files/],
      ['child', /backing file/],
    ] as const) {
      const probing = probeImport(at(name));
      await expect(probing).rejects.toMatchObject({ code: 'InvalidParameter' });
      await expect(probing).rejects.toThrow(reason);
    }
  });

  test('nothing, a directory, an empty file and a broken header are refused', async () => {
    writeFileSync(at('empty'), '');
    writeFileSync(
      at('broken'),
      Buffer.concat([Buffer.from('QFI\xfb\0\0\0\x03', 'latin1'), Buffer.alloc(200)]),
    );
    for (const name of ['missing', '.', 'empty', 'broken']) {
      await expect(probeImport(at(name))).rejects.toMatchObject({ code: 'InvalidParameter' });
    }
  });
});

describe('detecting QEMU', () => {
  test('finds what is here and tries KVM instead of assuming it', async () => {
    const found = await detectQemu({ user: { uid: 64155, gid: 64155 } });
    for (const program of [found.system, found.img, found.storageDaemon]) {
      expect(program.path).toMatch(/^\//);
      expect(program.version).toMatch(/^\d+\.\d+/);
    }
    expect(found.problems).toEqual([]);
    expect(found.kvm.reason).not.toBe('');
    if (!existsSync('/dev/kvm')) expect(found.kvm.state).toBe('absent');
  });

  test('the guest that KVM is tried with boots in software', async () => {
    writeFileSync(at('device'), '');
    const { state, reason } = await tryKvm('qemu-system-x86_64', undefined, at('device'));
    expect(['usable', 'broken']).toContain(state);
    expect(reason).not.toContain('software');
  });

  test('says everything that is missing at once', async () => {
    const survey = await surveyQemu({ path: [dir] });
    expect(survey.system).toBeNull();
    expect(survey.problems).toHaveLength(3);
    await expect(detectQemu({ path: [dir] })).rejects.toThrow(
      /qemu-img is not installed; qemu-storage-daemon/,
    );
  });

  test('an old version is a problem', async () => {
    writeFileSync(at('qemu-img'), '#!/bin/sh\necho "qemu-img version 6.2.0 (Debian)"\n', { mode: 0o755 });
    const survey = await surveyQemu({ path: [dir, '/usr/bin', '/usr/local/bin'] });
    expect(survey.problems).toEqual([expect.stringContaining('version 6.2.0, 7.2 or newer')]);
  });
});
