import { sql } from 'kysely';
import type { Logger } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startHousekeeping } from './housekeeping.ts';
import { Bed } from './operations/testing/bed.ts';
import { parseSettings } from './settings.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let bed: Bed;
let stop: () => void;
let collections: number;
let collect: () => Promise<void>;
let warnings: string[];
beforeEach(async () => {
  bed = new Bed();
  [collections, warnings] = [0, []];
  collect = async () => {};
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  stop = startHousekeeping({
    settings: parseSettings({ audit: { maxRows: 2, maxDays: 1 }, vault: { collectEverySeconds: 3600 } }),
    catalogue: bed.catalogue,
    snapshots: {
      collect: async () => {
        collections++;
        await collect();
      },
    },
    log: { warn: (_: object, message: string) => void warnings.push(message) } as unknown as Logger,
  });
});
afterEach(async () => {
  stop();
  vi.useRealTimers();
  await bed.close();
});

type Table = 'nonces' | 'tickets' | 'access_keys' | 'audit' | 'vault_totals';
async function count(table: Table): Promise<number> {
  const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM ${sql.table(table)}`.execute(
    bed.catalogue.db,
  );
  return rows[0]!.n;
}

/** One row that has had its time in each table; three of the audit log, which may have two. */
async function old(): Promise<void> {
  const { db } = bed.catalogue;
  const now = Date.now();
  const desktop_id = await bed.desktop();
  await db
    .insertInto('nonces')
    .values({ access_key_id: 'k', nonce: 'n', expires_at: now - 1 })
    .execute();
  await db
    .insertInto('tickets')
    .values({
      ...{ task_id: 't', hash: 'h', desktop_id, user_name: 'bob' },
      ...{ expires_at: now - 1, access_key_id: 'k' },
    })
    .execute();
  await db
    .insertInto('access_keys')
    .values({
      ...{ id: 'STS.a', secret: 's', user_name: 'bob', status: 'Active', created_at: 0 },
      ...{ last_used_at: null, token_hash: 'h', expires_at: now - 2 * DAY, session_policy: null },
    })
    .execute();
  const row = {
    ...{ request_id: 'R', access_key_id: '', user_name: 'bob', operation: '', kind: 'write' as const },
    ...{ resources: '[]', source: '', status: 200, code: 'OK', duration_us: 0, policy_id: '', reason: '' },
  };
  await db
    .insertInto('audit')
    .values([now - 2 * DAY, now, now, now].map((at) => ({ ...row, at })))
    .execute();
  await bed.snapshot({ status: 'ACCOMPLISHED', desktop_id });
}
const left = async () => ({
  ...{ nonces: await count('nonces'), tickets: await count('tickets'), keys: await count('access_keys') },
  ...{ audit: await count('audit'), totals: await count('vault_totals') },
});

it('forgets what has had its time, notes what the vault holds and shortens the audit log', async () => {
  await old();
  await vi.advanceTimersByTimeAsync(MINUTE);
  await expect.poll(left).toEqual({ nonces: 0, tickets: 0, keys: 1, audit: 4, totals: 0 });
  await vi.advanceTimersByTimeAsync(9 * MINUTE);
  await expect.poll(left).toEqual({ nonces: 0, tickets: 0, keys: 0, audit: 2, totals: 1 });
  expect(warnings).toEqual([]);
});

it('keeps of the audit log no more days than are set', async () => {
  await old();
  await sql`DELETE FROM audit WHERE id = (SELECT min(id) FROM audit)`.execute(bed.catalogue.db);
  await sql`DELETE FROM audit WHERE id = (SELECT min(id) FROM audit)`.execute(bed.catalogue.db);
  // Two are left, which are not too many.
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 2 * DAY);
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  vi.restoreAllMocks();
  await expect.poll(() => count('audit')).toBe(0);
});

it('collects the vault as often as it is set, does again what failed, and ends', async () => {
  collect = async () => {
    throw new Error('the vault is away');
  };
  await vi.advanceTimersByTimeAsync(59 * MINUTE);
  expect(collections).toBe(0);
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(collections).toBe(1);
  await expect.poll(() => warnings).toEqual(['the collection of the vault failed']);
  await vi.advanceTimersByTimeAsync(60 * MINUTE);
  expect(collections).toBe(2);
  stop();
  await old();
  await vi.advanceTimersByTimeAsync(120 * MINUTE);
  expect(collections).toBe(2);
  expect((await left()).nonces).toBe(1);
});
