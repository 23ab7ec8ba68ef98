/** kill -9 of the service, of QEMU and of storage daemons at named points: what was acknowledged is there, nothing else is. */
import { afterAll, describe, expect, test } from 'vitest';
import { Bed, type CaseRun } from './bed.ts';
import { type Case, DAEMON, QEMU, SERVICE, SERVICE_LIVE, SLOW_SETTLE } from './cases.ts';
import { judged } from './verdict.ts';

const bed = new Bed();
afterAll(() => bed.close());

const title = ({ at, steps }: Case) => `${at} in: ${steps.join(', ')}`;
const table = (cases: readonly Case[]) => cases.map((each) => [title(each), each] as const);

/** Runs a case until it dies of it, and looks at what is left. */
function dies(each: Case, action: string, look: (run: CaseRun) => void | Promise<void>): Promise<void> {
  const [point, nth] = each.at.split('@') as [string, string?];
  const fault = [`${point}=${action}@${nth ?? 1}`, ...(each.also ?? [])].join(',');
  return bed.inTurn(async () => {
    const run = await bed.run({ steps: each.steps, fault, ...(each.slow ? { options: SLOW_SETTLE } : {}) });
    await look(run);
    await judged(bed, run);
  });
}

const died = (run: CaseRun) => expect(run.died, run.stderr).toBe(true);
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

describe.concurrent('the service dies, and QEMU too', () => {
  test.each(table(SERVICE_LIVE))('%s', (_, each) =>
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
