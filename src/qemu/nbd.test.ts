import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NbdClient } from './nbd.ts';

const SIZE = 1024 * 1024;
const ACK = 1;
const INFO = 3;
let folder: string;
let socket: string;
let server: Server;
let connections: Socket[];

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number) =>
  Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
const u64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};
const GREETING = Buffer.concat([Buffer.from('NBDMAGICIHAVEOPT'), u16(3)]);
const optionReply = (option: number, type: number, payload = Buffer.alloc(0)) =>
  Buffer.concat([u64(0x3e889045565a9n), u32(option), u32(type), u32(payload.length), payload]);
const EXPORT = optionReply(7, INFO, Buffer.concat([u16(0), u64(BigInt(SIZE)), u16(0x4d)]));
const WELCOME = Buffer.concat([GREETING, optionReply(8, ACK), EXPORT, optionReply(7, ACK)]);

/** A server that sends `first`, then calls `onRequest` for each request after the handshake (52 bytes of it). */
function serve(first: Buffer, onRequest: (request: Buffer, peer: Socket) => void): void {
  server = createServer((peer) => {
    connections.push(peer);
    peer.on('error', () => {});
    peer.write(first);
    let received = Buffer.alloc(0);
    let handshake = 4 + 16 + 16 + 4 + 1 + 2;
    peer.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (handshake > 0 && received.length >= handshake) {
        received = received.subarray(handshake);
        handshake = 0;
      }
      while (handshake === 0 && received.length >= 28) {
        onRequest(received.subarray(0, 28), peer);
        received = received.subarray(28);
      }
    });
  }).listen(socket);
}

function dataReply(request: Buffer, fill = 7): Buffer {
  const length = request.readUInt32BE(24);
  return Buffer.concat([
    u32(0x668e33ef),
    u16(1),
    u16(1),
    request.subarray(8, 16),
    u32(length + 8),
    request.subarray(16, 24),
    Buffer.alloc(length, fill),
  ]);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nbd-'));
  socket = join(folder, 's');
  connections = [];
});
afterEach(() => {
  for (const peer of connections) peer.destroy();
  server?.close();
  rmSync(folder, { recursive: true });
});

const connect = (options: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  NbdClient.connect({ socket, exportName: 'd', ...options });

test('a long read is many requests, never more than 16 in flight', async () => {
  let open = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  serve(WELCOME, (request, peer) => {
    expect(request.readUInt32BE(24)).toBeLessThanOrEqual(64 * 1024);
    most = Math.max(most, ++open);
    waiting.push(() => {
      open--;
      peer.write(dataReply(request));
    });
    setTimeout(() => waiting.pop()?.(), 1);
  });
  const client = await connect();
  expect([client.size, client.readOnly]).toEqual([SIZE, false]);
  const [whole, part] = await Promise.all([client.read(0, SIZE), client.read(100_000, 300_000)]);
  expect(whole.equals(Buffer.alloc(SIZE, 7)) && part.equals(Buffer.alloc(300_000, 7))).toBe(true);
  expect(most).toBe(16);
  await client.close();
  await expect(client.read(0, 1)).rejects.toMatchObject({ code: 'Nbd.Failed' });
});

test('a lost connection rejects everything, then and later', async () => {
  let count = 0;
  serve(WELCOME, (_, peer) => ++count === 2 && peer.destroy());
  const client = await connect();
  const results = await Promise.allSettled([client.read(0, 512), client.read(512, 512), client.flush()]);
  for (const result of results) expect(result).toMatchObject({ reason: { code: 'Nbd.Failed' } });
  await expect(client.read(0, 1)).rejects.toThrow('closed by the server');
  await client.close();
});

test('a server that ends its side only is a lost connection too', async () => {
  serve(WELCOME, (_, peer) => peer.end());
  const client = await connect();
  await expect(client.read(0, 512)).rejects.toMatchObject({ code: 'Nbd.Failed' });
});

test('a late answer closes the connection: its buffer may be in use again', async () => {
  serve(WELCOME, (request, peer) => request.readUInt32BE(20) === 0 && peer.write(dataReply(request)));
  const client = await connect({ timeoutMs: 80 });
  await client.read(0, 512);
  await expect(client.read(512, 512)).rejects.toThrow('no answer within 80 ms');
  await expect(client.read(0, 512)).rejects.toMatchObject({ code: 'Nbd.Failed' });
});

test('an answer that this process was too late to read is not late', async () => {
  serve(WELCOME, (request, peer) => peer.write(dataReply(request)));
  const client = await connect({ timeoutMs: 200 });
  const read = client.read(0, 512);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  expect((await read).equals(Buffer.alloc(512, 7))).toBe(true);
  await client.close();
});

test('a silent handshake ends by its deadline, an absent server at once', async () => {
  serve(GREETING, () => {});
  await expect(connect({ timeoutMs: 50 })).rejects.toThrow('no answer within 50 ms');
  const nowhere = NbdClient.connect({ socket: join(folder, 'none'), exportName: 'd' });
  await expect(nowhere).rejects.toMatchObject({ code: 'Nbd.Failed' });
});

test.each<[string, Buffer, string]>([
  ['no NBD', Buffer.alloc(18, 65), 'no NBD server'],
  [
    'a refused export',
    Buffer.concat([GREETING, optionReply(8, ACK), optionReply(7, 0x80000006)]),
    'refused option 7',
  ],
  ['no structured replies', Buffer.concat([GREETING, optionReply(8, 0x80000001)]), 'refused option 8'],
  [
    'an over-long answer',
    Buffer.concat([GREETING, optionReply(8, ACK, Buffer.alloc(0)).fill(255, 16)]),
    'bytes to an',
  ],
  ['another option', Buffer.concat([GREETING, optionReply(7, ACK)]), 'never sent'],
  ['no size', Buffer.concat([GREETING, optionReply(8, ACK), optionReply(7, ACK)]), 'size of the export'],
])('a handshake with %s fails', async (_, bytes, reason) => {
  serve(bytes, () => {});
  const error = (await connect({ timeoutMs: 2000 }).catch((e: unknown) => e)) as Error;
  expect(error).toMatchObject({ code: 'Nbd.Failed' });
  expect(error.message).toContain(reason);
});

test('a reply against the protocol closes the connection', async () => {
  serve(WELCOME, (_, peer) => peer.write(Buffer.alloc(64, 1)));
  const client = await connect();
  await expect(client.read(0, 512)).rejects.toThrow('broke the protocol');
  await expect(client.read(0, 512)).rejects.toMatchObject({ code: 'Nbd.Failed' });
});

test('the signal ends the connection as Cancelled', async () => {
  serve(WELCOME, () => {});
  const abort = new AbortController();
  const client = await connect({ signal: abort.signal });
  const read = client.read(0, 512);
  abort.abort();
  await expect(read).rejects.toMatchObject({ code: 'Cancelled' });
  await expect(connect({ signal: abort.signal })).rejects.toMatchObject({ code: 'Cancelled' });
});

test('ranges outside of the export are refused without asking', async () => {
  serve(WELCOME, () => {});
  const client = await connect();
  await expect(client.read(SIZE - 1, 2)).rejects.toThrow('outside');
  await expect(client.read(-1, 2)).rejects.toThrow('outside');
  await expect(client.blockStatus(0, 1)).rejects.toThrow('no meta context');
  await client.close();
});
