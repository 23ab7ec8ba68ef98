import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DataDir } from '../data-dir.ts';
import { runCli } from './testing/run-cli.ts';

const MIB = 1024 ** 2;
let work: string;
let source: string;
let big: string;
let data: string;
let count = 0;

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'oe-image-'));
  chmodSync(work, 0o755);
  // A size that is no multiple of a chunk, data at both ends, a hole, and a run of zeros that was written.
  source = sparse('source.raw', 20 * MIB + 512, [
    [0, randomBytes(100_000)],
    [5 * MIB + 1, randomBytes(3 * MIB)],
    [12 * MIB, Buffer.alloc(MIB)],
    [20 * MIB, randomBytes(512)],
  ]);
  big = sparse(
    'big.raw',
    300 * MIB,
    Array.from({ length: 300 }, (_, n) => [n * MIB, randomBytes(MIB)] as const),
  );
});
afterAll(() => rmSync(work, { recursive: true, force: true }));
beforeEach(() => {
  data = join(work, `d${++count}`);
});

function sparse(name: string, size: number, parts: readonly (readonly [number, Buffer])[]): string {
  const file = join(work, name);
  writeFileSync(file, '');
  execFileSync('truncate', ['-s', String(size), file]);
  const fd = openSync(file, 'r+');
  for (const [at, bytes] of parts) writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
  return file;
}

async function importImage(file: string, ...more: string[]): Promise<string> {
  const result = await runCli(['image', 'import', '--data', data, '--name', 'test', '--json', file, ...more]);
  expect(result).toMatchObject({ code: 0 });
  return (JSON.parse(result.stdout) as { ImageId: string }).ImageId;
}

async function imagesOf(): Promise<{ ImageId: string; Status: string }[]> {
  return JSON.parse((await runCli(['image', 'list', '--data', data, '--json'])).stdout);
}

describe('image import and vault export', () => {
  it.each(['raw', 'qcow2', 'vmdk', 'vdi'])('%s comes back byte for byte', async (format) => {
    const file = join(work, `source-${format}`);
    execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', format, source, file]);
    const id = await importImage(file);
    expect(id).toMatch(/^m-[a-z0-9]{17}$/);
    expect(await imagesOf()).toMatchObject([{ ImageId: id, Status: 'Available', Progress: '100%' }]);
    const golden = join(data, 'images', `${id}.qcow2`);
    expect(statSync(golden).mode & 0o337).toBe(0);
    expect(readdirSync(join(data, 'images'))).toEqual([`${id}.qcow2`]);

    const out = join(work, `out-${format}.raw`);
    expect((await runCli(['vault', 'export', '--data', data, '--snapshot', id, out])).code).toBe(0);
    const wanted = readFileSync(source);
    // Some formats round the size up.
    expect(readFileSync(out).subarray(0, wanted.length).equals(wanted)).toBe(true);
    expect(
      readFileSync(out)
        .subarray(wanted.length)
        .every((byte) => byte === 0),
    ).toBe(true);
    expect(statSync(out).blocks * 512).toBeLessThan(6 * MIB);
    expect(statSync(out).mode & 0o077).toBe(0);
  });

  it('exports to a stream, as qcow2, and with nothing but the vault', async () => {
    const id = await importImage(source);
    const alone = join(work, 'vault-alone');
    execFileSync('cp', ['-a', join(data, 'vault'), alone]);
    const raw = await runCli(['vault', 'export', '--vault', alone, '--snapshot', id, '-']);
    expect([raw.code, raw.stdout, raw.bytes.equals(readFileSync(source))]).toEqual([0, '', true]);
    const file = join(work, 'out.qcow2');
    expect(
      (await runCli(['vault', 'export', '--vault', alone, '--snapshot', id, '--format', 'qcow2', file])).code,
    ).toBe(0);
    execFileSync('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', file, source]);
    const stream = await runCli([
      'vault',
      'export',
      '--vault',
      alone,
      '--snapshot',
      id,
      '--format',
      'qcow2',
      '-',
    ]);
    expect(stream.bytes.subarray(0, 4).toString('latin1')).toBe('QFI\xfb');
  });

  it('leaves a file alone that is there, and leaves nothing when it fails', async () => {
    const id = await importImage(source);
    const dir = mkdtempSync(join(work, 'out-'));
    const file = join(dir, 'mine');
    writeFileSync(file, 'mine');
    const refused = await runCli(['vault', 'export', '--data', data, '--snapshot', id, file]);
    expect([refused.code, readFileSync(file, 'utf8')]).toEqual([1, 'mine']);
    damagePacks(data);
    const failed = await runCli(['vault', 'export', '--data', data, '--snapshot', id, '--force', file]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('The vault is damaged');
    expect([readdirSync(dir), readFileSync(file, 'utf8')]).toEqual([['mine'], 'mine']);
    const unknown = await runCli(['vault', 'export', '--data', data, '--snapshot', 's-none', join(dir, 'x')]);
    expect(unknown.stderr).toContain('There is no s-none');
  });
});

describe('vault stats and verify', () => {
  it('count what is there, with the data directory or the vault alone', async () => {
    const id = await importImage(source);
    const stats = JSON.parse((await runCli(['vault', 'stats', '--data', data, '--json'])).stdout);
    // 0-100 kB: 1 chunk; 3 MiB off by one: 25; the end: 1.
    expect(stats).toMatchObject({ chunks: 27, records: 1, packs: 1 });
    for (const where of [
      ['--data', data],
      ['--vault', join(data, 'vault')],
    ]) {
      const before = readdirSync(join(data, 'vault'), { recursive: true });
      const { code, stdout } = await runCli(['vault', 'verify', ...where, '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, roots: 1, records: 1, damage: [] });
      expect(readdirSync(join(data, 'vault'), { recursive: true })).toEqual(before);
    }
    damagePacks(data);
    const { code, stdout } = await runCli(['vault', 'verify', '--vault', join(data, 'vault')]);
    expect(code).toBe(1);
    expect(stdout).toContain('DAMAGED object');
    expect(stdout).toContain(`needed by ${id}`);
  });

  it('say where no vault is', async () => {
    const { code, stderr } = await runCli(['vault', 'stats', '--vault', work]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('holds no vault')]);
  });
});

describe('an import that does not end well', () => {
  it.each([
    ['names another file', () => overlay(), 'it has a backing file'],
    ['is not there', () => join(work, 'none'), 'no such file'],
    ['is empty', () => sparse('empty.raw', 0, []), 'it is empty'],
    ['is a directory', () => work, 'cannot be imported'],
  ])('because the file %s leaves nothing', async (_, file, message) => {
    const { code, stderr } = await runCli(['image', 'import', '--data', data, '--name', 'x', file()]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    await expectNothing();
  });

  it('because it is interrupted while it copies leaves nothing', async () => {
    await interruptedWhen(() => readdirSync(join(data, 'images')).some((name) => name.endsWith('.draft')));
    await expectNothing();
  });

  it('because it is interrupted while it stores leaves nothing', async () => {
    await interruptedWhen(() => readdirSync(join(data, 'images')).some((name) => name.endsWith('.qcow2')));
    await expectNothing();
    expect((await runCli(['vault', 'verify', '--data', data])).code).toBe(0);
  });

  it('leaves the image to a running service', async () => {
    const lock = DataDir.open(data, { create: true }).lockService();
    try {
      const small = sparse('small.raw', MIB, [[0, randomBytes(1000)]]);
      const stderr = await interruptedWhen(
        () => readdirSync(join(data, 'images')).some((name) => name.endsWith('.qcow2')),
        small,
      );
      expect(stderr).toContain('The running service goes on storing m-');
      expect(await imagesOf()).toMatchObject([{ Status: 'Creating' }]);
      expect(existsSync(join(data, 'vault'))).toBe(false);
    } finally {
      lock.release();
    }
  });

  it('because it was killed is swept by the next one', async () => {
    const draft = join(DataDir.open(data, { create: true }).images, '.m-abc.4194305.draft');
    writeFileSync(draft, 'half');
    await importImage(source);
    expect(existsSync(draft)).toBe(false);
  });
});

async function interruptedWhen(ready: () => boolean, file = big): Promise<string> {
  const controller = new AbortController();
  const running = runCli(['image', 'import', '--data', data, '--name', 'x', file], {
    signal: controller.signal,
  });
  let interrupted = false;
  const timer = setInterval(() => {
    if (interrupted || !existsSync(join(data, 'images')) || !ready()) return;
    interrupted = true;
    controller.abort('SIGINT');
  }, 2);
  const result = await running.finally(() => clearInterval(timer));
  expect(interrupted).toBe(true);
  expect(result.code).toBe(130);
  return result.stderr;
}

async function expectNothing(): Promise<void> {
  expect(readdirSync(join(data, 'images'))).toEqual([]);
  expect(await imagesOf()).toEqual([]);
  expect(DataDir.open(data, { create: false }).isServed()).toBe(false);
}

function overlay(): string {
  const file = join(work, 'overlay.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', source, file]);
  return file;
}

/** Changes a byte in the middle of every pack. */
function damagePacks(dir: string): void {
  const packs = join(dir, 'vault/packs');
  for (const name of readdirSync(packs, { recursive: true, encoding: 'utf8' })) {
    const path = join(packs, name);
    if (!statSync(path).isFile()) continue;
    chmodSync(path, 0o600);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 0xff;
    writeFileSync(path, bytes);
  }
}
