import { expect, test } from 'vitest';
import type { EcdError } from '../errors.ts';
import { NonceWindow } from './nonces.ts';

const used = expect.objectContaining({ code: 'SignatureNonceUsed' });

test('a nonce belongs to a key and is taken until it expires', () => {
  let now = 1_000_000_000;
  const window = new NonceWindow(() => now);
  window.take('a', 'n', now + 900_000);
  window.take('b', 'n', now + 900_000);
  window.take('an', '', now + 900_000);
  expect(() => window.take('a', 'n', now + 1_800_000)).toThrow(used);
  now += 900_000;
  expect(() => window.take('a', 'n', now + 900_000)).toThrow(used);
  now += 2 * 300_000;
  window.take('a', 'n', now + 900_000);
});

test('many nonces are kept, each once, and dropped when they have expired', () => {
  let now = 0;
  const window = new NonceWindow(() => now);
  for (let i = 0; i < 50_000; i++) window.take('key', `nonce ${i}`, (i % 1800) * 1000);
  expect(window.size).toBe(50_000);
  for (let i = 0; i < 50_000; i += 7) expect(() => window.take('key', `nonce ${i}`, 0)).toThrow(used);
  now = 10_000_000;
  window.take('key', 'nonce 1', now + 1);
  expect(window.size).toBe(1);
});

test('a full window refuses and forgets nothing, and tells when there is room again', () => {
  let now = 0;
  const window = new NonceWindow(() => now, 10);
  for (let i = 0; i < 10; i++) window.take('key', `${i}`, i < 5 ? 1_000_000 : 1000);
  const refusal = () => {
    try {
      window.take('key', 'one more', now + 1000);
    } catch (error) {
      return error as EcdError;
    }
    return undefined;
  };
  expect(refusal()).toMatchObject({ code: 'Throttling.User', details: { retryAfterMs: 300_001 } });
  expect(() => window.take('key', '0', 1000)).toThrow(used);
  now = 300_000;
  expect(refusal()).toMatchObject({ code: 'Throttling.User', details: { retryAfterMs: 1 } });
  now++;
  expect(refusal()).toBeUndefined();
  expect(() => window.take('key', '0', 1000)).toThrow(used);
  expect(window.size).toBe(6);
});
