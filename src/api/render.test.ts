import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EcdError, publicError } from '../errors.ts';
import { renderError } from './render-error.ts';
import { renderJson } from './render-json.ts';
import { escapeXml, renderXml } from './render-xml.ts';

const ID = '3EB7FCEE-D731-4948-85A3-4B2C341CA983';

test('JSON begins with the RequestId', () => {
  expect(renderJson(ID, {})).toBe(`{"RequestId":"${ID}"}`);
  expect(JSON.parse(renderJson(ID, { Snapshots: [], Name: '中"' }))).toEqual({
    RequestId: ID,
    Snapshots: [],
    Name: '中"',
  });
});

test('XML repeats an array under its own name, without a wrapper', () => {
  const response = {
    NextToken: undefined,
    Snapshots: [
      { SnapshotId: 's-1', RemainTime: -1, Users: ['Alice', 'Bob'] },
      { SnapshotId: 's-2', Encrypted: false, Users: [] },
    ],
    Empty: [],
  };
  expect(renderXml('DescribeSnapshots', ID, response)).toBe(
    `<?xml version='1.0' encoding='UTF-8'?><DescribeSnapshotsResponse><RequestId>${ID}</RequestId>` +
      '<Snapshots><SnapshotId>s-1</SnapshotId><RemainTime>-1</RemainTime><Users>Alice</Users><Users>Bob</Users></Snapshots>' +
      '<Snapshots><SnapshotId>s-2</SnapshotId><Encrypted>false</Encrypted></Snapshots></DescribeSnapshotsResponse>',
  );
});

test('XML holds every character, or says that it cannot', () => {
  expect(escapeXml(`<a href="x">&'</a>]]>`)).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&apos;&lt;/a&gt;]]&gt;');
  expect(escapeXml('a\r\n\tb')).toBe('a&#13;\n\tb');
  expect(escapeXml('\0\x01\x08\x0b\x0c\x1f\uFFFE\uFFFF\uD800')).toBe('\uFFFD'.repeat(9));
  expect(escapeXml('😀\u{10FFFF}')).toBe('😀\u{10FFFF}');
});

test('escaped text comes back', () => {
  const plain = (xml: string) =>
    xml.replace(
      /&(amp|lt|gt|quot|apos|#13);/g,
      (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#13': '\r' })[name]!,
    );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeXml(text);
      const held = [...text.toWellFormed()].map((c) =>
        /^[\t\n\r\u0020-\uFFFD]$|^[\u{10000}-\u{10FFFF}]$/u.test(c) ? c : '\uFFFD',
      );
      expect(plain(escaped)).toBe(held.join(''));
      expect(escaped).not.toMatch(/[<>"'\r\0]/);
    }),
    { numRuns: 2000 },
  );
});

test('a refusal leads to this server', () => {
  const error = new EcdError('MissingParameter', { parameter: 'RegionId' });
  const url = 'https://ecd.example.org:8787';
  const recommend = `${url}/console/errors?q=MissingRegionId&product=ecd&requestId=${ID}`;
  const json = renderError(error, ID, 'JSON', url);
  expect(json).toMatchObject({
    status: 400,
    code: 'MissingRegionId',
    contentType: 'application/json;charset=utf-8',
  });
  expect(JSON.parse(json.body)).toEqual({
    RequestId: ID,
    HostId: 'ecd.example.org:8787',
    Code: 'MissingRegionId',
    Message: 'RegionId is mandatory for this action.',
    Recommend: recommend,
  });
  const xml = renderError(error, ID, 'XML', url);
  expect(xml.contentType).toBe('text/xml;charset=utf-8');
  expect(xml.body).toBe(
    `<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>${ID}</RequestId><HostId>ecd.example.org:8787</HostId>` +
      `<Code>MissingRegionId</Code><Message>RegionId is mandatory for this action.</Message><Recommend><![CDATA[${recommend}]]></Recommend></Error>`,
  );
});

test('a parameter name of the client cannot leave the CDATA or the link', () => {
  const { body } = renderError(
    new EcdError('MissingParameter', { parameter: ']]><x>&"' }),
    ID,
    'XML',
    'http://h',
  );
  expect(body).toContain('q=Missing%5D%5D%3E%3Cx%3E%26%22&product');
  expect(body.split(']]>')).toHaveLength(2);
});

test('failures of our own machinery are hidden', () => {
  expect(publicError(new Error('secret')).code).toBe('InternalError');
  expect(publicError(new EcdError('Qemu.CommandFailed', { command: 'x', reason: 'secret' })).code).toBe(
    'InternalError',
  );
  expect(publicError(new EcdError('Vault.Unavailable', { reason: 'secret' })).code).toBe(
    'ServiceUnavailable',
  );
  expect(publicError(new EcdError('OperationConflict')).code).toBe('OperationConflict');
  expect(publicError(new Error('secret')).message).not.toContain('secret');
});
