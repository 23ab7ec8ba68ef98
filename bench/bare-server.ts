/** What a server on node:http can answer at most when all it does is to verify the signature of each request. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeParameters, queryOf } from '../src/api/parameters.ts';
import { stringToSignV1, verifyV1 } from '../src/api/signature-v1.ts';

const { AccessKeySecret } = JSON.parse(process.env['BENCH_KEY']!) as { AccessKeySecret: string };

const server = createServer((request, response) => {
  const parameters = new Map<string, string>();
  decodeParameters(queryOf(request.url ?? ''), parameters, 100);
  const signed = stringToSignV1(request.method ?? '', parameters);
  const valid = verifyV1(AccessKeySecret, signed, 'HMAC-SHA1', parameters.get('Signature') ?? '');
  const body = JSON.stringify({ RequestId: 'R', Snapshots: [] });
  response.writeHead(valid ? 200 : 403, {
    'content-type': 'application/json',
    'content-length': body.length,
  });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
