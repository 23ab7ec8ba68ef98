/** What policies do by themselves stands in the audit log. */
import { afterEach, describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { PolicyBed } from './testing/policy-bed.ts';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
const POINT = Date.parse('2026-11-24T18:00:00Z');

let bed: PolicyBed;
afterEach(() => bed.close());

/** Of a request there would be a key and an address. */
const byPolicy = (policy: string) => ({
  ...{ PolicyId: policy, UserName: 'alice', AccessKeyId: '', SourceAddress: '', Kind: 'write' },
});
const busy = () => {
  throw new EcdError('IncorrectDesktopStatus', { status: 'Starting', wanted: 'Running' });
};

describe('the audit log', () => {
  it('has each snapshot that a policy made: which, of what, when', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const policy = await bed.policy({ diskType: 'ALL' });
    const desktop = await bed.desktop(policy);
    await bed.at(POINT);
    const made = (await bed.snapshots(desktop)).map(({ id }) => id);
    const rows = await bed.audited();
    expect(rows).toEqual(
      made.map((id) => ({
        ...byPolicy(policy),
        ...{ Time: '2026-11-24T18:00:00.000Z', RequestId: expect.stringMatching(/^[0-9A-F-]{36}$/) },
        ...{ Operation: 'CreateSnapshot', Status: 200, Code: 'OK', DurationMs: 0 },
        Resources: [`desktop/${desktop}`, `snapshot/${id}`, `snapshotpolicy/${policy}`],
      })),
    );
    expect(new Set(rows.map((row) => row.RequestId)).size).toBe(2);
  });

  it('has each that a policy deleted, with the reason', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z', { maxAutoPerDesktop: 2 });
    const policy = await bed.policy({ retentionDays: 180 });
    const desktop = await bed.desktop(policy);
    const old = { desktop_id: 'ecd-gone', type: 'AUTO' as const, policy_id: 'sp-gone', creator: 'bob' };
    const expired = await bed.snapshot({ ...old, created_at: 0, expires_at: POINT });
    for (let day = 0; day < 3; day++) await bed.at(POINT + day * DAY);
    const rows = (await bed.audited()).filter((row) => row.Operation === 'DeleteSnapshot');
    expect(rows.map((row) => row.Resources[1])).toEqual(bed.removed.map((id) => `snapshot/${id}`));
    expect(rows).toMatchObject([
      {
        ...{ ...byPolicy('sp-gone'), UserName: 'bob', Status: 200, Code: 'OK' },
        Resources: ['desktop/ecd-gone', `snapshot/${expired}`, 'snapshotpolicy/sp-gone'],
        Reason: 'Its retention ended at 2026-11-24T18:00:00Z.',
      },
      {
        ...{ ...byPolicy(policy), Status: 200, Code: 'OK' },
        Resources: [`desktop/${desktop}`, expect.any(String), `snapshotpolicy/${policy}`],
        Reason: 'The desktop had 3 automatic snapshots and may have 2; this one was the oldest.',
      },
    ]);
  });

  it('has no deletion that failed, and one once it is done', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z');
    const own = { type: 'AUTO' as const, policy_id: 'sp-1', created_at: 0, expires_at: 1 };
    const gone = await bed.snapshot(own);
    bed.beforeRemove = () => {
      throw new Error('the vault is away');
    };
    await bed.at(POINT);
    expect(await bed.audited()).toEqual([]);
    bed.beforeRemove = () => {};
    await bed.at(POINT + HOUR);
    await bed.at(POINT + 2 * HOUR);
    expect((await bed.audited()).map((row) => row.Resources[1])).toEqual([`snapshot/${gone}`]);
  });

  it('has a taking that was given up once, whatever the number of tries', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z', { lateSeconds: 120 });
    const policy = await bed.policy();
    const desktop = await bed.desktop(policy);
    bed.beforeTake = busy;
    for (let second = 0; second <= 200; second += 10) await bed.at(POINT + second * 1000);
    expect(bed.takes.length).toBeGreaterThan(1);
    expect(await bed.audited()).toMatchObject([
      {
        ...{ ...byPolicy(policy), Operation: 'CreateSnapshot', Status: 403, Code: 'IncorrectDesktopStatus' },
        Resources: [`desktop/${desktop}`, `snapshotpolicy/${policy}`],
        Reason: 'The system disk: The current status of the desktop does not support this operation.',
      },
    ]);
  });

  it('shows of a failure of our own machinery what a client would see', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z', { lateSeconds: 1 });
    await bed.desktop(await bed.policy());
    bed.beforeTake = () => {
      throw new EcdError('Qemu.ConnectionLost', { what: '/somewhere/secret' });
    };
    await bed.at(POINT);
    expect(await bed.audited()).toMatchObject([{ Status: 503, Code: 'ServiceUnavailable' }]);
    expect(JSON.stringify(await bed.audited())).not.toContain('somewhere');
  });

  it('has what a stop of the service cut short for good', async () => {
    bed = new PolicyBed('2026-11-24T12:00:00Z', {}, { inMemory: false });
    const policy = await bed.policy({ diskType: 'ALL' });
    await bed.desktop(policy);
    bed.beforeTake = (take) => (take.diskType === 'data' ? new Promise<void>(() => {}) : undefined);
    bed.now = POINT;
    await bed.runner.tick();
    await expect.poll(() => bed.takes.length).toBe(2);
    bed.beforeTake = () => {};
    bed.crash();
    await bed.at(POINT + 2 * HOUR);
    expect(await bed.audited()).toMatchObject([
      { Operation: 'CreateSnapshot', Code: 'OK' },
      {
        ...{ ...byPolicy(policy), Code: 'OperationDenied.SnapshotFailed' },
        Reason: 'The data disk: The snapshot could not be taken: the service was down.',
      },
    ]);
  });
});
