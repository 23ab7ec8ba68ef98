/**
 * The Debian package, in a Debian of its own that holds what the package depends on and nothing else: installed, used,
 * upgraded, removed, purged. There is no systemd in it but where a test puts a recorder of its command.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchLeft } from '../acceptance/support/search.ts';
import { SmallDebian } from './small-debian.ts';

const exec = promisify(execFile);
const SCRIPT = resolve(import.meta.dirname, '../scripts/deb.mjs');
let out: string;
let debian: SmallDebian;
/** All that has been told, but a file that a test has printed. */
let said = '';
const file = (version: string) => readdirSync(out).find((name) => name.startsWith(`openecd_${version}_`))!;
const field = async (name: string) =>
  (await exec('dpkg-deb', ['--field', join(out, file('0.1.0')), name])).stdout.trim();

/** The service as its unit starts it, one signed call, its end. Prints what the call answered. */
const SERVE_AND_CALL = `set -e
. /etc/default/openecd
start=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/openecd.service)
eval "exec $start --listen 127.0.0.1:0" >/root/serve.out 2>>/root/serve.log &
for i in $(seq 300); do [ -s /root/serve.out ] && break; sleep 0.1; done
[ -s /root/serve.out ] || { cat /root/serve.log >&2; exit 1; }
openecd call DescribeRegions --data /var/lib/openecd --json
kill -TERM $!
wait $!`;
/** Stands where systemd's command would, says that the service runs, and writes down what it is told. */
const RECORDER = `set -e
mkdir -p /run/systemd/system
printf '#!/bin/sh\\necho "$*" >>/root/told\\n[ "$*" != "--quiet is-active openecd.service" ] || [ -e /root/active ]\\n' >/usr/bin/systemctl
chmod +x /usr/bin/systemctl`;

async function ok(script: string): Promise<string> {
  const { code, stdout, stderr } = await debian.sh(script);
  said += stderr + (script.startsWith('cat ') ? '' : stdout);
  expect([code, stderr]).toEqual([0, expect.anything()]);
  return stdout;
}

beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), 'oe-deb-'));
  for (const version of ['0.1.0', '0.1.1', '0.1.2'])
    await exec(process.execPath, [SCRIPT, '--out', out, '--version', version]);
  const depends = (await field('Depends')).split(', ').map((one) => one.split(' ')[0]!);
  debian = await SmallDebian.make(depends);
  for (const name of readdirSync(out)) await debian.copyIn(join(out, name));
}, 300_000);

afterAll(async () => {
  await debian?.remove();
  rmSync(out, { recursive: true, force: true });
}, 60_000);

test('it depends on the programs that the set-up installs, and its files belong to root', async () => {
  expect(await field('Depends')).toMatch(/ovmf.*qemu-system-common.*qemu-system-x86.*qemu-utils/);
  const { stdout } = await exec('dpkg-deb', ['--contents', join(out, file('0.1.0'))], {
    maxBuffer: 16 << 20,
  });
  const lines = stdout.trim().split('\n');
  expect(lines.length).toBeGreaterThan(1000);
  expect(lines.filter((line) => !/^\S+ root\/root /.test(line))).toEqual([]);
  expect(lines.filter((line) => /^.{5}w|^.{8}w/.test(line) && !line.startsWith('l'))).toEqual([]);
  expect(
    lines.filter((line) => /vitest|typescript|\.ts$/.test(line) && /openecd\/(src|images)/.test(line)),
  ).toEqual([]);
});

test('installed: its user is there, doctor misses nothing, the service answers', async () => {
  const said = await ok(`dpkg -i /root/${file('0.1.0')}`);
  expect(said).toContain('systemctl enable --now openecd');
  expect(await ok('getent passwd openecd')).toMatch(/:\/var\/lib\/openecd:\/usr\/sbin\/nologin\n$/);
  expect(await ok('openecd version')).toMatch(/^openecd 0\.1\.0 /);
  expect(await ok('stat -c %a /etc/openecd/config')).toBe('600\n');
  const { ok: complete, findings } = JSON.parse(await ok('openecd doctor --json'));
  expect([complete, findings.find((one: { what: string }) => one.what === 'UEFI firmware').status]).toEqual([
    true,
    'ok',
  ]);
  expect(await ok('dpkg --verify openecd')).toBe('');
  await ok('grep -x KillMode=process /usr/lib/systemd/system/openecd.service');
  await ok(`echo 'OPENECD_OPTIONS="--vault /srv/vault"' >>/etc/default/openecd`);
  await ok(`echo '{"regions":["cn-here"]}' >/etc/openecd/config`);
  expect(JSON.parse(await ok(SERVE_AND_CALL))).toMatchObject({ Regions: [{ RegionId: 'cn-here' }] });
});

test('upgraded: another program, the same settings, keys and data', async () => {
  const before = await ok('cat /var/lib/openecd/admin-key.json');
  expect(await ok(`dpkg -i /root/${file('0.1.1')}`)).not.toContain('enable --now');
  expect(await ok('openecd version')).toMatch(/^openecd 0\.1\.1 /);
  expect(await ok('cat /var/lib/openecd/admin-key.json')).toBe(before);
  expect(JSON.parse(await ok(SERVE_AND_CALL))).toMatchObject({ Regions: [{ RegionId: 'cn-here' }] });
});

test('no secret is in what it has logged, told and left', async () => {
  const [data, vault, log] = ['data', 'vault', 'log'].map((name) => join(out, name)) as [
    string,
    string,
    string,
  ];
  await debian.copyOut('/var/lib/openecd', data, ['disks', 'images']);
  await debian.copyOut('/srv/vault', vault, ['packs']);
  await debian.copyOut('/root', log, readdirSync(out));
  const read = (name: string) => [name, readFileSync(join(log, name), 'utf8')] as const;
  const logs = [read('serve.out'), read('serve.log')];
  expect(logs[1]![1]).toContain('admin-key.json');
  await searchLeft(data, [...logs, ['what was told', said]], vault);
});

test('an upgrade stops a running service first and starts it again; one that does not run stays so', async () => {
  await ok(`${RECORDER}; : >/root/active`);
  await ok(`dpkg -i /root/${file('0.1.2')}`);
  const stopped = ['--quiet is-active openecd.service', 'stop openecd.service'];
  expect((await ok('cat /root/told')).trim().split('\n')).toEqual([
    ...stopped,
    'daemon-reload',
    'start openecd.service',
  ]);
  await ok(`rm /root/told /root/active; dpkg -i /root/${file('0.1.2')}`);
  expect(await ok('cat /root/told')).not.toMatch(/start|stop/);
  await ok('rm -r /usr/bin/systemctl /run/systemd /root/told');
});

test('removed: the program is gone, settings and data are not; purged: data and TLS keys are not, and it says where', async () => {
  await ok('mkdir /etc/openecd/tls && echo private >/etc/openecd/tls/server-key.pem');
  await ok('dpkg --remove openecd');
  expect((await debian.sh('command -v openecd || ls -d /usr/lib/openecd')).code).not.toBe(0);
  expect(await ok('cat /etc/openecd/config')).toContain('cn-here');
  const said = await ok('dpkg --purge openecd');
  expect(said).toMatch(/\/var\/lib\/openecd .*disks\n.*\/srv\/vault .*snapshots/);
  expect(said).toMatch(/\/etc\/openecd\/tls .*private keys/);
  expect(await ok('find /etc/openecd -type f')).toBe('/etc/openecd/tls/server-key.pem\n');
  expect((await debian.sh('ls -d /etc/default/openecd /usr/lib/systemd/system/openecd.service')).stdout).toBe(
    '',
  );
  await ok('test -s /var/lib/openecd/catalogue.db && test -s /srv/vault/vault.json && getent passwd openecd');
});

test('purged where there are no TLS keys: nothing of its settings stays, and nothing is said of keys', async () => {
  await ok(`rm -r /etc/openecd/tls; dpkg -i /root/${file('0.1.2')}`);
  expect(await ok('dpkg --purge openecd')).not.toContain('/etc/openecd/tls');
  expect((await debian.sh('ls -d /etc/openecd')).stdout).toBe('');
});
