import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Catalogue } from '../catalogue/catalogue.ts';
import { DataDir } from '../data-dir.ts';
import { runCli } from './testing/run-cli.ts';

const DAY = 24 * 60 * 60 * 1000;
const POLICY = 'sp-00000000000000001';

let folder: string;
let data: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openecd-preview-'));
  data = join(folder, 'data');
  const catalogue = Catalogue.open(DataDir.open(data, { create: true }).catalogue);
  const { db } = catalogue;
  const now = Date.now();
  const own = {
    status: 'Stopped' as const,
    state_version: 1,
    wanted_running: 0 as const,
    bundle_id: 'b',
    image_id: 'm',
  };
  const rest = {
    office_site_id: '',
    policy_group_id: '',
    end_user_ids: '[]',
    charge_type: 'PostPaid',
    cpus: 1,
  };
  const more = { memory_mib: 1, network: 'none' as const, firmware: 'bios' as const, mac: '', uuid: 'u' };
  const name = {
    id: 'ecd-1',
    name: 'lab',
    hostname: 'lab',
    region_id: 'r',
    creator: 'alice',
    stop_reason: '',
  };
  await db
    .insertInto('desktops')
    .values({ ...own, ...rest, ...more, ...name, created_at: now })
    .execute();
  const disk = { id: 'd-1', desktop_id: 'ecd-1', type: 'system' as const, size_bytes: 1, active_layer: 'l' };
  await db.insertInto('disks').values(disk).execute();
  const schedule = { cron_expression: '0 0 2 ? * *', retention_days: 3, disk_type: 'ALL' as const };
  await db
    .insertInto('snapshot_policies')
    .values({ id: POLICY, name: 'nightly', region_id: 'r', creator: 'alice', created_at: now, ...schedule })
    .execute();
  await db
    .insertInto('policy_bindings')
    .values({ desktop_id: 'ecd-1', policy_id: POLICY, bound_at: now, last_point: now })
    .execute();
  const snapshot = {
    name: 'auto',
    description: '',
    region_id: 'r',
    desktop_id: 'ecd-1',
    desktop_name: 'lab',
  };
  await db
    .insertInto('snapshots')
    .values({
      ...{
        id: 's-1',
        ...snapshot,
        disk_id: 'd-1',
        disk_type: 'system',
        disk_size_bytes: 1,
        os_type: 'Linux',
      },
      ...{
        type: 'AUTO',
        status: 'ACCOMPLISHED',
        failure: '',
        creator: 'alice',
        created_at: now - DAY,
        done_bytes: 0,
      },
      ...{ policy_id: POLICY, expires_at: now + DAY },
    })
    .execute();
  await catalogue.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('shows the days, and which of the snapshots there are now go and why', async () => {
  const { code, stdout, stderr } = await runCli(['policy', 'preview', '--data', data, '--policy', POLICY]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`${POLICY} nightly: 0 0 2 ? * * (UTC+8), ALL, snapshots are kept for 3 days`);
  const days = stdout.split('\n').filter((line) => /^\d{8}/.test(line));
  expect([30, 31]).toContain(days.length);
  const columns = days.map((line) => line.split(/\s+/).map(Number));
  expect(columns.reduce((sum, [, made]) => sum + made!, 0)).toBe(30);
  expect(columns.at(-1)![3]).toBe(3);
  expect(stdout).toMatch(/\n {2}\S+Z {2}s-1 {2}Its retention ended at \S+Z\.\n$/);
});

it('lists every snapshot as JSON, in the time zone of the settings', async () => {
  const config = join(folder, 'settings.json');
  writeFileSync(config, JSON.stringify({ policies: { timeZone: 'Europe/Berlin', jitterSeconds: 0 } }));
  const words = ['policy', 'preview', '--data', data, '--policy', POLICY, '--config', config, '--json'];
  const { code, stdout } = await runCli(words);
  expect(code).toBe(0);
  const preview = JSON.parse(stdout);
  expect(preview).toMatchObject({ PolicyId: POLICY, TimeZone: 'Europe/Berlin', Desktops: ['ecd-1'] });
  const made = preview.Events.filter((event: { Action: string }) => event.Action === 'make');
  expect(made.length).toBeGreaterThanOrEqual(29);
  const hour = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin', timeStyle: 'short' });
  for (const { Time, DiskType } of made) {
    expect([hour.format(Date.parse(Time)), DiskType]).toEqual(['02:00', 'SYSTEM']);
  }
  const gone = preview.Events.filter((event: { SnapshotId?: string }) => event.SnapshotId === 's-1');
  expect(gone).toMatchObject([{ Action: 'delete', Reason: expect.stringContaining('retention ended') }]);
});

it('says that there is no such policy', async () => {
  const { code, stderr } = await runCli(['policy', 'preview', '--data', data, '--policy', 'sp-x']);
  expect(code).toBe(1);
  expect(stderr).toContain('does not exist');
});
