import { expect, test } from 'vitest';
import { CATALOGUE, type CatalogueEntry } from '../errors.ts';
import { OPERATIONS } from '../operations/index.ts';
import { listErrors } from './error-list.ts';
import { sendTo } from './testing/http.ts';
import { startToyDoor } from './testing/toy-door.ts';

test('lists every code that a client can meet, and none of our own machinery', () => {
  const listed = listErrors(OPERATIONS).map((one) => one.code);
  const entries = Object.entries(CATALOGUE as Readonly<Record<string, CatalogueEntry>>);
  expect(listed).toEqual(entries.flatMap(([code, { internal }]) => (internal ? [] : [code])).sort());
  expect(listed).not.toContain('Vault.Damaged');
});

test('names the operations that state a code, and the families', () => {
  const errors = new Map(listErrors(OPERATIONS).map((one) => [one.code, one]));
  expect(errors.get('QuotaExceed.Snapshot')).toMatchObject({
    status: 403,
    operations: ['CreateSnapshot', 'StopDesktops', 'RebootDesktops'],
  });
  expect(errors.get('SignatureDoesNotMatch')?.operations).toEqual([]);
  expect(errors.get('MissingParameter')).toMatchObject({
    family: 'Missing',
    message: '<parameter> is mandatory for this action.',
  });
});

test('is served without a key', async () => {
  const toy = await startToyDoor({ operations: OPERATIONS });
  const { status, text, headers } = await sendTo(
    toy.port,
    '/meta/v1/products/ecd/versions/2020-09-30/errors.json',
  );
  await toy.close();
  expect(status).toBe(200);
  expect(headers['content-type']).toContain('application/json');
  expect(JSON.parse(text)).toEqual({ version: '2020-09-30', errors: listErrors(OPERATIONS) });
});
