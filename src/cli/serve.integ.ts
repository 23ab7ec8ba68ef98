import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { searchLeft } from '../../acceptance/support/search.ts';
import { notePem, type Place } from '../../acceptance/support/secrets.ts';
import { runCli } from './testing/run-cli.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
let work: string;
let data: string;
let running: ChildProcess[];
/** What each of them has written. */
let outputs: { stdout: string; stderr: string }[];
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'oe-serve-'));
  chmodSync(work, 0o755);
  data = join(work, 'd');
  running = [];
  outputs = [];
});
afterEach(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
  }
  try {
    const said = outputs.flatMap((each) => Object.entries(each)) satisfies Place[];
    const vault = join(work, 'vault');
    if (said.length > 0) await searchLeft(data, said, existsSync(vault) ? vault : undefined);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

function start(...words: string[]) {
  const child = spawn(process.execPath, [MAIN, 'serve', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const output = { stdout: '', stderr: '' };
  outputs.push(output);
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended, output };
}

/** What a service says that does not start. */
async function refused(...words: string[]) {
  const { ended, output } = start(...words);
  return { code: await ended, ...output };
}

/** Starts the service on a free port and waits until it says that it listens. */
async function serve(...more: string[]) {
  const { child, ended, output } = start('--data', data, '--listen', '127.0.0.1:0', ...more);
  for (const deadline = Date.now() + 30_000; !output.stdout.includes('\n'); ) {
    if (Date.now() > deadline || child.exitCode !== null)
      throw new Error(`it did not start: ${output.stderr}`);
    await sleep(50);
  }
  return { child, ended, output, url: /^listening on (https?:\/\/\S+)\n$/.exec(output.stdout)?.[1] };
}

describe('openecd serve', () => {
  it('makes one administrator key, answers, sees keys change, stores images, and ends cleanly', async () => {
    const { child, ended, output, url } = await serve('--region', 'cn-a', '--region', 'cn-b');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const keyFile = join(data, 'admin-key.json');
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const key = JSON.parse(readFileSync(keyFile, 'utf8'));
    expect(Object.keys(key)).toEqual(['AccessKeyId', 'AccessKeySecret']);
    expect(output.stderr).toContain(keyFile);
    expect(output.stderr).toContain('the vault lies on the same device as the disks');

    const regions = await runCli(['call', 'DescribeRegions', '--data', data]);
    expect(regions.stderr).toBe('');
    expect(JSON.parse(regions.stdout).Regions.map((one: { RegionId: string }) => one.RegionId)).toEqual([
      'cn-a',
      'cn-b',
    ]);

    const second = JSON.parse((await runCli(['key', 'create', '--data', data, '--json'])).stdout);
    const env = {
      ALIBABA_CLOUD_ACCESS_KEY_ID: second.AccessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: second.AccessKeySecret,
      ALIBABA_CLOUD_ENDPOINT: url!,
    };
    expect((await runCli(['call', 'DescribeRegions'], { env })).code).toBe(0);
    expect((await runCli(['key', 'disable', '--data', data, second.AccessKeyId])).code).toBe(0);
    await sleep(1100);
    const refused = await runCli(['call', 'DescribeRegions'], { env });
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('InvalidAccessKeyId.Inactive'),
    ]);
    await runCli(['key', 'enable', '--data', data, second.AccessKeyId]);
    await sleep(1100);
    expect((await runCli(['call', 'DescribeRegions'], { env })).code).toBe(0);

    const image = join(work, 'image.raw');
    writeFileSync(image, Buffer.alloc(1024 * 1024, 7));
    const imported = await runCli(['image', 'import', '--data', data, '--name', 'x', '--json', image]);
    expect(imported.code).toBe(0);
    const { ImageId } = JSON.parse(imported.stdout);
    const exported = await runCli(['vault', 'export', '--data', data, '--snapshot', ImageId, '-']);
    expect(exported.bytes.equals(readFileSync(image))).toBe(true);

    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(existsSync(join(data, 'endpoint'))).toBe(false);
    const again = await serve();
    expect(JSON.parse(readFileSync(keyFile, 'utf8'))).toEqual(key);
    again.child.kill('SIGINT');
    expect(await again.ended).toBe(0);
  });

  it('makes no key where there is one, and runs once for a data directory', async () => {
    expect((await runCli(['key', 'create', '--data', data])).code).toBe(0);
    const { child } = await serve();
    expect(existsSync(join(data, 'admin-key.json'))).toBe(false);
    const second = await refused('--data', data, '--listen', '127.0.0.1:0');
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toContain(`in use by another service (process ${child.pid})`);
  });

  it('remembers a vault that was named once', async () => {
    const vault = join(work, 'vault');
    const first = await serve('--vault', vault);
    first.child.kill('SIGTERM');
    await first.ended;
    const next = await serve();
    next.child.kill('SIGTERM');
    await next.ended;
    expect(existsSync(join(data, 'vault'))).toBe(false);
    expect(JSON.parse((await runCli(['vault', 'stats', '--data', data, '--json'])).stdout).path).toBe(vault);
  });

  it('does not begin with an empty vault in the place of its own', async () => {
    const first = await serve();
    first.child.kill('SIGTERM');
    await first.ended;
    const mountPoint = join(work, 'mount-point');
    mkdirSync(mountPoint);
    const { code, stdout, stderr } = await refused('--data', data, '--vault', mountPoint);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('mount the file system that holds it');
    expect(readdirSync(mountPoint)).toEqual([]);
    const again = await serve();
    again.child.kill('SIGTERM');
    await again.ended;
  });

  it('speaks TLS with a certificate of `tls init`, which clients trust by its authority', async () => {
    const tls = join(work, 'tls');
    const made = await runCli([
      'tls',
      'init',
      '--out',
      tls,
      '--host',
      'box.example',
      '--host',
      '10.1.2.3',
      '--json',
    ]);
    expect(JSON.parse(made.stdout).hosts).toEqual([
      'localhost',
      '127.0.0.1',
      '::1',
      hostname(),
      'box.example',
      '10.1.2.3',
    ]);
    for (const name of ['ca-key.pem', 'server-key.pem'])
      expect(statSync(join(tls, name)).mode & 0o777).toBe(0o600);
    for (const host of ['box.example', 'localhost'])
      execFileSync('openssl', [
        'verify',
        '-verify_hostname',
        host,
        '-CAfile',
        join(tls, 'ca.pem'),
        join(tls, 'server.pem'),
      ]);
    const again = await runCli(['tls', 'init', '--out', tls]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is there already')]);

    notePem(readFileSync(join(tls, 'server-key.pem'), 'utf8'));
    const { url } = await serve(
      '--tls-cert',
      join(tls, 'server.pem'),
      '--tls-key',
      join(tls, 'server-key.pem'),
    );
    expect(url).toMatch(/^https:/);
    const distrusted = await runCli(['call', 'DescribeRegions', '--data', data]);
    expect([distrusted.code, distrusted.stderr]).toEqual([1, expect.stringContaining('certificate')]);
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(tls, 'ca.pem') };
    const stdout = await new Promise<string>((resolve, reject) =>
      execFile(process.execPath, [MAIN, 'call', 'DescribeRegions', '--data', data], { env }, (error, text) =>
        error === null ? resolve(text) : reject(error),
      ),
    );
    expect(JSON.parse(stdout)).toMatchObject({ Regions: [{ RegionId: 'cn-hangzhou' }] });
  });

  it('says what is wrong with what it is given', async () => {
    const bad = join(work, 'bad.json');
    writeFileSync(bad, '{"snapshots":{"freezeMs":1}}');
    expect((await refused('--data', data, '--config', bad)).stderr).toContain('snapshots.freezeMs');
    const tls = ['--tls-cert', bad, '--tls-key', bad];
    expect((await refused('--data', data, ...tls)).stderr).toContain('holds no CERTIFICATE');
    expect(existsSync(data)).toBe(false);
    const { url } = await serve();
    const other = join(work, 'e');
    const { code, stderr } = await refused('--data', other, '--listen', url!.slice('http://'.length));
    expect([code, stderr]).toEqual([1, expect.stringContaining('EADDRINUSE')]);
    await searchLeft(other, [['standard error', stderr]]);
  });
});

describe('openecd doctor', () => {
  it('finds what is needed, and says what to do about a directory QEMU cannot reach', async () => {
    await runCli(['key', 'create', '--data', data]);
    const good = await runCli(['doctor', '--data', data, '--json']);
    const report = JSON.parse(good.stdout);
    expect([good.code, report.ok]).toEqual([0, true]);
    const names = report.findings.map(({ what }: { what: string }) => what);
    expect(names).toEqual(
      expect.arrayContaining(['Node', 'qemu-system-x86_64', 'qemu-img', 'qemu-storage-daemon', 'KVM']),
    );
    for (const { status, todo } of report.findings) if (status !== 'ok') expect(todo).toBeTruthy();
    const elsewhere = await runCli(['doctor', '--data', work]);
    expect([elsewhere.code, elsewhere.stdout]).toEqual([1, expect.stringContaining('it holds no catalogue')]);
  });

  it('misses a bridge that a bundle is on, and asks for nothing of the kind without one', async () => {
    const config = join(work, 'settings.json');
    const bundle = { id: 'b', name: 'B', image: 'demo', network: 'bridge:oe-none' };
    writeFileSync(config, JSON.stringify({ bundles: [bundle, { ...bundle, id: 'c' }] }));
    const { code, stdout } = await runCli(['doctor', '--config', config]);
    expect(code).toBe(1);
    expect(stdout.match(/MISS {2}bridge oe-none .*no such bridge/g)).toHaveLength(1);
    expect(stdout).toContain('ports on bridges');
    expect((await runCli(['doctor'])).stdout).not.toContain('bridge');
  });

  it('misses a user that QEMU should run as', async () => {
    const config = join(work, 'settings.json');
    writeFileSync(config, JSON.stringify({ qemuUser: 'nobody-of-that-name' }));
    const { code, stdout } = await runCli(['doctor', '--config', config]);
    const isRoot = process.getuid!() === 0;
    expect(code).toBe(isRoot ? 1 : 0);
    expect(stdout).toContain(isRoot ? 'useradd --system' : 'it is not root');
  });
});
