/**
 * A worker thread of a scan: reads chunks of a frozen view, names them, and compresses those that are asked for.
 *
 * Invariants: a batch's content stays in its slab from `hash` to `encode`; a slab is used again only when nothing reads
 * into it any more; the event loop runs between two chunks, so that the sockets never wait for a whole batch.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { type DiskReader, openReader } from '../disks/reader.ts';
import { describeError, EcdError } from '../errors.ts';
import { chunkName, encodeChunk, NAME_BYTES } from '../vault/codec.ts';
import type { Answers, Ask, Call, EncodedBatch, Reply, WorkerSettings } from './scan-messages.ts';

const { chunkSize, batchChunks } = workerData as WorkerSettings;
const port = parentPort!;
const readers = new Map<number, DiskReader>();
const batches = new Map<number, { scan: number; slab: Buffer; names: Buffer }>();
const freeSlabs: Buffer[] = [];

port.on('message', ({ id, ask }: Call) => {
  answer(ask).then(
    ([value, transfer]) => port.postMessage({ id, ok: true, value } satisfies Reply, transfer),
    (cause: unknown) => {
      const error = cause instanceof EcdError ? cause : new EcdError('InternalError', {}, cause);
      const wire = { code: error.code, details: error.details, text: describeError(error.cause ?? error) };
      port.postMessage({ id, ok: false, error: wire } satisfies Reply);
    },
  );
});

async function answer(ask: Ask): Promise<[value: Answers[Ask['kind']], transfer: ArrayBuffer[]]> {
  switch (ask.kind) {
    case 'open':
      readers.set(ask.scan, await openReader(ask.spec, { timeoutMs: ask.timeoutMs }));
      return [undefined, []];
    case 'hash': {
      const names = await hash(ask.scan, ask.batch, ask.indexes);
      return [{ names }, [names.buffer]];
    }
    case 'encode': {
      const encoded = await encode(ask.batch, ask.wanted, ask.output);
      return [encoded, [encoded.output]];
    }
    case 'close': {
      const reader = readers.get(ask.scan);
      readers.delete(ask.scan);
      forget(ask.scan);
      await reader?.close();
      return [undefined, []];
    }
  }
}

async function hash(scan: number, batch: number, indexes: readonly number[]) {
  const reader = readers.get(scan);
  if (reader === undefined) throw ended();
  const slab = freeSlabs.pop() ?? Buffer.allocUnsafeSlow(chunkSize * batchChunks);
  const names = new Uint8Array(indexes.length * NAME_BYTES);
  const results = await Promise.allSettled(
    indexes.map(async (index, i) => {
      const chunk = slab.subarray(i * chunkSize, (i + 1) * chunkSize);
      await reader.readInto(chunk, index * chunkSize);
      names.set(chunkName(chunk), i * NAME_BYTES);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined || !readers.has(scan)) {
    freeSlabs.push(slab);
    throw failed?.reason ?? ended();
  }
  batches.set(batch, { scan, slab, names: Buffer.from(names) });
  return names;
}

async function encode(
  batch: number,
  wanted: readonly number[],
  given: ArrayBuffer | null,
): Promise<EncodedBatch> {
  const held = batches.get(batch);
  if (held === undefined) throw ended();
  const { slab, names } = held;
  batches.delete(batch);
  try {
    // An encoded chunk is never longer than the chunk, so a whole batch always fits.
    const output = given ?? new ArrayBuffer(wanted.length === 0 ? 0 : chunkSize * batchChunks);
    const parts = [];
    let at = 0;
    for (const i of wanted) {
      const chunk = slab.subarray(i * chunkSize, (i + 1) * chunkSize);
      const name = names.subarray(i * NAME_BYTES, (i + 1) * NAME_BYTES);
      const { codec, rawLength, data } = encodeChunk(chunk, name);
      new Uint8Array(output, at, data.length).set(data);
      at += data.length;
      parts.push({ codec, rawLength, length: data.length });
      if (data.buffer !== slab.buffer) release(data);
      await nextTurn();
    }
    return { parts, output };
  } finally {
    freeSlabs.push(slab);
  }
}

/**
 * Gives a buffer's memory back at once. Left to the collector, each thread would hold 64 MiB of such garbage, as it
 * hardly looks at memory outside of its heap.
 */
function release(data: Buffer): void {
  const { buffer } = data;
  // The pool that small buffers share has exactly poolSize bytes.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}

/** Batches of a scan that ended before they were asked for. */
function forget(scan: number): void {
  for (const [batch, held] of batches) {
    if (held.scan !== scan) continue;
    batches.delete(batch);
    freeSlabs.push(held.slab);
  }
}

function ended(): EcdError {
  return new EcdError('Cancelled', { reason: 'the scan has ended' });
}
