import { expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { SILENT } from './log.ts';
import { untilAnswered } from './start.ts';

const failed = (state: 'running' | 'ended') =>
  new EcdError('Qemu.StartFailed', { program: 'qemu', reason: 'it says nothing', state });

/** Fails as told, once for each; then answers. Gives the deadlines it was called with. */
async function tried(errors: readonly Error[], deadlines: readonly number[]) {
  const given: number[] = [];
  const left = [...errors];
  const answer = await untilAnswered(deadlines, SILENT, async (ms) => {
    given.push(ms);
    const error = left.shift();
    if (error !== undefined) throw error;
    return 'answered';
  }).catch((error: unknown) => error);
  return { given, answer };
}

test('a program that runs and does not answer is started anew, with more time', async () => {
  const silent = failed('running');
  expect(await tried([silent, silent], [4, 8, 20])).toEqual({ given: [4, 8, 20], answer: 'answered' });
  expect(await tried([silent, silent, silent], [4, 8, 20])).toEqual({ given: [4, 8, 20], answer: silent });
});

test('one that has ended has said why, and another failure is no silence', async () => {
  for (const error of [failed('ended'), new EcdError('Cancelled', { reason: 'called off' }), new Error('no')])
    expect(await tried([error], [4, 8])).toEqual({ given: [4], answer: error });
});
