import { afterEach, describe, expect, it } from 'vitest';
import { nextRun, parseCron } from './cron.ts';
import { forecast } from './forecast.ts';
import { jitterMs } from './jitter.ts';
import { type PreviewInput, preview } from './preview.ts';
import { DAY_MS } from './retention.ts';
import { PolicyBed } from './testing/policy-bed.ts';
import { dateText, parseTimeZone } from './time-zone.ts';

const FROM = Date.parse('2026-11-24T12:00:00Z');
const ZONE = parseTimeZone('UTC+8');
let bed: PolicyBed | undefined;
afterEach(async () => {
  await bed?.close();
  bed = undefined;
});

const input = (more: Partial<PreviewInput> = {}): PreviewInput => ({
  policyId: 'sp-1',
  cron: parseCron('0 0 2 ? * 1-7'),
  zone: ZONE,
  retentionDays: 3,
  desktops: [{ id: 'ecd-1', disks: ['system'], snapshots: [] }],
  from: FROM,
  to: FROM + 30 * DAY_MS,
  limit: 30,
  jitterMs: 0,
  ...more,
});

describe('a preview of 30 days', () => {
  it('makes one a day and deletes each three days later', () => {
    const events = preview(input());
    const made = events.filter((event) => event.action === 'make');
    const deleted = events.filter((event) => event.action === 'delete');
    expect(made).toHaveLength(30);
    expect(deleted).toHaveLength(27);
    expect(made[0]).toMatchObject({ at: Date.parse('2026-11-24T18:00:00Z'), name: 'auto2.0_20261125_sp-1' });
    expect(deleted[0]).toMatchObject({
      at: Date.parse('2026-11-27T18:00:00Z'),
      name: 'auto2.0_20261125_sp-1',
      snapshotId: null,
      reason: 'Its retention ended at 2026-11-27T18:00:00Z.',
    });
    expect(events.every((event, n) => n === 0 || events[n - 1]!.at <= event.at)).toBe(true);
  });

  it('keeps to the limit, and says of the snapshots there are now which go and why', () => {
    const snapshots = [40, 20, 10].map((age) => ({
      ...{ id: `s-${age}`, type: 'AUTO' as const, policyId: 'sp-0', status: 'ACCOMPLISHED' as const },
      ...{ createdAt: FROM - age * DAY_MS, expiresAt: FROM - age * DAY_MS + 60 * DAY_MS },
      ...{ diskType: 'system' as const, name: 'x' },
    }));
    const user = { ...snapshots[0]!, id: 's-user', type: 'USER' as const, expiresAt: FROM - 1 };
    const desktop = { id: 'ecd-1', disks: ['system', 'data'] as const, snapshots: [...snapshots, user] };
    const events = preview(input({ desktops: [desktop], retentionDays: 180 }));
    const gone = events.filter((event) => event.action === 'delete');
    expect(gone.map((event) => event.snapshotId).filter((id) => id !== null)).toEqual([
      's-40',
      's-20',
      's-10',
    ]);
    expect(gone[0]!.reason).toContain('may have 30');
    expect(60 + 3 - gone.length).toBe(30);
  });

  it('deletes at once what has ended, and without disks makes nothing', () => {
    const old = { id: 's-old', type: 'AUTO' as const, policyId: 'sp-0', status: 'ACCOMPLISHED' as const };
    const row = { ...old, createdAt: 0, expiresAt: 1, diskType: 'data' as const, name: 'x' };
    const events = preview(input({ desktops: [{ id: 'ecd-1', disks: [], snapshots: [row] }] }));
    expect(events).toMatchObject([{ at: FROM, action: 'delete', snapshotId: 's-old' }]);
  });

  it('has the turns of a point that has just passed', () => {
    const point = Date.parse('2026-11-24T18:00:00Z');
    const cron = parseCron('0 0 2 ? * 1-7');
    const jitter = jitterMs('sp-1', 'ecd-1', 300_000, nextRun(cron, ZONE, point) - point);
    const events = preview(input({ from: point + 1, to: point + DAY_MS / 2, jitterMs: 300_000 }));
    expect(events.map((event) => event.at)).toEqual([point + jitter]);
  });

  it('names by the point what has its turn after midnight', () => {
    const cron = parseCron('0 59 23 ? * 1-7');
    const events = preview(input({ cron, to: FROM + DAY_MS, jitterMs: 3_600_000 }));
    expect(dateText(ZONE, events[0]!.at)).toBe('20261125');
    expect(events[0]!.name).toBe('auto2.0_20261124_sp-1');
  });
});

describe('the preview and the runner', () => {
  it.each([
    ['0 0 2 ? * 1-7', 2, 'UTC+8', 30],
    ['0 0 5,7,23 ? * 2/2', 30, 'UTC+8', 12],
    ['0 30 2 * * ?', 5, 'Europe/Berlin', 30],
    ['0 58 23 * * ?', 5, 'Europe/Berlin', 30],
  ])(
    'agree for %s kept %s days in %s',
    async (cronExpression, retentionDays, timeZone, maxAutoPerDesktop) => {
      const made = new PolicyBed('2027-03-10T12:00:00Z', { jitterSeconds: 300, timeZone, maxAutoPerDesktop });
      bed = made;
      const policy = await made.policy({ cronExpression, retentionDays, diskType: 'ALL' });
      const desktops = [await made.desktop(policy), await made.desktop(policy, ['system'])];
      for (const age of [1, 2, 3]) {
        const created = made.now - age * DAY_MS;
        const own = { type: 'AUTO' as const, policy_id: 'sp-before', created_at: created };
        await made.snapshot({ ...own, desktop_id: desktops[0]!, expires_at: created + 7 * DAY_MS });
      }
      const from = made.now;
      const cast = await forecast(made.catalogue.db, made.settings.policies, policy, from, 30);
      const done: string[] = [];
      const seen = new Set<number>();
      made.beforeRemove = async (ids) => {
        const rows = await made.catalogue.db
          .selectFrom('snapshots')
          .select(['desktop_id', 'disk_type', 'created_at'])
          .where('id', 'in', [...ids])
          .execute();
        for (const row of rows) done.push(`${made.now} delete ${row.desktop_id} ${row.disk_type}`);
      };
      made.beforeTake = (take) =>
        void done.push(`${take.at} make ${take.desktopId} ${take.diskType} ${take.name}`);
      for (const { at } of cast.events) {
        if (seen.has(at)) continue;
        seen.add(at);
        await made.at(at - 1);
        await made.at(at);
        await made.at(at);
      }
      const told = cast.events.map(
        ({ at, action, desktopId, diskType, name }) =>
          `${at} ${action} ${desktopId} ${diskType}${action === 'make' ? ` ${name}` : ''}`,
      );
      expect(told.length).toBeGreaterThan(60);
      expect(done.sort()).toEqual(told.sort());
    },
  );
});
