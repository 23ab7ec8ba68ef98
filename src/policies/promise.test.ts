/** Promise 10: a policy deletes only automatic snapshots that it made. Here everything tries to make it do otherwise. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Cleaner } from './cleaner.ts';
import { PolicyBed } from './testing/policy-bed.ts';

const DAY = 24 * 60 * 60 * 1000;
const POINT = Date.parse('2026-11-24T18:00:00Z');

let bed: PolicyBed;
let policy: string;
let desktop: string;
beforeEach(async () => {
  bed = new PolicyBed('2026-11-24T12:00:00Z', { maxAutoPerDesktop: 3 });
  policy = await bed.policy({ retentionDays: 180, diskType: 'ALL' });
  desktop = await bed.desktop(policy);
});
afterEach(() => bed.close());

const LONG_AGO = { created_at: 0, expires_at: 1 };

/** Snapshots that look like those of the policy in all but one thing. */
async function lookalikes(): Promise<string[]> {
  const own = { desktop_id: desktop, name: `auto2.0_19700101_${policy}`, ...LONG_AGO };
  return Promise.all([
    bed.snapshot({ ...own, type: 'USER', policy_id: null }),
    bed.snapshot({ ...own, type: 'USER', policy_id: policy }),
    bed.snapshot({ ...own, type: 'AUTO', policy_id: null }),
    bed.snapshot({ ...own, type: 'USER', policy_id: policy, status: 'FAILED' }),
    bed.snapshot({ ...own, type: 'USER', policy_id: policy, status: 'PROGRESSING' }),
    bed.snapshot({ ...own, type: 'USER', policy_id: policy, desktop_id: 'ecd-gone' }),
    bed.snapshot({ ...own, type: 'AUTO', policy_id: null, desktop_id: 'ecd-gone' }),
  ]);
}

const there = async (ids: readonly string[]) => {
  const rows = await bed.catalogue.db
    .selectFrom('snapshots')
    .select('id')
    .where('id', 'in', [...ids])
    .execute();
  return rows.length;
};

it('snapshots of users stay over half a year of runs, expiries and a limit of three', async () => {
  const others = await lookalikes();
  for (let day = 0; day < 190; day++) await bed.at(POINT + day * DAY);
  expect(bed.takes).toHaveLength(380);
  expect(bed.removed.length).toBeGreaterThan(370);
  expect(bed.removed.filter((id) => others.includes(id))).toEqual([]);
  expect(await there(others)).toBe(others.length);
});

it('a snapshot that becomes a user’s between the decision and the deed stays', async () => {
  const id = await bed.snapshot({ desktop_id: desktop, type: 'AUTO', policy_id: policy, ...LONG_AGO });
  const second = await bed.snapshot({ desktop_id: desktop, type: 'AUTO', policy_id: policy, ...LONG_AGO });
  const { db } = bed.catalogue;
  // The first query of the deed finds it changed.
  const executeQuery = db.executeQuery.bind(db);
  let changed = false;
  db.executeQuery = async (query) => {
    if (!changed && 'sql' in query && query.sql.includes('id IN (')) {
      changed = true;
      await db.updateTable('snapshots').set({ type: 'USER' }).where('id', '=', id).execute();
    }
    return executeQuery(query);
  };
  await bed.at(POINT + DAY);
  expect(changed).toBe(true);
  expect(bed.removed).toContain(second);
  expect(bed.removed).not.toContain(id);
  expect(await there([id])).toBe(1);
});

it('every deletion is logged with its reason before it is done', async () => {
  for (let day = 0; day < 4; day++) await bed.at(POINT + day * DAY);
  const old = await bed.snapshot({ desktop_id: 'ecd-gone', type: 'AUTO', policy_id: 'sp-gone', ...LONG_AGO });
  await bed.at(POINT + 4 * DAY);
  const logged = bed.logs.filter((log) => log['message'] === 'a policy deletes an automatic snapshot');
  expect(logged.map((log) => log['snapshot'])).toEqual(bed.removed);
  expect(bed.removed).toHaveLength(8);
  expect(bed.removed).toContain(old);
  for (const log of logged) {
    const expired = log['snapshot'] === old;
    expect(log).toMatchObject({
      policy: expired ? 'sp-gone' : policy,
      desktop: expired ? 'ecd-gone' : desktop,
      cause: expired ? 'expired' : 'over-limit',
      reason: expect.stringMatching(expired ? /^Its retention ended/ : /may have 3; this one was the oldest/),
    });
  }
});

it('a deletion that fails is tried again a minute later and stops no run', async () => {
  const old = await bed.snapshot({ desktop_id: 'ecd-gone', type: 'AUTO', policy_id: 'sp-gone', ...LONG_AGO });
  let tries = 0;
  bed.beforeRemove = () => {
    tries++;
    throw new Error('the vault is away');
  };
  await bed.at(POINT);
  for (let second = 1; second < 50; second += 5) await bed.at(POINT + second * 1000);
  expect(tries).toBe(1);
  expect(bed.takes).toHaveLength(2);
  bed.beforeRemove = () => {};
  await bed.at(POINT + 61_000);
  expect(bed.removed).toEqual([old]);
});

it('a lowered limit and a policy of another desktop touch nothing of this one before its next run', async () => {
  const cleaner = new Cleaner({
    catalogue: bed.catalogue,
    ports: {
      takeSnapshot: async () => '',
      removeSnapshots: async (_region, ids) => void bed.removed.push(...ids),
      audit: { tell() {}, tellIn: async () => {} },
    },
    settings: { ...bed.settings.policies, maxAutoPerDesktop: 1 },
    clock: () => bed.now,
    log: { info() {}, warn() {} } as never,
  });
  await bed.at(POINT);
  const other = await bed.desktop();
  await cleaner.enforce(other);
  await cleaner.expire();
  expect(bed.removed).toEqual([]);
});
