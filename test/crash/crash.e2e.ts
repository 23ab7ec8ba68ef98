/** kill -9 of the service, of QEMU and of storage daemons at named points: what was acknowledged is there, nothing else is. */
import { afterAll, describe, expect, test } from 'vitest';
import { Bed, type CaseRun } from './bed.ts';
import {
  type Case,
  DAEMON,
  IMAGES,
  IMAGES_DAEMON,
  IMAGES_LIVE,
  QEMU,
  RENEWALS,
  SERVICE,
  SERVICE_LIVE,
  SLOW_SETTLE,
} from './cases.ts';
import { judged } from './verdict.ts';

const FULL = process.env['OPENECD_TEST_TIER'] === 'full';
const bed = new Bed();
afterAll(() => bed.close());

const title = ({ at, again, steps }: Case) =>
  `${at}${again === undefined ? '' : `, then ${again}`} in: ${steps.join(', ')}`;
const table = (cases: readonly Case[]) => cases.map((each) => [title(each), each] as const);

const died = (run: CaseRun) => expect(run.died, run.stderr).toBe(true);

/** Runs a case until it dies of it, and looks at what is left. */
function dies(each: Case, action: string, look: (run: CaseRun) => void | Promise<void>): Promise<void> {
  const [point, nth] = each.at.split('@') as [string, string?];
  const fault = [`${point}=${action}@${nth ?? 1}`, ...(each.also ?? [])].join(',');
  return bed.inTurn(async () => {
    const run = await bed.run({ steps: each.steps, fault, ...(each.slow ? { options: SLOW_SETTLE } : {}) });
    await look(run);
    if (each.again === undefined) return await judged(bed, run);
    const next = await bed.run({ steps: ['idle'], fault: `${each.again}=kill`, after: run });
    died(next);
    await judged(bed, next);
  });
}

const wentOn = (action: string) => (run: CaseRun) => {
  expect(run.stderr).toContain(`: ${action} `);
  expect(run.died, run.stderr).toBe(false);
};

describe.concurrent('the service dies', () => {
  test.each(table(SERVICE))('%s', (_, each) => dies(each, 'kill', died));
});

describe.concurrent('the service dies, QEMU lives', () => {
  test.each(table(SERVICE_LIVE))('%s', (_, each) => dies(each, 'kill', died));
});

/** Where it matters what QEMU was doing; in full everywhere. */
const WITH_QEMU = SERVICE_LIVE.filter(({ at }) => FULL || /^(take|settle)\./.test(at));

describe.concurrent('the service dies, and QEMU too', () => {
  test.each(table(WITH_QEMU))('%s', (_, each) =>
    dies(each, 'kill', async (run) => {
      died(run);
      await Bed.killQemu(run.dir);
    }),
  );
});

describe.concurrent('QEMU dies', () => {
  test.each(table(QEMU))('%s', (_, each) => dies(each, 'kill-qemu', wentOn('kill-qemu')));
});

describe.concurrent('a storage daemon dies', () => {
  test.each(table(DAEMON))('%s', (_, each) => dies(each, 'kill-qsd', wentOn('kill-qsd')));
});

describe.concurrent('images: the service dies', () => {
  test.each(table([...IMAGES, ...IMAGES_LIVE]))('%s', (_, each) => dies(each, 'kill', died));
});

describe.concurrent('images: a storage daemon dies', () => {
  test.each(table(IMAGES_DAEMON))('%s', (_, each) => dies(each, 'kill-qsd', wentOn('kill-qsd')));
});

describe.concurrent('rebuilds: the service dies', () => {
  test.each(table(RENEWALS))('%s', (_, each) => dies(each, 'kill', died));
});
