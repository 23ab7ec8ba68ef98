/**
 * Signed DescribeSnapshots with many snapshots in the catalogue: the service, a load generator, each a process of its
 * own on the same processors; beside it a bare server that only verifies the same signatures.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Catalogue } from '../src/catalogue/catalogue.ts';
import { ensureAdminKey } from '../src/cli/admin-key.ts';
import { DataDir } from '../src/data-dir.ts';
import type { LoadResult, LoadTask } from './load.ts';
import { startService } from './memory.ts';
import type { PartContext } from './part.ts';
import { onInterrupt, peakRss, run, settleDisk } from './run.ts';

const CONNECTIONS = 32;
const DESKTOPS = 1000;

export async function api({ dir, quick, row, say }: PartContext): Promise<void> {
  const count = quick ? 5000 : 100_000;
  const seconds = quick ? 2 : 8;
  const data = DataDir.open(join(dir, 's'), { create: true });
  const catalogue = Catalogue.open(data.catalogue);
  await ensureAdminKey(data, catalogue);
  say(`${count} snapshots into the catalogue`);
  await fill(catalogue, count);
  await catalogue.close();
  const key = JSON.parse(readFileSync(data.adminKey, 'utf8')) as LoadTask['key'];
  const service = await startService(data.path);
  const bare = await startBare(key);
  try {
    await settleDisk();
    const loads = [
      {
        what: 'bare node:http server that verifies the signature',
        url: bare.url,
        maxResults: 10,
        target: undefined,
      },
      { what: 'DescribeSnapshots, MaxResults=10', url: service.url, maxResults: 10, target: { least: 4000 } },
      {
        what: 'DescribeSnapshots, MaxResults=100 (the default)',
        url: service.url,
        maxResults: 100,
        target: { least: 4000 },
      },
    ];
    let reference = 0;
    for (const { what, url, maxResults, target } of loads) {
      const result = await load({ url, key, maxResults, seconds, connections: CONNECTIONS });
      if (reference === 0) reference = result.perSecond;
      row({
        what,
        value: result.perSecond,
        unit: 'requests/s',
        n: result.requests,
        ratio: { of: result.perSecond / reference, to: 'the bare server' },
        ...(target === undefined ? {} : { target }),
        note: `${CONNECTIONS} connections; p50 ${result.p50.toFixed(1)} ms, p99 ${result.p99.toFixed(1)} ms; answers of ${result.bodyBytes.toLocaleString('en-US')} bytes; load generator: ${result.cpuSeconds.toFixed(1)} processor seconds of ${seconds}`,
      });
    }
    row({ what: 'highest RSS of the service', value: peakRss(service.pid) / 1024 ** 2, unit: 'MiB' });
  } finally {
    bare.stop();
    await service.stop();
  }
}

const id = (prefix: string, length: number, n: number) => prefix + n.toString(36).padStart(length, '0');
/** Of the desktops that `fill` makes. */
export const desktopId = (n: number): string => id('ecd-', 17, n);

/** 1,000 desktops and so many snapshots of them, a minute apart, in turn. */
export async function fill(catalogue: Catalogue, count: number): Promise<void> {
  const now = Date.now();
  await catalogue.transaction(async (trx) => {
    for (let n = 0; n < DESKTOPS; n++)
      await trx
        .insertInto('desktops')
        .values(desktopRow(desktopId(n), now))
        .execute();
    for (let n = 0; n < count; n++) {
      const desktop = desktopId(n % DESKTOPS);
      await trx
        .insertInto('snapshots')
        .values(snapshotRow(id('s-', 20, n), desktop, now - n * 60_000))
        .execute();
    }
  });
}

function desktopRow(id: string, now: number) {
  return {
    id,
    name: `desktop of ${id}`,
    hostname: '',
    region_id: 'cn-hangzhou',
    status: 'Stopped' as const,
    state_version: 1,
    wanted_running: 0 as const,
    bundle_id: 'bundle_demo',
    image_id: 'm-none',
    office_site_id: '',
    policy_group_id: '',
    end_user_ids: '[]',
    charge_type: 'PostPaid',
    cpus: 1,
    memory_mib: 256,
    network: 'isolated' as const,
    firmware: 'bios' as const,
    mac: '52:54:00:00:00:01',
    uuid: '00000000-0000-4000-8000-000000000000',
    creator: 'Administrator',
    created_at: now,
    started_at: null,
    deleted_at: null,
    qemu_pid: null,
    qemu_start_time: null,
    stop_reason: '',
  };
}

function snapshotRow(id: string, desktop: string, at: number) {
  return {
    id,
    name: `nightly ${at}`,
    description: 'before the update of the office programs',
    region_id: 'cn-hangzhou',
    desktop_id: desktop,
    desktop_name: `desktop of ${desktop}`,
    disk_id: `d-${desktop}`,
    disk_type: 'system' as const,
    disk_size_bytes: 64 * 1024 ** 3,
    os_type: 'Linux',
    type: 'USER' as const,
    status: 'ACCOMPLISHED' as const,
    failure: '',
    creator: 'Administrator',
    consistency: 'filesystem' as const,
    created_at: at,
    archived_at: at + 30_000,
    root: `${'ab'.repeat(32)}:${64 * 1024 ** 3}`,
    layer_id: null,
    total_bytes: 123_456_789,
    done_bytes: 123_456_789,
    stored_bytes: 45_678_901,
  };
}

export async function load(task: LoadTask): Promise<LoadResult> {
  const script = join(import.meta.dirname, 'load.ts');
  const said = await run(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    input: JSON.stringify(task),
  });
  return JSON.parse(said) as LoadResult;
}

export async function startBare(key: LoadTask['key']): Promise<{ url: string; stop(): void }> {
  const script = join(import.meta.dirname, 'bare-server.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, BENCH_KEY: JSON.stringify(key) },
  });
  const forget = onInterrupt(() => child.kill('SIGKILL'));
  const url = await new Promise<string>((found, failed) => {
    child.stdout.once('data', (data: Buffer) => found(data.toString().trim()));
    child.once('exit', (code) => failed(new Error(`the bare server ended with ${code}`)));
  });
  return {
    url,
    stop() {
      forget();
      child.kill('SIGTERM');
    },
  };
}
