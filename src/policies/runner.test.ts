import { afterEach, describe, expect, it } from 'vitest';
import { Claim } from '../catalogue/nonces.ts';
import { EcdError } from '../errors.ts';
import { PolicyBed, REGION } from './testing/policy-bed.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
// Two o'clock in UTC+8.
const POINT = Date.parse('2026-11-24T18:00:00Z');
const DAY = 24 * HOUR;

let bed: PolicyBed;
afterEach(() => bed.close());

const none = Claim.none();
const statuses = async (desktop: string) => (await bed.runs(desktop)).map((run) => run.status);

describe('a policy', () => {
  it('takes at its point, once, with its name, its disks and its retention', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const policy = await bed.policy({ diskType: 'ALL' });
    const desktop = await bed.desktop(policy);
    await bed.at(POINT - 1);
    expect(bed.takes).toEqual([]);
    await bed.at(POINT);
    const common = { regionId: REGION, desktopId: desktop, policyId: policy, creator: 'alice', at: POINT };
    const name = `auto2.0_20261125_${policy}`;
    expect(bed.takes).toEqual([
      { ...common, diskType: 'system', name, retentionMs: 3 * DAY },
      { ...common, diskType: 'data', name, retentionMs: 3 * DAY },
    ]);
    for (let minute = 1; minute < 24 * 60; minute += 7) await bed.at(POINT + minute * MINUTE);
    expect(bed.takes).toHaveLength(2);
    expect(await bed.runs(desktop)).toEqual([{ point: POINT, status: 'done', reason: '' }]);
    await bed.at(POINT + DAY);
    expect(bed.takes).toHaveLength(4);
  });

  it.each([
    ['SYSTEM', ['system', 'data'], ['system']],
    ['DATA', ['system', 'data'], ['data']],
    ['ALL', ['system'], ['system']],
    ['DATA', ['system'], []],
  ] as const)('of %s takes of the disks %j these: %j', async (diskType, disks, taken) => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const desktop = await bed.desktop(await bed.policy({ diskType }), disks);
    await bed.at(POINT);
    expect(bed.takes.map((take) => take.diskType)).toEqual(taken);
    await bed.at(POINT + 1000);
    expect(await statuses(desktop)).toEqual([taken.length > 0 ? 'done' : 'skipped']);
  });

  it('has no points before it was applied or its schedule changed, and none after it was taken away', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const policy = await bed.policy();
    bed.now = POINT + MINUTE;
    const desktop = await bed.desktop(policy);
    await bed.at(POINT + 2 * MINUTE);
    expect(bed.takes).toEqual([]);
    bed.now = POINT + 30 * MINUTE;
    await bed.policies.modify(REGION, policy, { cronExpression: '0 15 2 ? * *' }, none);
    await bed.at(POINT + 31 * MINUTE);
    expect(bed.takes).toEqual([]);
    await bed.at(POINT + DAY + 15 * MINUTE);
    expect(bed.takes).toHaveLength(1);
    await bed.policies.cancel(REGION, policy, [desktop], none);
    await bed.at(POINT + 2 * DAY + 15 * MINUTE);
    await bed.policies.apply(REGION, policy, [desktop], none);
    await bed.policies.remove(REGION, [policy], none);
    await bed.at(POINT + 3 * DAY + 15 * MINUTE);
    expect(bed.takes).toHaveLength(1);
  });

  it('leaves a deleted desktop alone, whose snapshots stay until their retention ends', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const desktop = await bed.desktop(await bed.policy());
    await bed.at(POINT);
    await bed.catalogue.db.updateTable('desktops').set({ status: 'Deleted' }).execute();
    await bed.at(POINT + 3 * DAY - 1);
    expect(bed.takes).toHaveLength(1);
    expect(await bed.snapshots(desktop)).toHaveLength(1);
    await bed.at(POINT + 3 * DAY);
    expect(await bed.snapshots(desktop)).toEqual([]);
  });
});

describe('a run that overruns', () => {
  it('skips the next point: its snapshots are not stored yet', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const desktop = await bed.desktop(await bed.policy({ cronExpression: '0 0 * ? * *' }));
    bed.taken = 'PROGRESSING';
    await bed.at(POINT);
    await bed.at(POINT + HOUR);
    expect(bed.takes).toHaveLength(1);
    await bed.store();
    await bed.at(POINT + 2 * HOUR);
    expect(bed.takes).toHaveLength(2);
    expect(await bed.runs(desktop)).toMatchObject([
      { point: POINT, status: 'done' },
      { point: POINT + HOUR, status: 'skipped', reason: expect.stringContaining('2026-11-24T18:00') },
      { point: POINT + 2 * HOUR, status: 'running' },
    ]);
  });

  it('holds the desktop alone for itself, also while a freeze hangs', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const policy = await bed.policy({ cronExpression: '0 0 * ? * *' });
    const [slow, other] = [await bed.desktop(policy), await bed.desktop(policy)];
    let release = () => {};
    bed.beforeTake = (take) =>
      take.desktopId === slow ? new Promise<void>((resolve) => (release = resolve)) : undefined;
    bed.now = POINT;
    await bed.runner.tick();
    bed.now = POINT + HOUR;
    await bed.runner.tick();
    expect(bed.takes.map((take) => take.desktopId).sort()).toEqual([slow, other, other].sort());
    release();
    await bed.runner.idle();
    await bed.at(POINT + HOUR + 1000);
    expect(await statuses(slow)).toEqual(['done', 'skipped']);
    expect(await statuses(other)).toEqual(['done', 'done']);
  });

  it('is failed when a snapshot could not be stored', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const desktop = await bed.desktop(await bed.policy());
    bed.taken = 'PROGRESSING';
    await bed.at(POINT);
    await bed.store('FAILED');
    await bed.at(POINT + MINUTE);
    expect(await bed.runs(desktop)).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('stored') },
    ]);
  });
});

describe('a desktop that cannot be taken at its point', () => {
  const busy = () => {
    throw new EcdError('IncorrectDesktopStatus', { status: 'Starting', wanted: 'Running' });
  };

  it('is tried again until it can, and no disk is taken twice', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const desktop = await bed.desktop(await bed.policy({ diskType: 'ALL' }));
    bed.beforeTake = (take) => (take.diskType === 'data' ? busy() : undefined);
    await bed.at(POINT);
    await bed.at(POINT + 10_000);
    expect(bed.takes).toHaveLength(2);
    bed.beforeTake = () => {};
    await bed.at(POINT + 30_000);
    expect(bed.takes.map((take) => take.diskType)).toEqual(['system', 'data', 'data']);
    await bed.at(POINT + 31_000);
    expect(await statuses(desktop)).toEqual(['done']);
    expect(await bed.snapshots(desktop)).toHaveLength(2);
  });

  it('is named by its point when it can only after midnight', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const policy = await bed.policy({ cronExpression: '0 59 23 ? * 1-7', diskType: 'ALL' });
    await bed.desktop(policy);
    // A minute before midnight in UTC+8.
    const late = Date.parse('2026-11-24T15:59:00Z');
    bed.beforeTake = (take) => (take.diskType === 'data' ? busy() : undefined);
    await bed.at(late);
    bed.beforeTake = () => {};
    await bed.at(late + 2 * MINUTE);
    await bed.at(late + DAY);
    const name = (day: string) => `auto2.0_${day}_${policy}`;
    expect(bed.takes.map((take) => `${take.diskType} ${take.name}`)).toEqual([
      `system ${name('20261124')}`,
      `data ${name('20261124')}`,
      `data ${name('20261124')}`,
      `system ${name('20261125')}`,
      `data ${name('20261125')}`,
    ]);
  });

  it('takes the other disk when one cannot be taken, at once and at the end', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z', { lateSeconds: 60 });
    const desktop = await bed.desktop(await bed.policy({ diskType: 'ALL' }));
    bed.beforeTake = (take) => (take.diskType === 'system' ? busy() : undefined);
    await bed.at(POINT);
    expect(bed.takes.map((take) => take.diskType)).toEqual(['system', 'data']);
    for (let second = 10; second <= 90; second += 10) await bed.at(POINT + second * 1000);
    expect(await bed.snapshots(desktop)).toHaveLength(1);
    expect(await bed.runs(desktop)).toMatchObject([{ status: 'failed' }]);
    // Each try of the disk that cannot be taken, and no second one of the other.
    expect(bed.takes.filter((take) => take.diskType === 'data')).toHaveLength(1);
    const told = (await bed.audited()).map((row) => row.Code);
    expect(told).toEqual(['OK', 'IncorrectDesktopStatus']);
  });

  it('is given up after lateSeconds, with the reason', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z', { lateSeconds: 120 });
    const desktop = await bed.desktop(await bed.policy());
    bed.beforeTake = busy;
    for (let second = 0; second <= 200; second += 10) await bed.at(POINT + second * 1000);
    expect(bed.takes).toHaveLength(5);
    expect(await bed.runs(desktop)).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('status') },
    ]);
    bed.beforeTake = () => {};
    await bed.at(POINT + DAY);
    expect(await bed.snapshots(desktop)).toHaveLength(1);
  });

  it('is left alone when its policy is taken away meanwhile', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const policy = await bed.policy();
    const desktop = await bed.desktop(policy);
    bed.beforeTake = busy;
    await bed.at(POINT);
    await bed.policies.cancel(REGION, undefined, [desktop], none);
    await bed.at(POINT + MINUTE);
    expect(bed.takes).toHaveLength(1);
    expect(await statuses(desktop)).toEqual(['skipped']);
  });

  it('does not stop the others', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const policy = await bed.policy();
    const [a, b] = [await bed.desktop(policy), await bed.desktop(policy)];
    bed.beforeTake = (take) => (take.desktopId === a ? busy() : undefined);
    await bed.at(POINT);
    expect(await bed.snapshots(b)).toHaveLength(1);
  });
});

describe('many desktops', () => {
  it('never begin in one second, neither at their turns nor when all of them are late', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z', { jitterSeconds: 60, startsPerSecond: 5 });
    const policy = await bed.policy();
    for (let n = 0; n < 100; n++) await bed.desktop(policy);
    const most = () => {
      const bySecond = Map.groupBy(bed.takes, (take) => take.at);
      return Math.max(...[...bySecond.values()].map((takes) => takes.length));
    };
    for (let second = 0; second < 70; second++) await bed.at(POINT + second * 1000);
    expect(bed.takes).toHaveLength(100);
    expect(most()).toBeLessThanOrEqual(5);
    expect(new Set(bed.takes.map((take) => take.desktopId)).size).toBe(100);
    const turns = new Map(bed.takes.map((take) => [take.desktopId, take.at - POINT]));
    bed.takes.length = 0;
    for (let second = 0; second < 70; second++) await bed.at(POINT + DAY + second * 1000);
    for (const take of bed.takes) {
      expect(Math.abs(take.at - POINT - DAY - turns.get(take.desktopId)!)).toBeLessThanOrEqual(2000);
    }
    bed.takes.length = 0;
    for (let second = 0; second < 25; second++) await bed.at(POINT + 2 * DAY + 30 * MINUTE + second * 1000);
    expect(bed.takes).toHaveLength(100);
    expect(most()).toBe(5);
  });
});
