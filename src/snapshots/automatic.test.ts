import { afterEach, beforeEach, expect, it } from 'vitest';
import { AuditLog } from '../access/audit.ts';
import { KeyedMutex } from '../async.ts';
import { readAudit } from '../catalogue/audit-rows.ts';
import { Catalogue, type Trx } from '../catalogue/catalogue.ts';
import { Claim } from '../catalogue/nonces.ts';
import { portsOf } from '../policies-of.ts';
import { defaultSettings } from '../settings.ts';
import type { SnapshotContext } from './context.ts';
import { removeSnapshots } from './remove.ts';
import { take } from './take.ts';

const DAY = 24 * 60 * 60 * 1000;
const none = Claim.none();
const REQUEST = {
  regionId: 'r',
  desktopId: 'ecd-1',
  diskType: 'system',
  name: 'n',
  creator: 'alice',
} as const;
const POLICY = { policyId: 'sp-1', retentionMs: 3 * DAY };

let catalogue: Catalogue;
let ctx: SnapshotContext;
let now: number;
beforeEach(async () => {
  now = 1_000_000;
  catalogue = Catalogue.open(':memory:');
  const settings = defaultSettings();
  ctx = {
    catalogue,
    vault: { freeBytes: async () => 2 ** 40 },
    pool: {
      freeBytes: async () => 2 ** 40,
      freezeOffline: (_stack: unknown, commit: () => Promise<void>) => commit(),
      prepare: async () => {},
    },
    desktops: { live: () => null, qemuPid: () => undefined },
    settings: { ...settings, snapshots: { ...settings.snapshots, quotaPerDisk: 2 } },
    log: { warn() {}, error() {}, info() {}, debug() {} },
    // Some seconds pass between the request and the freeze.
    clock: () => (now += 5000),
    diskLock: new KeyedMutex(),
    gate: { pause: async () => ({ resume() {} }) },
    signal: new AbortController().signal,
    kick() {},
  } as unknown as SnapshotContext;
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
  await catalogue.db
    .insertInto('desktops')
    .values({ ...own, ...rest, ...more, ...name, created_at: now })
    .execute();
  const disk = {
    id: 'd-1',
    desktop_id: 'ecd-1',
    type: 'system' as const,
    size_bytes: 1024,
    active_layer: 'l-0',
  };
  await catalogue.db.insertInto('disks').values(disk).execute();
  const layer = { id: 'l-0', disk_id: 'd-1', parent_id: null, image_id: null, state: 'active' as const };
  await catalogue.db
    .insertInto('layers')
    .values({ ...layer, root: 'x:1024', created_at: now })
    .execute();
});
afterEach(() => catalogue.close());

const ports = () =>
  portsOf(
    {
      take: (request, claim) => take(ctx, request, claim),
      remove: async (region, ids, claim, automatic) =>
        void (await removeSnapshots(ctx, region, ids, claim, automatic)),
    },
    new AuditLog(catalogue, { reads: false, clock: () => now, log: { warn() {} } }),
  );
const user = () => take(ctx, { ...REQUEST, description: '', type: 'USER' }, none);
const rows = () => catalogue.db.selectFrom('snapshots').selectAll().orderBy('created_at').execute();

it('a snapshot of a policy is AUTO and kept from the instant of its freeze on; one of a user has no end', async () => {
  await ports().takeSnapshot({ ...REQUEST, ...POLICY });
  await user();
  const [automatic, manual] = await rows();
  expect(automatic).toMatchObject({
    type: 'AUTO',
    policy_id: 'sp-1',
    consistency: 'stopped',
    creator: 'alice',
  });
  expect(automatic!.expires_at! - automatic!.created_at).toBe(3 * DAY);
  const frozen = await catalogue.db
    .selectFrom('layers')
    .select('frozen_at')
    .where('id', '=', 'l-0')
    .executeTakeFirst();
  expect(automatic!.created_at).toBe(frozen!.frozen_at);
  expect(manual).toMatchObject({ type: 'USER', policy_id: null, expires_at: null });
});

it('the quota of users and that of policies are apart', async () => {
  const full = expect.objectContaining({ code: 'QuotaExceed.Snapshot' });
  for (const make of [user, () => ports().takeSnapshot({ ...REQUEST, ...POLICY })]) {
    await make();
    await make();
    await expect(make()).rejects.toEqual(full);
  }
  expect(await rows()).toHaveLength(4);
});

it('the audit log has the making of a snapshot before its deletion, however soon that follows', async () => {
  const own = { policyId: 'sp-1', creator: 'alice', desktopId: 'ecd-1', reason: '', seconds: 0 };
  const { audit, ...port } = ports();
  const automatic = await port.takeSnapshot({ ...REQUEST, ...POLICY });
  audit.tell({ ...own, operation: 'CreateSnapshot', snapshotId: automatic });
  await port.removeSnapshots('r', [automatic], (trx, gone) =>
    audit.tellIn(
      trx,
      gone.map((snapshotId) => ({ ...own, operation: 'DeleteSnapshot', snapshotId })),
    ),
  );
  const told = await Array.fromAsync(readAudit(catalogue.db, 0));
  expect(told.map((row) => [row.Operation, row.Resources[1]])).toEqual([
    ['CreateSnapshot', `snapshot/${automatic}`],
    ['DeleteSnapshot', `snapshot/${automatic}`],
  ]);
});

it('a deletion of which the audit log cannot be told does not happen', async () => {
  const automatic = await ports().takeSnapshot({ ...REQUEST, ...POLICY });
  const dead = async (trx: Trx) =>
    void (await trx
      .insertInto('audit')
      .values({} as never)
      .execute());
  await expect(ports().removeSnapshots('r', [automatic], dead)).rejects.toThrow();
  expect((await rows()).map((row) => row.id)).toEqual([automatic]);
});

it('a policy that names other snapshots deletes none of them; a user may delete all', async () => {
  const automatic = await ports().takeSnapshot({ ...REQUEST, ...POLICY });
  const manual = await user();
  const stray = await ports().takeSnapshot({ ...REQUEST, ...POLICY });
  await catalogue.db.updateTable('snapshots').set({ policy_id: null }).where('id', '=', stray).execute();
  const told: string[] = [];
  const all = [automatic, manual, stray, 's-unknown'];
  await ports().removeSnapshots('r', all, async (_trx, gone) => void told.push(...gone));
  expect(told).toEqual([automatic]);
  expect((await rows()).map((row) => row.id)).toEqual([manual, stray]);
  await removeSnapshots(ctx, 'r', [manual, stray], none);
  expect(await rows()).toEqual([]);
});
