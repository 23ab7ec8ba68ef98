import fc from 'fast-check';
import { expect, test } from 'vitest';
import { signByHeaders, signByParameters } from '../../acceptance/support/signer.ts';
import { credentialsOf, encodeParameters, importSecret, sign, steps, type Unsigned } from './signer.ts';
import { signV1, stepsV1 } from './signer-v1.ts';

const KEY = { accessKeyId: 'testid', accessKeySecret: 'testsecret' };
const NOW = Date.UTC(2026, 10, 24, 2, 34, 43);

async function signed(parameters: Record<string, string>, format: 'JSON' | 'XML' = 'JSON', nonce = 'n-1') {
  const request: Unsigned = {
    host: '127.0.0.1:8787',
    action: 'DescribeSnapshots',
    parameters,
    format,
    nonce,
    date: '2026-11-24T02:34:43Z',
  };
  const key = await importSecret(KEY.accessKeySecret);
  return sign(await steps(request), { accessKeyId: KEY.accessKeyId, key });
}

const text = fc.string({ unit: 'binary' }).map((s) => s.toWellFormed());
const parameters = fc.dictionary(
  text.filter((s) => s !== '' && s !== '__proto__'),
  text,
  { maxKeys: 6 },
);

test('signs what an independent signer signs, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(parameters, fc.constantFrom('JSON' as const, 'XML' as const), async (fields, format) => {
      const ours = await signed(fields, format);
      const theirs = signByHeaders(KEY, '127.0.0.1:8787', 'DescribeSnapshots', fields, {
        place: 'form',
        format,
        nonce: 'n-1',
        now: NOW,
      });
      expect(ours.authorization).toBe(theirs.headers['authorization']);
      expect(ours.target).toBe(theirs.target);
      expect(ours.body).toBe(theirs.body);
    }),
    { numRuns: 200 },
  );
});

test('signs by the older signature what an independent signer signs', async () => {
  const credentials = await credentialsOf(KEY.accessKeyId, KEY.accessKeySecret);
  await fc.assert(
    fc.asyncProperty(parameters, fc.constantFrom('JSON' as const, 'XML' as const), async (fields, format) => {
      const request = { host: 'h', action: 'DescribeSnapshots', parameters: fields, format };
      const made = stepsV1({ ...request, nonce: 'n-1', date: '2026-11-24T02:34:43Z' }, KEY.accessKeyId);
      const ours = await signV1(made, credentials);
      const options = { place: 'form', format, nonce: 'n-1', now: NOW } as const;
      const theirs = signByParameters(KEY, 'DescribeSnapshots', fields, options);
      const sorted = (body: string) => body.split('&').sort();
      expect(sorted(ours.body)).toEqual(sorted(theirs.body));
      expect(ours.target).toBe(theirs.target);
    }),
    { numRuns: 200 },
  );
});

test('the published example of the older signature', async () => {
  // With the parameters of the public document, but for the method: POST here.
  const request = {
    host: 'h',
    action: 'DescribeRegions',
    parameters: {},
    format: 'XML',
    nonce: 'n',
  } as const;
  const made = stepsV1({ ...request, date: '2016-02-23T12:46:24Z', securityToken: 'a+b' }, 'testid');
  expect(made.stringToSign).toMatch(
    /^POST&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26/,
  );
  expect(made.canonicalRequest).toContain('SecurityToken=a%2Bb');
});

test('a security token is signed as a header', async () => {
  const request = { host: 'h', action: 'A', parameters: {}, format: 'JSON', nonce: 'n', date: 'd' } as const;
  const done = await steps({ ...request, securityToken: 'tok' });
  expect(done.canonicalRequest).toContain('\nx-acs-security-token:tok\n');
  expect(done.signedHeaders.split(';')).toContain('x-acs-security-token');
});

test('names are ordered by their bytes, and every awkward character is encoded', () => {
  // In UTF-16 the second would come first.
  expect(encodeParameters({ '\uffee': '1', '\u{1f600}': '2' })).toBe('%EF%BF%AE=1&%F0%9F%98%80=2');
  expect(encodeParameters({ k: "a b*~!'()/中+&=" })).toBe('k=a%20b%2A~%21%27%28%29%2F%E4%B8%AD%2B%26%3D');
});

test('the secret cannot be read back from the key', async () => {
  const key = await importSecret('testsecret');
  await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
});
