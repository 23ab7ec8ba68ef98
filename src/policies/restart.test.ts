import { afterEach, describe, expect, it } from 'vitest';
import { PolicyBed } from './testing/policy-bed.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const POINT = Date.parse('2026-11-24T18:00:00Z');

let bed: PolicyBed;
afterEach(() => bed.close());

/** A catalogue file, and a service that goes down well before the point. */
async function down(diskType: 'SYSTEM' | 'ALL' = 'SYSTEM', cron = '0 0 2 ? * 1-7'): Promise<string> {
  bed = new PolicyBed('2026-11-24T12:00:00Z', {}, { inMemory: false });
  const desktop = await bed.desktop(await bed.policy({ diskType, cronExpression: cron }));
  await bed.at(POINT - HOUR);
  await bed.restart();
  return desktop;
}

describe('a point that the service slept through', () => {
  it.each([
    [1, 'done'],
    [59, 'done'],
    [60, 'done'],
    [61, 'missed'],
    [23 * 60, 'missed'],
  ])('%s minutes late is %s', async (minutes, status) => {
    const desktop = await down();
    await bed.at(POINT + minutes * MINUTE);
    await bed.at(POINT + minutes * MINUTE + 1000);
    expect(bed.takes).toHaveLength(status === 'done' ? 1 : 0);
    expect(await bed.runs(desktop)).toMatchObject([{ point: POINT, status }]);
    if (status === 'missed') {
      expect(bed.logs).toContainEqual(
        expect.objectContaining({ desktop, message: 'a policy missed a point', reason: expect.any(String) }),
      );
    }
  });

  it('is made up once, however often the service starts', async () => {
    const desktop = await down();
    for (let minute = 1; minute < 50; minute += 8) {
      await bed.at(POINT + minute * MINUTE);
      await bed.restart();
    }
    expect(bed.takes).toHaveLength(1);
    await bed.at(POINT + DAY);
    expect(bed.takes).toHaveLength(2);
    expect((await bed.runs(desktop)).map((run) => run.status)).toEqual(['done', 'running']);
  });

  it('has the name of its own day, also when the next one has begun', async () => {
    await down('SYSTEM', '0 50 23 ? * 1-7');
    const eve = Date.parse('2026-11-25T15:50:00Z');
    await bed.at(eve + 20 * MINUTE);
    await bed.at(eve + DAY);
    expect(bed.takes.map((take) => take.name.slice(0, 16))).toEqual(['auto2.0_20261125', 'auto2.0_20261126']);
  });

  it('of several is the last one, and the others are logged', async () => {
    const desktop = await down('SYSTEM', '0 0/10 * ? * *');
    bed.takes.length = 0;
    await bed.at(POINT + 2 * DAY + 3 * MINUTE);
    await bed.at(POINT + 2 * DAY + 4 * MINUTE);
    expect(bed.takes).toHaveLength(1);
    expect((await bed.runs(desktop)).at(-1)).toMatchObject({ point: POINT + 2 * DAY, status: 'done' });
    expect(bed.logs).toContainEqual(
      expect.objectContaining({ desktop, message: 'earlier points of a policy were missed' }),
    );
  });
});

describe('a run that a kill cuts short', () => {
  it('before its first snapshot goes on', async () => {
    const desktop = await down();
    bed.beforeTake = () => new Promise<void>(() => {});
    bed.now = POINT;
    await bed.runner.tick();
    expect(await bed.snapshots(desktop)).toEqual([]);
    bed.beforeTake = () => {};
    bed.crash();
    await bed.at(POINT + MINUTE);
    await bed.at(POINT + 2 * MINUTE);
    expect(await bed.snapshots(desktop)).toHaveLength(1);
    expect(await bed.runs(desktop)).toMatchObject([{ status: 'done' }]);
  });

  it('between two disks takes the other one only', async () => {
    const desktop = await down('ALL');
    bed.beforeTake = (take) => (take.diskType === 'data' ? new Promise<void>(() => {}) : undefined);
    bed.now = POINT;
    await bed.runner.tick();
    await expect.poll(() => bed.takes.length).toBe(2);
    bed.beforeTake = () => {};
    bed.crash();
    await bed.at(POINT + MINUTE);
    expect(bed.takes.map((take) => take.diskType)).toEqual(['system', 'data', 'data']);
    expect(await bed.snapshots(desktop)).toHaveLength(2);
  });

  it('with all its snapshots made is done when they are stored', async () => {
    const desktop = await down();
    bed.taken = 'PROGRESSING';
    await bed.at(POINT);
    await bed.restart();
    await bed.at(POINT + MINUTE);
    expect(await bed.runs(desktop)).toMatchObject([{ status: 'running' }]);
    await bed.store();
    await bed.at(POINT + 2 * MINUTE);
    expect(await bed.runs(desktop)).toMatchObject([{ status: 'done' }]);
    expect(bed.takes).toHaveLength(1);
  });

  it('is failed when the service was down for too long, and the next point runs', async () => {
    const desktop = await down();
    bed.beforeTake = () => new Promise<void>(() => {});
    bed.now = POINT;
    await bed.runner.tick();
    bed.beforeTake = () => {};
    bed.crash();
    await bed.at(POINT + 2 * HOUR);
    expect(await bed.runs(desktop)).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('down') },
    ]);
    await bed.at(POINT + DAY);
    expect(await bed.snapshots(desktop)).toHaveLength(1);
  });
});

it('records of runs are forgotten after two weeks', async () => {
  const desktop = await down();
  for (let day = 0; day < 20; day++) await bed.at(POINT + day * DAY + MINUTE);
  const runs = await bed.runs(desktop);
  expect(runs.length).toBeGreaterThanOrEqual(13);
  expect(runs.length).toBeLessThanOrEqual(15);
});
