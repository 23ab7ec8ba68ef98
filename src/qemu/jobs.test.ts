import { afterEach, describe, expect, test } from 'vitest';
import type { EcdError } from '../errors.ts';
import { type FakePeer, fakeQmp, type Received } from './fake-peer.ts';
import { runJob } from './jobs.ts';
import { QmpClient } from './qmp.ts';

let peer: FakePeer;
let qmp: QmpClient;
let jobs: Record<string, unknown>[];

async function session(handlers: Record<string, (command: Received) => void> = {}): Promise<void> {
  jobs = [];
  peer = await fakeQmp((command, p) => {
    handlers[command.execute]?.(command);
    if (command.execute === 'job-dismiss') jobs = [];
    p.send({ return: command.execute === 'query-jobs' ? jobs : {}, id: command.id! });
  });
  qmp = await QmpClient.connect(peer.path);
}

const job = (status: string, more: object = {}): Record<string, unknown> => ({
  id: 'j',
  status,
  'current-progress': 5,
  'total-progress': 10,
  ...more,
});
/** The end of a block job that dismisses itself. */
const blockJobEnd = (event: string, data: object = {}): void => {
  jobs = [];
  peer.send({ event, data: { device: 'j', ...data } });
  for (const status of ['concluded', 'null'])
    peer.send({ event: 'JOB_STATUS_CHANGE', data: { id: 'j', status } });
};
const start = (): Promise<unknown> => qmp.execute('block-commit');
const code = async (promise: Promise<unknown>): Promise<string> =>
  await promise.then(
    () => 'done',
    (error) => (error as EcdError).code,
  );

afterEach(async () => {
  qmp.close();
  await peer.close();
});

describe('runJob', () => {
  test('a block job that dismisses itself: progress, then the end', async () => {
    const seen: number[][] = [];
    await session({ 'block-commit': () => jobs.push(job('running')) });
    setTimeout(() => blockJobEnd('BLOCK_JOB_COMPLETED', { len: 10, offset: 10 }), 60);
    await runJob(qmp, 'j', start, { pollMs: 10, onProgress: (done, total) => seen.push([done, total]) });
    expect(seen[0]).toEqual([5, 10]);
    expect(peer.received.some((each) => each.execute === 'job-dismiss')).toBe(false);
  });

  test('events of other jobs end nothing', async () => {
    await session({ 'block-commit': () => jobs.push(job('running')) });
    const running = code(runJob(qmp, 'j', start, { pollMs: 1_000 }));
    setTimeout(() => peer.send({ event: 'JOB_STATUS_CHANGE', data: { id: 'k', status: 'null' } }), 10);
    setTimeout(() => peer.send({ event: 'BLOCK_JOB_COMPLETED', data: { device: 'k', error: 'no' } }), 10);
    const early = await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 60, 'waits'))]);
    expect(early).toBe('waits');
    blockJobEnd('BLOCK_JOB_COMPLETED');
    expect(await running).toBe('done');
  });

  test('a job that waits to be dismissed is dismissed, its error told', async () => {
    await session({ 'blockdev-create': () => jobs.push(job('concluded', { error: 'No space left' })) });
    const create = (): Promise<unknown> => qmp.execute('blockdev-create');
    const error = (await runJob(qmp, 'j', create).catch((e) => e)) as EcdError;
    expect(error).toMatchObject({ code: 'Qemu.CommandFailed', details: { reason: 'No space left' } });
    expect(peer.received.at(-1)?.execute).toBe('job-dismiss');
  });

  test('an error of a block job is told', async () => {
    await session({
      'block-commit': () => blockJobEnd('BLOCK_JOB_COMPLETED', { error: 'Input/output error' }),
    });
    await expect(runJob(qmp, 'j', start)).rejects.toThrow(/Input\/output error/);
  });

  test('a job whose events nobody saw is found gone', async () => {
    await session({ 'block-commit': () => jobs.push(job('running')) });
    setTimeout(() => (jobs = []), 40);
    expect(await code(runJob(qmp, 'j', start, { pollMs: 10 }))).toBe('done');
  });

  test('an abort cancels and waits for the end', async () => {
    let ended = false;
    await session({
      'block-commit': () => jobs.push(job('running')),
      'job-cancel': () =>
        setTimeout(() => {
          ended = true;
          blockJobEnd('BLOCK_JOB_CANCELLED');
        }, 50),
    });
    const running = runJob(qmp, 'j', start, { signal: AbortSignal.timeout(20) });
    expect(await code(running)).toBe('Cancelled');
    expect(ended).toBe(true);
  });

  test('a job that completed in spite of the abort counts as completed', async () => {
    await session({
      'block-commit': () => jobs.push(job('running')),
      'job-cancel': () => blockJobEnd('BLOCK_JOB_COMPLETED'),
    });
    expect(await code(runJob(qmp, 'j', start, { signal: AbortSignal.timeout(20) }))).toBe('done');
  });

  test('a job that does not end after the abort meets a deadline', async () => {
    await session({ 'block-commit': () => jobs.push(job('running')) });
    const options = { signal: AbortSignal.timeout(10), cancelTimeoutMs: 50, pollMs: 10 };
    expect(await code(runJob(qmp, 'j', start, options))).toBe('Qemu.TimedOut');
  });

  test('aborted before it began: nothing is started', async () => {
    await session();
    expect(await code(runJob(qmp, 'j', start, { signal: AbortSignal.abort() }))).toBe('Cancelled');
    expect(peer.received.map((each) => each.execute)).toEqual(['qmp_capabilities']);
  });

  test('ticks one at a time, waits for the last, and a failing tick cancels the job', async () => {
    await session({
      'block-commit': () => jobs.push(job('running')),
      'job-cancel': () => blockJobEnd('BLOCK_JOB_CANCELLED'),
    });
    let open = 0;
    let count = 0;
    const run = async (): Promise<void> => {
      expect(++open).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 15));
      open--;
      if (++count === 3) throw new Error('sync failed');
    };
    await expect(runJob(qmp, 'j', start, { tick: { everyMs: 5, run } })).rejects.toThrow('sync failed');
    expect([open, count]).toEqual([0, 3]);
  });

  test('the loss of QEMU ends it', async () => {
    await session({ 'block-commit': () => jobs.push(job('running')) });
    setTimeout(() => peer.drop(), 30);
    expect(await code(runJob(qmp, 'j', start, { pollMs: 10 }))).toBe('Qemu.ConnectionLost');
  });
});
