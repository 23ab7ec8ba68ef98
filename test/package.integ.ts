/** The npm package: made, installed into an empty folder, and used there as anybody would who has no checkout. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchLeft } from '../acceptance/support/search.ts';
import { notePrinted } from '../acceptance/support/secrets.ts';

const ROOT = resolve(import.meta.dirname, '..');
const exec = promisify(execFile);
const ENV = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
let work: string;
let home: string;
let data: string;
let service: ChildProcess | undefined;
/** All that the service and the commands have written, but the key that one of them prints. */
let said = '';

const openecd = (...words: string[]) =>
  exec(join(home, 'node_modules/.bin/openecd'), words, { env: ENV, cwd: work, timeout: 60_000 });
const npm = (...words: string[]) =>
  exec('npm', [...words, '--ignore-scripts', '--no-audit', '--no-fund'], {
    env: ENV,
    cwd: home,
    timeout: 110_000,
  });

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'oe-pack-'));
  // QEMU's own user passes through it.
  chmodSync(work, 0o755);
  home = join(work, 'home');
  data = join(work, 'd');
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{"private":true}');
  const { stdout } = await exec(process.execPath, [join(ROOT, 'scripts/pack.mjs'), '--out', work], {
    env: ENV,
  });
  const file = stdout.trim().split('\n').at(-1)!;
  expect(readdirSync(work).filter((name) => name.endsWith('.tgz'))).toEqual([file.slice(work.length + 1)]);
  await npm('install', '--prefer-offline', file);
}, 240_000);

afterAll(async () => {
  if (service?.exitCode === null && service.signalCode === null) {
    service.kill('SIGKILL');
    await new Promise((done) => service!.once('close', done));
  }
  try {
    if (service !== undefined) await searchLeft(data, [['what it said', said]]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

test('it holds JavaScript only, no tests, and the tested versions of production dependencies only', () => {
  const installed = join(home, 'node_modules/openecd');
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => /\.ts$|\.(test|integ|e2e)\.|testing|fixtures/.test(file))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining(['src/snapshots/scan-worker.js', 'images/guest/rcS', 'LICENSE']),
  );
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const there = JSON.parse(readFileSync(join(home, 'node_modules/.package-lock.json'), 'utf8')).packages;
  delete there['node_modules/openecd'];
  const versions = Object.entries<{ version: string }>(there).map(([path, { version }]) => [
    path.replace('node_modules/openecd/', ''),
    version,
  ]);
  expect(versions.length).toBeGreaterThan(20);
  for (const [path, version] of versions)
    expect([path, lock[path!].dev, version]).toEqual([path, undefined, lock[path!].version]);
});

test('every module of it loads, those too that no command of this test needs', async () => {
  const script = `import { readdirSync } from 'node:fs';
    const root = process.argv[1];
    for (const dir of ['src', 'images'])
      for (const file of readdirSync(root + '/' + dir, { recursive: true }))
        if (/\\.js$/.test(file) && !/(^|\\/)(main|scan-worker)\\.js$/.test(file)) await import(root + '/' + dir + '/' + file);
    console.log('all loaded');`;
  const args = ['--input-type=module', '-e', script, join(home, 'node_modules/openecd')];
  expect((await exec(process.execPath, args, { cwd: work, timeout: 60_000 })).stdout).toBe('all loaded\n');
});

test('help, a key, a service that answers a signed call and stores an image, and its end', async () => {
  expect((await openecd('--help')).stdout).toContain('image build-demo');
  const made = await openecd('key', 'create', '--data', data, '--json');
  notePrinted(made.stdout);
  said += made.stderr;
  const key = JSON.parse(made.stdout);
  expect(Object.keys(key)).toEqual(['AccessKeyId', 'AccessKeySecret']);

  const child = spawn(
    join(home, 'node_modules/.bin/openecd'),
    ['serve', '--data', data, '--listen', '127.0.0.1:0'],
    { env: ENV, cwd: work, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  service = child;
  for (const stream of [child.stderr, child.stdout]) stream.on('data', (chunk) => (said += chunk));
  const line = await new Promise<string>((done, fail) => {
    child.stdout.once('data', (chunk) => done(String(chunk)));
    child.once('close', (code) => fail(new Error(`it ended with ${code}: ${said}`)));
  });
  const url = /^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(line)![1]!;

  const env = {
    ...ENV,
    ALIBABA_CLOUD_ACCESS_KEY_ID: key.AccessKeyId,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: key.AccessKeySecret,
  };
  const bin = join(home, 'node_modules/.bin/openecd');
  const call = (more: NodeJS.ProcessEnv) =>
    exec(bin, ['call', 'DescribeRegions', '--endpoint', url], { env: { ...env, ...more }, timeout: 30_000 });
  expect(JSON.parse((await call({})).stdout)).toMatchObject({ Regions: [{ RegionId: 'cn-hangzhou' }] });
  await expect(call({ ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'wrong' })).rejects.toMatchObject({
    stderr: expect.stringContaining('SignatureDoesNotMatch'),
  });

  // An import is read, hashed and compressed in worker threads: files of the package that nothing else loads.
  const disk = join(work, 'disk.raw');
  writeFileSync(disk, Buffer.alloc(3 << 20, 7));
  const { ImageId } = JSON.parse(
    (await openecd('image', 'import', '--data', data, '--name', 'x', '--json', disk)).stdout,
  );
  const copy = join(work, 'copy.raw');
  await openecd('vault', 'export', '--data', data, '--snapshot', ImageId, copy);
  expect(readFileSync(copy).equals(readFileSync(disk))).toBe(true);

  const ended = new Promise((done) => child.once('close', done));
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(existsSync(join(data, 'endpoint'))).toBe(false);
});
