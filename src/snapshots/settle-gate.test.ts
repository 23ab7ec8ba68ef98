import { beforeEach, expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { SettleGate } from './settle-gate.ts';

let resumed: string[];
let gate: SettleGate;
beforeEach(() => {
  resumed = [];
  gate = new SettleGate((diskId) => resumed.push(diskId));
});

/** A settle that runs until it is told to stop, and needs `ms` to do so. */
const until = (ms: number) => (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      setTimeout(() => reject(new EcdError('Cancelled', { reason: 'told to stop' })), ms);
    });
  });

test('one settle of a disk at a time; other disks do not care', async () => {
  const first = Promise.withResolvers<string>();
  const running = gate.run('d', () => first.promise);
  await expect(gate.run('d', async () => 'second')).rejects.toMatchObject({ code: 'Cancelled' });
  await expect(gate.run('other', async () => 'theirs')).resolves.toBe('theirs');
  first.resolve('first');
  await expect(running).resolves.toBe('first');
  await expect(gate.run('d', async () => 'third')).resolves.toBe('third');
});

test('a pause stops the settle and answers only when it has ended', async () => {
  let ended = false;
  const running = gate.run('d', until(30)).finally(() => {
    ended = true;
  });
  const caught = running.catch((error: unknown) => error);
  const pause = await gate.pause('d');
  expect(ended).toBe(true);
  expect(await caught).toMatchObject({ code: 'Cancelled' });
  await expect(gate.run('d', async () => 1)).rejects.toMatchObject({ code: 'Cancelled' });
  pause.resume();
  await expect(gate.run('d', async () => 1)).resolves.toBe(1);
});

test('a settle that was just finished is done, not cancelled', async () => {
  const work = Promise.withResolvers<string>();
  const running = gate.run('d', () => work.promise);
  const pausing = gate.pause('d');
  work.resolve('done');
  await expect(running).resolves.toBe('done');
  (await pausing).resume();
});

test('a settle that fails lets the pause through, and the next settle', async () => {
  const work = Promise.withResolvers<never>();
  const running = gate.run('d', () => work.promise).catch((error: unknown) => error);
  const pausing = gate.pause('d');
  work.reject(new Error('no'));
  (await pausing).resume();
  expect(await running).toBeInstanceOf(Error);
  await expect(gate.run('d', async () => 1)).resolves.toBe(1);
});

test('none begins until every pause was resumed, each once', async () => {
  const one = await gate.pause('d');
  const two = await gate.pause('d');
  one.resume();
  one.resume();
  expect(resumed).toEqual([]);
  await expect(gate.run('d', async () => 1)).rejects.toMatchObject({ code: 'Cancelled' });
  two.resume();
  expect(resumed).toEqual(['d']);
  await expect(gate.run('d', async () => 1)).resolves.toBe(1);
});

test('who is told of a resume may begin a settle there and then', async () => {
  let begun: Promise<number> | undefined;
  const eager: SettleGate = new SettleGate((diskId) => {
    begun = eager.run(diskId, async () => 7);
  });
  (await eager.pause('d')).resume();
  await expect(begun).resolves.toBe(7);
  await expect(eager.run('d', async () => 8)).resolves.toBe(8);
});
