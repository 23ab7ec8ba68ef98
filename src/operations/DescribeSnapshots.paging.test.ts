import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bed, NOW } from './testing/bed.ts';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

/** What happens between two pages: something new at a time, or one that was there goes. */
const event = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), at: fc.integer({ min: 0, max: 20 }) }),
  fc.record({ kind: fc.constant('delete' as const), at: fc.nat() }),
);

describe('pages of DescribeSnapshots', () => {
  it('give each snapshot that stays exactly once, newest first, while others are made and deleted', async () => {
    await fc.assert(
      fc.asyncProperty(
        // Few different times, so that many are the same and the id decides.
        fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 25 }),
        fc.array(fc.array(event, { maxLength: 4 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        async (times, events, size) => {
          const { db } = bed.catalogue;
          await db.deleteFrom('snapshots').execute();
          const staying = new Set<string>();
          const times0 = new Map<string, number>();
          for (const [i, at] of times.entries()) {
            const id = `s-${(i * 7919) % 1000}-old`;
            await bed.snapshot({ id, created_at: NOW + at });
            staying.add(id);
            times0.set(id, at);
          }
          const seen: string[] = [];
          let token: string | undefined;
          let round = 0;
          do {
            const answer = await bed.call('DescribeSnapshots', { MaxResults: size, NextToken: token });
            expect(answer.Snapshots.length).toBeLessThanOrEqual(size);
            if (answer.NextToken !== undefined) expect(answer.Snapshots).toHaveLength(size);
            seen.push(...answer.Snapshots.map((s: { SnapshotId: string }) => s.SnapshotId));
            for (const [i, e] of (events[round] ?? []).entries()) {
              if (e.kind === 'insert') {
                await bed.snapshot({ id: `s-${round}-${i}-${e.at}`, created_at: NOW + e.at });
              } else {
                const id = [...staying][e.at % Math.max(1, staying.size)];
                if (id === undefined) continue;
                staying.delete(id);
                await db.deleteFrom('snapshots').where('id', '=', id).execute();
              }
            }
            token = answer.NextToken;
          } while (token !== undefined && ++round < 200);

          expect(new Set(seen).size).toBe(seen.length);
          expect([...staying].filter((id) => !seen.includes(id))).toEqual([]);
          const order = seen.filter((id) => times0.has(id));
          const sorted = [...order].sort((a, b) => times0.get(b)! - times0.get(a)! || (a < b ? 1 : -1));
          expect(order).toEqual(sorted);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('do not show a snapshot before its point in time is known, so that none moves', async () => {
    const id = await bed.snapshot({ status: 'PROGRESSING', consistency: null });
    expect((await bed.call('DescribeSnapshots')).Snapshots).toEqual([]);
    await bed.catalogue.db.updateTable('snapshots').set({ consistency: 'crash' }).execute();
    expect((await bed.call('DescribeSnapshots')).Snapshots[0].SnapshotId).toBe(id);
    await bed.catalogue.db.updateTable('snapshots').set({ consistency: null, status: 'FAILED' }).execute();
    expect((await bed.call('DescribeSnapshots')).Snapshots[0].Status).toBe('FAILED');
  });

  it('refuse a token of other filters, of another operation, and a mangled one', async () => {
    await bed.snapshot();
    await bed.snapshot();
    await bed.desktop();
    await bed.desktop();
    const { NextToken: token } = await bed.call('DescribeSnapshots', { MaxResults: 1 });
    const code = (p: object) => bed.codeOf('DescribeSnapshots', p);
    expect(await code({ NextToken: token })).toBe('none');
    expect(await code({ NextToken: token, MaxResults: 5 })).toBe('none');
    expect(await code({ NextToken: token, OsType: 'Linux' })).toBe('InvalidNextToken');
    expect(await code({ NextToken: token, RegionId: 'room-2' })).toBe('InvalidNextToken');
    expect(await code({ NextToken: `${token}A` })).toBe('InvalidNextToken');
    expect(await bed.codeOf('DescribeDesktops', { NextToken: token })).toBe('InvalidNextToken');
  });

  it('hold 100 if nothing is asked for, and 1 to 100', async () => {
    for (let i = 0; i < 101; i++) await bed.snapshot();
    const first = await bed.call('DescribeSnapshots');
    expect(first.Snapshots).toHaveLength(100);
    const second = await bed.call('DescribeSnapshots', { NextToken: first.NextToken });
    expect(second.Snapshots).toHaveLength(1);
    expect(second).not.toHaveProperty('NextToken');
    expect((await bed.call('DescribeSnapshots', { MaxResults: 0 })).Snapshots).toHaveLength(100);
    expect(await bed.codeOf('DescribeSnapshots', { MaxResults: 101 })).toBe('InvalidMaxResults');
    expect(await bed.codeOf('DescribeSnapshots', { MaxResults: -1 })).toBe('InvalidMaxResults');
  });
});
