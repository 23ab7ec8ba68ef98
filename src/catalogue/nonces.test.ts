import { afterEach, beforeEach, expect, test } from 'vitest';
import { EcdError } from '../errors.ts';
import { Catalogue } from './catalogue.ts';
import { Claim, forgetNonces, spendNonce } from './nonces.ts';

let catalogue: Catalogue;
beforeEach(() => {
  catalogue = Catalogue.open(':memory:');
});
afterEach(() => catalogue.close());

const claim = (nonce = 'n', key = 'key', expires = 1_000) => new Claim(key, nonce, expires);
const write = (one: Claim) => catalogue.transaction((trx) => one.record(trx));
const nonces = () => catalogue.db.selectFrom('nonces').selectAll().execute();

test('a second request with the same nonce commits nothing', async () => {
  await write(claim());
  const replay = catalogue.transaction(async (trx) => {
    await trx.insertInto('facts').values({ key: 'written', value: '' }).execute();
    await claim().record(trx);
  });
  await expect(replay).rejects.toMatchObject({ code: 'SignatureNonceUsed' });
  expect(await catalogue.db.selectFrom('facts').selectAll().execute()).toEqual([]);
  await write(claim('another'));
  await write(claim('n', 'another key'));
  expect(await nonces()).toHaveLength(3);
});

test('one request may write in several transactions', async () => {
  const one = claim();
  await write(one);
  await write(one);
  expect(await nonces()).toHaveLength(1);
});

test('a rolled back transaction spends nothing, and the same request may try again', async () => {
  const one = claim();
  const failing = catalogue.transaction(async (trx) => {
    await one.record(trx);
    throw new EcdError('OperationConflict', { reason: 'test' });
  });
  await expect(failing).rejects.toMatchObject({ code: 'OperationConflict' });
  expect(await nonces()).toEqual([]);
  await write(one);
  expect(await nonces()).toEqual([{ access_key_id: 'key', nonce: 'n', expires_at: 1_000 }]);
});

test('of two requests at once with one nonce one writes', async () => {
  const both = await Promise.allSettled([write(claim()), write(claim())]);
  expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('a request that wrote nothing has spent its nonce all the same', async () => {
  await spendNonce(catalogue, claim());
  await spendNonce(catalogue, claim());
  await expect(write(claim())).rejects.toMatchObject({ code: 'SignatureNonceUsed' });
});

test('nonces are forgotten when their window has passed, not before', async () => {
  await write(claim('old', 'key', 999));
  await write(claim('new', 'key', 1_000));
  await forgetNonces(catalogue, 1_000);
  expect((await nonces()).map((row) => row.nonce)).toEqual(['new']);
});

test('work that no request asked for records nothing', async () => {
  await write(Claim.none());
  await write(Claim.none());
  expect(await nonces()).toEqual([]);
});
