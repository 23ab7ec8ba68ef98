import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Job, Jobs } from './nbd-jobs.ts';
import { ReplyParser } from './nbd-parser.ts';
import { Chunk, Command, type CommandCode, encodeRequest } from './nbd-protocol.ts';

/** A reply chunk to the request of that cookie. */
function chunk(cookie: number, type: number, last: boolean, payload: Buffer): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32BE(0x668e33ef, 0);
  head.writeUInt16BE(last ? 1 : 0, 4);
  head.writeUInt16BE(type, 6);
  const request = Buffer.alloc(28);
  encodeRequest(request, 0, { command: 0, flags: 0, cookie, offset: 0, length: 0 });
  request.copy(head, 8, 8, 16);
  head.writeUInt32BE(payload.length, 16);
  return Buffer.concat([head, payload]);
}

function simple(cookie: number, error: number): Buffer {
  const reply = chunk(cookie, 0, false, Buffer.alloc(0)).subarray(0, 16);
  reply.writeUInt32BE(0x67446698, 0);
  reply.writeUInt32BE(error, 4);
  return reply;
}

const u64 = (value: number, rest: Buffer = Buffer.alloc(0)) => {
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(BigInt(value));
  return Buffer.concat([head, rest]);
};
const u32 = (...values: number[]) => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, i * 4);
  return bytes;
};
const data = (cookie: number, last: boolean, offset: number, bytes: Buffer) =>
  chunk(cookie, Chunk.OFFSET_DATA, last, u64(offset, bytes));
const hole = (cookie: number, last: boolean, offset: number, length: number) =>
  chunk(cookie, Chunk.OFFSET_HOLE, last, u64(offset, u32(length)));
const failure = (cookie: number, error: number, text: string) => {
  const head = Buffer.alloc(6);
  head.writeUInt32BE(error, 0);
  head.writeUInt16BE(text.length, 4);
  return chunk(cookie, Chunk.ERROR, true, Buffer.concat([head, Buffer.from(text)]));
};

function ask(jobs: Jobs, command: CommandCode, offset: number, length: number, step: number) {
  const buffer = Buffer.alloc(length, 0xee);
  const done = Promise.withResolvers<void>();
  done.promise.catch(() => {});
  const job: Job = {
    command,
    flags: 0,
    offset,
    length,
    step,
    buffer,
    extents: new Map(),
    resolve: done.resolve,
    reject: done.reject,
    sent: 0,
    inFlight: 0,
    error: null,
  };
  jobs.add(job);
  return { job, buffer, done: done.promise };
}

/** A started read of 64 bytes at 1,000 as request 0, and the parser that hears its replies. */
function started(command: CommandCode = Command.READ, contexts: number[] = []) {
  const jobs = new Jobs(contexts);
  const asked = ask(jobs, command, 1000, 64, 64);
  jobs.next(0);
  return { ...asked, jobs, parser: new ReplyParser(jobs) };
}

test('reads are right however replies are cut, ordered and split', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ offset: fc.nat(500), length: fc.integer({ min: 1, max: 200 }) }), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.integer({ min: 1, max: 64 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      fc.infiniteStream(fc.nat(1000)),
      async (reads, step, pieces, cuts, order) => {
        // Every other 24 bytes are zeros, so that some pieces are holes.
        const disk = Buffer.from(Array.from({ length: 800 }, (_, i) => (i % 48 < 24 ? 0 : (i % 251) + 1)));
        const jobs = new Jobs([]);
        const parser = new ReplyParser(jobs);
        const asked = reads.map(({ offset, length }) => ask(jobs, Command.READ, offset, length, step));
        const queues: Buffer[][] = [];
        for (let request = jobs.next(0); request !== null; request = jobs.next(0)) {
          const { cookie, offset, length } = request;
          const queue: Buffer[] = [];
          for (let at = offset; at < offset + length; ) {
            const end = Math.min(at + pieces.next().value, offset + length);
            const bytes = disk.subarray(at, end);
            const zero = bytes.every((byte) => byte === 0);
            queue.push(zero ? hole(cookie, false, at, end - at) : data(cookie, false, at, bytes));
            at = end;
          }
          queues.push([...queue, chunk(cookie, Chunk.NONE, true, Buffer.alloc(0))]);
        }
        const stream: Buffer[] = [];
        while (queues.length > 0) {
          const turn = order.next().value % queues.length;
          stream.push(queues[turn]!.shift()!);
          if (queues[turn]!.length === 0) queues.splice(turn, 1);
        }
        const bytes = Buffer.concat(stream);
        for (let at = 0; at < bytes.length; ) {
          const end = at + cuts.next().value;
          parser.feed(bytes.subarray(at, end));
          at = end;
        }
        await Promise.all(asked.map(({ done }) => done));
        for (const { job, buffer } of asked) {
          expect(buffer.equals(disk.subarray(job.offset, job.offset + job.length))).toBe(true);
        }
        expect(jobs.inFlight).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});

const bytes = Buffer.alloc(64, 1);
test.each<[string, Buffer[]]>([
  ['a request never made', [data(7, true, 1000, bytes)]],
  ['a cookie that is not ours', [Buffer.concat([u32(0x668e33ef, 0x10000, 0, 0, 0)])]],
  ['an unknown magic number', [Buffer.alloc(16, 3)]],
  ['data before the range', [data(0, true, 999, bytes)]],
  ['data behind the range', [data(0, true, 1001, bytes)]],
  ['too much data', [data(0, true, 1000, Buffer.alloc(65))]],
  ['too little data', [data(0, true, 1000, bytes.subarray(1))]],
  [
    'the same data twice',
    [data(0, false, 1000, bytes.subarray(32)), data(0, true, 1031, bytes.subarray(31))],
  ],
  ['a gap hidden by an overlap', [data(0, false, 1000, bytes.subarray(32)), hole(0, true, 1016, 32)]],
  ['an empty data chunk', [data(0, true, 1000, Buffer.alloc(0))]],
  ['an empty hole', [hole(0, true, 1000, 0)]],
  ['an over-long chunk', [u32(0x668e33ef, 0x18001, 0x4f454344, 0, 0x7fffffff)]],
  ['a success without data', [chunk(0, Chunk.NONE, true, Buffer.alloc(0))]],
  ['a simple success for a read', [simple(0, 0)]],
  ['a block status for a read', [chunk(0, Chunk.BLOCK_STATUS, true, u32(1, 64, 0))]],
  ['an unknown chunk type', [chunk(0, 99, true, Buffer.alloc(4))]],
  ['an error chunk whose text is cut off', [chunk(0, Chunk.ERROR, true, u32(5, 0x00ff0000))]],
  ['a reply after the last', [data(0, true, 1000, bytes), data(0, true, 1000, bytes)]],
])('%s is refused', (_, replies) => {
  const { parser } = started();
  expect(() => parser.feed(Buffer.concat(replies))).toThrowError(
    expect.objectContaining({ name: 'NbdProtocolError' }),
  );
});

test('an error fails its job alone, when nothing of it is in flight any more', async () => {
  const jobs = new Jobs([]);
  const parser = new ReplyParser(jobs);
  const first = ask(jobs, Command.READ, 0, 192, 64);
  const second = ask(jobs, Command.READ, 500, 64, 64);
  jobs.next(0);
  jobs.next(0);
  parser.feed(failure(0, 5, 'disk broken'));
  let settled = false;
  first.done.catch(() => {}).finally(() => (settled = true));
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  parser.feed(data(1, true, 64, bytes));
  await expect(first.done).rejects.toThrow('EIO, disk broken');
  // The failed job's third part is not asked for any more.
  expect(jobs.next(0)!.job).toBe(second.job);
  parser.feed(data(2, true, 500, bytes));
  await second.done;
});

test('block status is clipped to the request, and refused when it is not what was asked', async () => {
  const good = started(Command.BLOCK_STATUS, [1, 2]);
  good.parser.feed(chunk(0, Chunk.BLOCK_STATUS, false, u32(1, 32, 3, 4096, 0)));
  good.parser.feed(chunk(0, Chunk.BLOCK_STATUS, true, u32(2, 10, 1)));
  await good.done;
  expect([...good.job.extents]).toEqual([
    [
      1,
      [
        { length: 32, flags: 3 },
        { length: 32, flags: 0 },
      ],
    ],
    [2, [{ length: 10, flags: 1 }]],
  ]);
  for (const payload of [u32(3, 64, 0), u32(1), u32(1, 64), u32(1, 0, 0), u32(1, 64, 0, 1, 0)]) {
    const { parser } = started(Command.BLOCK_STATUS, [1]);
    expect(() => parser.feed(chunk(0, Chunk.BLOCK_STATUS, true, payload))).toThrow();
  }
  const { parser } = started(Command.BLOCK_STATUS, [1, 2]);
  expect(() => parser.feed(chunk(0, Chunk.BLOCK_STATUS, true, u32(1, 64, 0)))).toThrow(
    'without every context',
  );
});

test('a write ends by a simple reply, and fails by one', async () => {
  const good = started(Command.WRITE);
  good.parser.feed(simple(0, 0));
  await good.done;
  const bad = started(Command.WRITE);
  bad.parser.feed(simple(0, 28));
  await expect(bad.done).rejects.toThrow('ENOSPC');
});
