import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalQuery, encode, equalSecretly } from './canonical.ts';
import { decodeParameters } from './parameters.ts';
import { mismatchV1, signV1, stringToSignV1, verifyV1 } from './signature-v1.ts';
import { canonicalRequest, parseAuthorization, signV3, stringToSignV3, verifyV3 } from './signature-v3.ts';

const map = (fields: Record<string, string>) => new Map(Object.entries(fields));
const text = fc.string({ unit: 'binary' }).map((s) => s.toWellFormed());
const name = text.filter((s) => s !== '');

/** The encoding byte by byte, as the documents say it. */
function naiveEncode(value: string): string {
  const unreserved = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~';
  let out = '';
  for (const byte of Buffer.from(value, 'utf8')) {
    const c = String.fromCharCode(byte);
    out += unreserved.includes(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function naiveCanonical(parameters: ReadonlyMap<string, string>): string {
  return [...parameters]
    .map(([k, v]) => [Buffer.from(k), v] as const)
    .sort(([a], [b]) => Buffer.compare(a, b))
    .map(([k, v]) => `${naiveEncode(k.toString())}=${naiveEncode(v)}`)
    .join('&');
}

describe('SignatureVersion 1.0', () => {
  const common = { AccessKeyId: 'testid', SignatureMethod: 'HMAC-SHA1', SignatureVersion: '1.0' };
  test.each([
    [
      'the documents, XML',
      {
        ...common,
        Action: 'DescribeRegions',
        Format: 'XML',
        SignatureNonce: '3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf',
        Timestamp: '2016-02-23T12:46:24Z',
        Version: '2014-05-26',
      },
      'OLeaidS1JvxuMvnyHOwuJ+uX5qY=',
    ],
    [
      'the documents, JSON',
      {
        ...common,
        Action: 'DescribeDedicatedHosts',
        Format: 'JSON',
        RegionId: 'cn-beijing',
        SignatureNonce: 'edb2b34af0af9a6d14deaf7c1a5315eb',
        Timestamp: '2023-03-13T08:34:30Z',
        Version: '2014-05-26',
      },
      '9NaGiOspFP5UPcwX8Iwt2YJXXuk=',
    ],
    [
      'pop-core, every awkward character',
      {
        ...common,
        Action: 'DescribeSnapshots',
        Format: 'JSON',
        MaxResults: '10',
        RegionId: 'cn-hangzhou',
        SignatureNonce: 'bf809107c553e7f62f5ff504d10a9a17',
        SnapshotName: "a b*~!'()/中文+&=",
        Timestamp: '2026-11-24T02:34:43Z',
        Version: '2020-09-30',
      },
      '7mo79V3JSK21rkHkcjmcd5b3v5M=',
    ],
  ])('gives the signature of %s', (_name, fields, signature) => {
    const signed = stringToSignV1('GET', map({ ...fields, Signature: 'not signed' }));
    expect(signV1('testsecret', signed)).toBe(signature);
    expect(verifyV1('testsecret', signed, 'HMAC-SHA1', signature)).toBe(true);
    expect(verifyV1('testsecreT', signed, 'HMAC-SHA1', signature)).toBe(false);
  });

  test('signs the string that pop-core signs', () => {
    const signed = stringToSignV1('GET', map({ SnapshotName: "a b*~!'()/中", AccessKeyId: 'testid' }));
    expect(signed).toBe(
      'GET&%2F&AccessKeyId%3Dtestid%26SnapshotName%3Da%2520b%252A~%2521%2527%2528%2529%252F%25E4%25B8%25AD',
    );
    expect(mismatchV1(signed).split(':').slice(1).join(':')).toBe(signed);
  });

  test('keeps empty values and orders by bytes', () => {
    expect(canonicalQuery(map({ 'SnapshotId.2': 'b', 'SnapshotId.10': 'a', SignatureType: '' }))).toBe(
      'SignatureType=&SnapshotId.10=a&SnapshotId.2=b',
    );
    expect(canonicalQuery(map({ '\u{1F600}': '1', '\uFFFD': '2' }))).toBe('%EF%BF%BD=2&%F0%9F%98%80=1');
  });

  test('equals an independent implementation, also with SHA-256', () => {
    fc.assert(
      fc.property(fc.dictionary(name, text, { maxKeys: 8 }), fc.boolean(), (fields, sha256) => {
        const parameters = map(fields);
        parameters.delete('Signature');
        const naive = `POST&%2F&${naiveEncode(naiveCanonical(parameters))}`;
        const hash = createHmac(sha256 ? 'sha256' : 'sha1', 'secret&')
          .update(naive)
          .digest('base64');
        const signed = stringToSignV1('POST', parameters);
        expect(signed).toBe(naive);
        expect(signV1('secret', signed, sha256 ? 'HMAC-SHA256' : 'HMAC-SHA1')).toBe(hash);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('ACS3-HMAC-SHA256', () => {
  test.each([
    [
      'the documents',
      'YourAccessKeySecret',
      {
        host: 'ecs.cn-shanghai.aliyuncs.com',
        'x-acs-action': 'RunInstances',
        'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        'x-acs-date': '2023-10-26T10:22:32Z',
        'x-acs-signature-nonce': '3156853299f313e23d1673dc12e1703d',
        'x-acs-version': '2014-05-26',
      },
      { ImageId: 'win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd', RegionId: 'cn-shanghai' },
      '7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259',
      '06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0',
    ],
    [
      'a real client',
      'testsecret',
      {
        host: '127.0.0.1:18080',
        'x-acs-action': 'DeleteSnapshot',
        'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        'x-acs-credentials-provider': 'static_ak',
        'x-acs-date': '2026-11-24T02:34:45Z',
        'x-acs-signature-nonce': 'c644bf360f39c1da093adc61c3817245',
        'x-acs-version': '2020-09-30',
      },
      {
        RegionId: 'cn-hangzhou',
        'SnapshotId.1': 's-1',
        'SnapshotId.2': 's-2',
        'Tag.1.Key': 'k',
        'Tag.1.Value': 'v',
      },
      '2ae25d19738f3a8e53a8619d0979a9dfa7e21279407212fbd658b647cd217413',
      'b231fa46c5678da9aa67434ba6fce11be2c2fe4566f8388d472329553e700443',
    ],
  ])('gives the signature of %s', (_name, secret, headers, query, requestHash, signature) => {
    const names = Object.keys(headers).sort();
    const authorization = { names, signedHeaders: names.join(';') };
    const empty = createHash('sha256').update('').digest('hex');
    const canonical = canonicalRequest('POST', map(query), headers, authorization, empty, headers.host);
    expect(stringToSignV3(canonical)).toBe(`ACS3-HMAC-SHA256\n${requestHash}`);
    expect(signV3(secret, stringToSignV3(canonical))).toBe(signature);
    expect(verifyV3(secret, stringToSignV3(canonical), signature)).toBe(true);
  });

  test('reads Authorization headers and refuses what is none', () => {
    const parsed = parseAuthorization(
      'ACS3-HMAC-SHA256 Credential=AK,SignedHeaders=host;x-acs-date,Signature=ab',
    );
    expect(parsed).toEqual({
      accessKeyId: 'AK',
      signedHeaders: 'host;x-acs-date',
      names: ['host', 'x-acs-date'],
      signature: 'ab',
    });
    for (const [header, code] of [
      ['ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature=b', 'InvalidSignatureMethod'],
      ['ACS3-HMAC-SHA256 Credential=a,Signature=b', 'IncompleteSignature'],
      ['ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=b', 'IncompleteSignature'],
      ['ACS3-HMAC-SHA256 Credential=a,SignedHeaders=Host,Signature=b', 'IncompleteSignature'],
      ['Basic abc', 'IncompleteSignature'],
    ] as const)
      expect(() => parseAuthorization(header)).toThrow(expect.objectContaining({ code }));
  });
});

test('a text of the wire is encoded, decoded and encoded again without loss', () => {
  fc.assert(
    fc.property(fc.dictionary(name, text, { maxKeys: 8 }), (fields) => {
      const parameters = map(fields);
      for (const wire of [canonicalQuery(parameters), new URLSearchParams([...parameters]).toString()]) {
        const decoded = new Map<string, string>();
        decodeParameters(wire, decoded, 100);
        expect(decoded).toEqual(parameters);
      }
    }),
    { numRuns: 2000 },
  );
});

test('encodes like the documents', () => {
  fc.assert(fc.property(text, (t) => encode(t) === naiveEncode(t)));
});

test('compares texts of any lengths', () => {
  expect(equalSecretly('abc', 'abc')).toBe(true);
  for (const other of ['', 'ab', 'abd', 'abcd', '中文', 'ABC'])
    expect(equalSecretly('abc', other)).toBe(false);
});
