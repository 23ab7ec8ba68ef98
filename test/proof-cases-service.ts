/** What a guest reaches of its host, what a restart of the service changes, and where its secrets are. */
import { readdir, readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GuestAgent } from '../src/qemu/agent.ts';
import { PASSWORD, TOKEN, type World } from './proof-world.ts';

/** Both desktops run, and run at the end. The settings for slow settles go. */
export function serviceProofs(world: World): void {
  test('a guest reaches neither the API nor the metrics, but from the network that says so', async () => {
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const six = own.some((each) => each.family === 'IPv6');
    const hosts = own.filter((each) => each.family === 'IPv4' && !each.internal).map((each) => each.address);
    const open = createServer((socket) => socket.end('reached'));
    await new Promise<void>((done) => open.listen(0, six ? '::' : '0.0.0.0', done));
    const { port } = open.address() as AddressInfo;
    const api = new URL(world.bed.service.url).port;
    const get = (name: string, to: string | number, path: string, wanted: string, header = '') =>
      `echo ${name} $(printf "GET ${path} HTTP/1.0\\r\\n${header}\\r\\n" | nc -w 5 10.0.2.2 ${to} | grep -c "${wanted}")`;
    // In two parts: a command is kept in the catalogue, where the token itself must not be found.
    const token = [TOKEN.slice(0, 8), TOKEN.slice(8)].map((part) => `'${part}'`).join('');
    const bearer = 'Authorization: Bearer $T\\r\\n';
    const asked = [
      `T=${token}`,
      'for i in $(seq 60); do ifconfig eth0 | grep -q 10.0.2.15 && break; sleep 1; done',
      'exec 2>/dev/null; ifconfig eth0 | grep -q 10.0.2.15 && echo ADDRESS',
      'route add default gw 10.0.2.2',
      get('API', api, '/healthz', '^HTTP/1.1 200'),
      get('METRICS', api, '/metrics', '^openecd_desktops{', bearer),
      get('LISTENER', world.metricsPort, '/metrics', '^openecd_desktops{'),
      ...['10.0.2.2', '10.0.2.3', 'fec0::2', ...hosts].map(
        (host) => `echo ${host} $(nc -w 3 ${host} ${port} </dev/null)`,
      ),
    ].join('\n');
    try {
      const shut = await world.bed.sh(world.isolated, `${asked}\ntrue`, 150);
      expect(shut).toContain('ADDRESS');
      expect(shut).toContain('API 0\nMETRICS 0\nLISTENER 0\n');
      expect(shut).not.toContain('reached');
      const reached = await world.bed.sh(world.user, `${asked}\ntrue`, 150);
      expect(reached).toMatch(/API 1\nMETRICS [1-9]\nLISTENER [1-9]\n/);
      for (const host of ['10.0.2.2', ...(six ? ['fec0::2'] : []), ...hosts])
        expect(reached).toContain(`${host} reached`);
    } finally {
      open.close();
    }
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('%s of the service changes no desktop', async (signal) => {
    const desktops = [world.isolated, world.user];
    const look = async (id: string) => {
      const [boot, uptime] = (
        await world.bed.sh(id, 'cat /proc/sys/kernel/random/boot_id /proc/uptime')
      ).split('\n');
      return { pid: world.bed.qemuPid(id), boot, uptime: Number(uptime!.split(' ')[0]) };
    };
    const before = await Promise.all(desktops.map(look));
    const from = performance.now();
    const ended = await world.bed.service.down(signal);
    expect(ended).toBe(signal === 'SIGTERM' ? 0 : signal);
    for (const { pid } of before) process.kill(pid, 0);
    // The settles that come later are to be quick.
    delete world.bed.settings['snapshots'];
    await world.bed.up();
    for (const [at, id] of desktops.entries()) {
      expect(await world.bed.status(id)).toBe('Running');
      const seconds = (performance.now() - from) / 1_000;
      const after = await look(id);
      expect(after).toMatchObject({ pid: before[at]!.pid, boot: before[at]!.boot });
      // It ran on all the time: as much has passed in it as here.
      expect(after.uptime - before[at]!.uptime).toBeGreaterThan(seconds - 0.5);
    }
  });

  test('the service killed while a guest is frozen: it is thawed by the next start', async () => {
    world.bed.env['OPENECD_FAULT'] = 'take.quiesced=kill';
    await world.bed.restart();
    await world.bed.sh(world.isolated, 'true', 60);
    await expect(world.bed.snapshot(world.isolated, 'system')).rejects.toThrow();
    expect(await world.bed.service.down()).toBe('SIGKILL');
    const agent = await GuestAgent.connect(world.bed.file('run', world.isolated, 'ga'), {
      timeoutMs: 20_000,
      signal: AbortSignal.timeout(20_000),
    });
    expect(await agent.fsStatus()).toBe('frozen');
    agent.close();
    delete world.bed.env['OPENECD_FAULT'];
    await world.bed.up();
    expect(
      await world.bed.sh(world.isolated, 'echo thawed >/root/thawed && sync && cat /root/thawed', 60),
    ).toBe('thawed\n');
    expect(world.bed.service.log).toContain('thawed a guest that was found frozen');
    const { Snapshots } = await world.bed.client.ok('DescribeSnapshots', { DesktopId: world.isolated });
    for (const one of Snapshots as { Status: string }[]) expect(one.Status).toBe('FAILED');
    expect((await world.bed.stored(await world.bed.snapshot(world.isolated, 'system'))).Consistency).toBe(
      'filesystem',
    );
  });
}

/** The last of all: it looks at what everything before has left. */
export function secretProofs(world: World): void {
  test('no secret is in a log, in a run folder, on a command line or in a record of the vault', async () => {
    const made = await world.bed.service.openecd('key', 'create', '--data', world.bed.service.data, '--json');
    const key = JSON.parse(made) as { AccessKeyId: string; AccessKeySecret: string };
    world.secrets.push(key.AccessKeySecret);
    const other = world.bed.service.client({
      accessKeyId: key.AccessKeyId,
      accessKeySecret: key.AccessKeySecret,
    });
    await other.ok('DescribeDesktops');
    await world.bed.service
      .client({ ...world.bed.service.key, accessKeySecret: TOKEN })
      .call('DescribeDesktops');
    expect(await world.bed.sh(world.user, `echo root:${PASSWORD} | md5sum`)).toContain('-');
    const seal = await readFile(world.bed.file('secret.key'));
    const forms = world.secrets.flatMap((one) => [
      one,
      Buffer.from(one).toString('base64'),
      encodeURIComponent(one),
    ]);
    forms.push(seal.toString('hex'), seal.toString('base64'), seal.toString('latin1').trim());

    const places = new Map<string, string>([['the log', world.bed.service.log]]);
    for (const folder of [world.bed.file('run'), world.bed.file('vault', 'snapshots')]) {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (entry.isFile()) places.set(path, await readFile(path, 'latin1'));
      }
    }
    places.set('vault.json', await readFile(world.bed.file('vault', 'vault.json'), 'latin1'));
    for (const pid of [
      world.bed.service.pid!,
      world.bed.qemuPid(world.isolated),
      world.bed.qemuPid(world.user),
    ])
      for (const what of ['cmdline', 'environ'])
        places.set(`${what} of ${pid}`, await readFile(`/proc/${pid}/${what}`, 'latin1'));
    // What is looked through is really there.
    const text = (part: string) => [...places].filter(([name]) => name.includes(part)).map(([, all]) => all);
    expect(text('the log')[0]).toContain(world.isolated);
    expect(text('qemu.log').length).toBeGreaterThanOrEqual(2);
    expect(text('/vault/snapshots/').join()).toContain(world.isolated);
    expect(text('cmdline').join()).toContain(`guest=`);
    for (const [name, all] of places)
      for (const form of forms) expect(all.includes(form), `${name} holds ${form}`).toBe(false);
  });
}
