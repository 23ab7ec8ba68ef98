import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextRun, parseCron } from './cron.ts';
import { type AutoSnapshot, DAY_MS, decide, retentionEnd } from './retention.ts';
import { parseTimeZone } from './time-zone.ts';

const at = (text: string) => Date.parse(text);
const NOW = at('2026-11-24T12:00:00Z');

function snapshot(id: string, ageDays: number, more: Partial<AutoSnapshot> = {}): AutoSnapshot {
  const createdAt = NOW - ageDays * DAY_MS;
  const expiresAt = retentionEnd(createdAt, 180);
  return { id, type: 'AUTO', policyId: 'sp-1', status: 'ACCOMPLISHED', createdAt, expiresAt, ...more };
}

function gone(snapshots: readonly AutoSnapshot[], limit = 30, now = NOW): string[] {
  return decide(snapshots, now, limit)
    .filter((decision) => decision.action === 'delete')
    .map((decision) => decision.snapshot.id);
}

describe('the end of a retention', () => {
  it.each([
    ['2026-11-24T18:00:00Z', 1, '2026-11-25T18:00:00Z'],
    ['2026-11-24T18:00:00.123Z', 3, '2026-11-27T18:00:00.123Z'],
    ['2028-02-28T18:00:00Z', 1, '2028-02-29T18:00:00Z'],
    ['2028-02-28T18:00:00Z', 2, '2028-03-01T18:00:00Z'],
    ['2027-02-28T18:00:00Z', 1, '2027-03-01T18:00:00Z'],
    ['2028-02-29T18:00:00Z', 180, '2028-08-27T18:00:00Z'],
    ['2027-12-31T23:59:59Z', 1, '2028-01-01T23:59:59Z'],
    // Over the change of clocks in Europe: still 24 hours, an hour later on the wall.
    ['2027-03-27T01:30:00Z', 1, '2027-03-28T01:30:00Z'],
    ['2027-10-30T00:30:00Z', 1, '2027-10-31T00:30:00Z'],
    ['2026-11-24T00:00:00Z', 180, '2027-05-23T00:00:00Z'],
  ])('made %s, kept %s days: %s', (made, days, end) => {
    expect(new Date(retentionEnd(at(made), days)).toISOString()).toBe(new Date(end).toISOString());
    const one = snapshot('s', 0, { createdAt: at(made), expiresAt: retentionEnd(at(made), days) });
    expect(gone([one], 30, at(end) - 1)).toEqual([]);
    expect(gone([one], 30, at(end))).toEqual(['s']);
  });
});

describe('what goes', () => {
  it('is the oldest over the limit', () => {
    const many = Array.from({ length: 33 }, (_, age) => snapshot(`s-${age}`, age));
    expect(gone(many)).toEqual(['s-32', 's-31', 's-30']);
    expect(gone(many.slice(0, 30))).toEqual([]);
    expect(gone(many, 1)).toHaveLength(32);
  });

  it('is, of those of one instant, the smaller id', () => {
    expect(gone([snapshot('b', 1), snapshot('a', 1)], 1)).toEqual(['a']);
  });

  it('is first what FAILED: nothing can be restored from it', () => {
    const failed = snapshot('failed', 0, { status: 'FAILED' });
    expect(gone([snapshot('old', 9), snapshot('new', 1), failed], 2)).toEqual(['failed']);
    expect(gone([snapshot('old', 9), snapshot('new', 1), failed], 1)).toEqual(['old', 'failed']);
    expect(gone([snapshot('old', 9), failed], 2)).toEqual([]);
  });

  it('does not count what goes by its retention', () => {
    const old = [1, 2, 3].map((n) => snapshot(`old-${n}`, 200 + n));
    const young = Array.from({ length: 30 }, (_, age) => snapshot(`s-${age}`, age));
    expect(gone([...old, ...young])).toEqual(['old-3', 'old-2', 'old-1']);
  });

  it('is never what no policy made, whatever stands in its row, and that does not count', () => {
    const expired = { expiresAt: NOW - 1 };
    const users = [
      snapshot('user', 500, { type: 'USER', ...expired }),
      snapshot('user-of-no-policy', 500, { type: 'USER', policyId: null, ...expired }),
      snapshot('auto-of-no-policy', 500, { policyId: null, ...expired }),
      snapshot('failed', 500, { type: 'USER', status: 'FAILED', ...expired }),
    ];
    const young = Array.from({ length: 30 }, (_, age) => snapshot(`s-${age}`, age));
    expect(gone([...users, ...young])).toEqual([]);
    expect(gone(users, 0)).toEqual([]);
    const causes = decide(users, NOW, 0).map((decision) => decision.cause);
    expect(new Set(causes)).toEqual(new Set(['not-by-policy']));
  });

  it('has its reason', () => {
    const reasons = decide([snapshot('old', 200), snapshot('a', 2), snapshot('b', 1)], NOW, 1);
    expect(reasons.map(({ action, cause, reason }) => [action, cause, reason])).toEqual([
      ['delete', 'expired', 'Its retention ended at 2026-11-04T12:00:00Z.'],
      [
        'delete',
        'over-limit',
        'The desktop had 2 automatic snapshots and may have 1; this one was the oldest.',
      ],
      ['keep', 'retained', 'It is kept until 2027-05-22T12:00:00Z.'],
    ]);
    expect(decide([snapshot('x', 1, { expiresAt: null })], NOW, 1)[0]!.reason).toBe(
      'It is kept without an end.',
    );
  });
});

describe('ten years', () => {
  it.each([
    ['UTC+8', '0 0 2 ? * 1-7', 3, 3, 3],
    ['UTC+8', '0 0 2 ? * 1-7', 180, 30, 30],
    ['UTC+8', '0 0 5,7 ? * 2/2', 7, 6, 6],
    // With two changes of the clock a year a day's distance is 23 to 25 hours: one more or one fewer for a moment.
    ['Europe/Berlin', '0 30 2 ? * 1-7', 3, 3, 4],
    ['America/New_York', '0 0 2 ? * 1-7', 29, 29, 30],
    ['Australia/Lord_Howe', '0 0 2 ? * 1-7', 1, 1, 2],
    ['UTC+8', '0 0 1 29 2 ?', 180, 1, 1],
    // From 1 January to 1 March there are 59 days, in leap years 60.
    ['UTC+8', '0 0 1 1 * ?', 60, 2, 3],
  ])(
    'of %s with %s kept %s days hold %s to %s right after a run',
    (zoneName, expression, days, least, most) => {
      const zone = parseTimeZone(zoneName);
      const cron = parseCron(expression);
      let held: AutoSnapshot[] = [];
      const counts = new Set<number>();
      let run = 0;
      let made = at('2024-01-01T00:00:00Z');
      for (const settled = at('2024-08-01T00:00:00Z'); ; run++) {
        made = nextRun(cron, zone, made);
        if (made > at('2034-01-01T00:00:00Z')) break;
        held.push(snapshot(`${run}`, 0, { createdAt: made, expiresAt: retentionEnd(made, days) }));
        held = decide(held, made, 30).flatMap((d) => (d.action === 'keep' ? [d.snapshot] : []));
        expect(held.at(-1)!.id).toBe(`${run}`);
        expect(held.every((s) => made - s.createdAt < days * DAY_MS)).toBe(true);
        if (made > settled) counts.add(held.length);
      }
      expect(Math.min(...counts)).toBe(least);
      expect(Math.max(...counts)).toBe(most);
    },
  );
});

describe('10,000 timelines', () => {
  const item = fc.record({
    age: fc.integer({ min: 0, max: 240 }),
    days: fc.option(fc.integer({ min: 1, max: 180 }), { nil: null, freq: 20 }),
    status: fc.constantFrom('ACCOMPLISHED', 'ACCOMPLISHED', 'PROGRESSING', 'FAILED'),
    kind: fc.constantFrom('auto', 'auto', 'auto', 'auto', 'user', 'stray'),
  });

  it('go as an oracle says, that takes away one at a time, in bounded time', () => {
    const started = performance.now();
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (items, limit) => {
        const all = items.map(({ age, days, status, kind }, index): AutoSnapshot => {
          const own = { status, type: kind === 'user' ? ('USER' as const) : ('AUTO' as const) };
          const expiresAt = days === null ? null : NOW - age * DAY_MS + days * DAY_MS;
          return snapshot(`s-${index}`, age, {
            ...own,
            expiresAt,
            policyId: kind === 'auto' ? 'sp-1' : null,
          });
        });
        expect(new Set(gone(all, limit))).toEqual(oracle(all, limit));
        expect(decide(all, NOW, limit)).toHaveLength(all.length);
      }),
      { numRuns: 10_000 },
    );
    expect(performance.now() - started).toBeLessThan(20_000);
  }, 60_000);

  /** The rules once more, said another way. */
  function oracle(all: readonly AutoSnapshot[], limit: number): Set<string> {
    const removed = new Set<string>();
    const candidates = () =>
      all.filter((s) => s.policyId !== null && s.type === 'AUTO' && !removed.has(s.id));
    for (const s of candidates()) if (s.expiresAt !== null && s.expiresAt - NOW <= 0) removed.add(s.id);
    while (candidates().length > limit) {
      let worst: AutoSnapshot | undefined;
      for (const s of candidates()) {
        if (worst === undefined || isWorse(s, worst)) worst = s;
      }
      removed.add(worst!.id);
    }
    return removed;
  }

  function isWorse(a: AutoSnapshot, b: AutoSnapshot): boolean {
    const failed = [a, b].map((s) => s.status === 'FAILED');
    if (failed[0] !== failed[1]) return failed[0]!;
    return a.createdAt === b.createdAt ? a.id < b.id : a.createdAt < b.createdAt;
  }
});
