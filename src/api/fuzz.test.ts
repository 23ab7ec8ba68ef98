/** Arbitrary requests: whatever comes, the door answers or closes, soon, and never with a 5xx. */
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeForm, signedV1 } from './testing/sign.ts';
import { startToyDoor, type ToyDoor } from './testing/toy-door.ts';

/** For each kind; the full suite runs longer. */
const FUZZ_MS = Number(process.env['OPENECD_FUZZ_MS'] ?? 1500);
let toy: ToyDoor;
beforeAll(async () => {
  toy = await startToyDoor({ settings: { headersTimeoutMs: 1000, requestTimeoutMs: 1500 } });
});
afterAll(() => toy.close());

/** The first line of the answer, or '' when the server closes without one. Fails when nothing happens. */
function exchange(bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(toy.port, '127.0.0.1', () => socket.end(bytes));
    let text = '';
    const timer = setTimeout(
      () => reject(new Error(`hangs: ${JSON.stringify(bytes.toString('latin1'))}`)),
      5000,
    );
    socket.on('data', (part) => (text += part.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

const bytes = fc.uint8Array({ maxLength: 200 }).map((b) => Buffer.from(b));
const word = fc.oneof(
  fc.constantFrom(
    'Action',
    'Format',
    'Version',
    'AccessKeyId',
    'Signature',
    'SnapshotId.1',
    'Tag.1.Key',
    '%',
    '%ff',
    '+',
  ),
  fc.string({ maxLength: 20 }).map(almostEncoded),
);
const form = fc
  .array(fc.tuple(word, word), { maxLength: 12 })
  .map((p) => p.map(([k, v]) => `${k}=${v}`).join('&'));
const header = fc.tuple(
  fc.constantFrom(
    'Authorization',
    'x-acs-action',
    'x-acs-date',
    'x-acs-version',
    'x-acs-content-sha256',
    'x-acs-signature-nonce',
    'Content-Type',
    'Content-Encoding',
    'Transfer-Encoding',
    'Expect',
    'Upgrade',
    'Connection',
    'X-Any',
  ),
  fc.oneof(
    fc.constantFrom(
      'chunked',
      'Upgrade',
      '100-continue',
      'ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host,Signature=00',
    ),
    fc.string({ unit: 'binary-ascii', maxLength: 30 }).map((v) => v.replace(/[\r\n]/g, '')),
  ),
);
const http = fc
  .tuple(
    fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'BREW'),
    form,
    fc.array(header, { maxLength: 6 }),
    fc.oneof(form.map(Buffer.from), bytes),
    fc.boolean(),
  )
  .map(([method, query, headers, body, length]) =>
    Buffer.concat([
      Buffer.from(
        `${method} /?${query} HTTP/1.1\r\nHost: x\r\n${headers.map(([k, v]) => `${k}: ${v}\r\n`).join('')}${length ? `Content-Length: ${body.length}\r\n` : ''}\r\n`,
        'latin1',
      ),
      body,
    ]),
  );
// Signed right, so that the noise reaches the operations.
const signed = fc
  .tuple(
    fc.constantFrom('DescribeEcho', 'CreateSnapshot'),
    fc.dictionary(
      fc.constantFrom(
        'RegionId',
        'SnapshotName',
        'SnapshotId',
        'SnapshotId.1',
        'SnapshotId.x.y',
        'Tag',
        'Tag.1.Key',
        'Tag.1',
        'MaxResults',
        'Format',
      ),
      fc.oneof(
        fc.string({ unit: 'binary' }).map((s) => s.toWellFormed()),
        fc.json(),
        fc.integer().map(String),
      ),
    ),
  )
  .map(([Action, fields]) =>
    Buffer.from(
      `GET /?${encodeForm(signedV1({ Action, ...fields }))} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    ),
  );

test.each([
  ['bytes', bytes],
  ['HTTP', http],
  ['signed', signed],
] as const)(
  '%s',
  async (_name, arbitrary) => {
    let answered = 0;
    const run = async (input: Buffer) => {
      const text = await exchange(input);
      if (text !== '') answered++;
      expect(text, JSON.stringify(input.toString('latin1'))).toMatch(/^$|^HTTP\/1\.1 [1234]\d\d /);
      expect(text).not.toMatch(/HTTP\/1\.1 5\d\d /);
    };
    await fc.assert(fc.asyncProperty(arbitrary, run), {
      numRuns: 1_000_000,
      interruptAfterTimeLimit: FUZZ_MS,
      markInterruptAsFailure: false,
    });
    expect(answered).toBeGreaterThan(20);
    expect(toy.logs).toEqual([]);
  },
  FUZZ_MS + 20_000,
);

/** Percent-encodes most of a text, and leaves some of it as it is. */
function almostEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/%2[0-9]/g, (c) => (c === '%20' ? '+' : c));
}
