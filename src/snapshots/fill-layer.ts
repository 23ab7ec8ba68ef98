/**
 * Writes the difference of two trees into a layer.
 *
 * Invariants: only chunks whose names differ are fetched and written; every chunk is verified against its name before it
 * is written; chunks that became zero are written as zeros, not left out; at most IN_FLIGHT chunks are held at once.
 */
import type { LayerWriter } from '../disks/types.ts';
import { EcdError } from '../errors.ts';
import { type Root, type Vault, ZERO_NAME } from '../vault/index.ts';

const IN_FLIGHT = 16;

/** Makes content `source` (null: zeros) into `target` by writing to `writer`; gives the number of chunks written, and tells each. */
export async function fillLayer(
  vault: Vault,
  writer: LayerWriter,
  source: Root | null,
  target: Root,
  sizeBytes: number,
  signal: AbortSignal,
  onChunk: () => void = () => {},
): Promise<number> {
  const underWay = new Set<Promise<void>>();
  let failed: unknown;
  let count = 0;
  const run = (work: Promise<void>) => {
    const tracked = work
      .catch((error: unknown) => {
        failed ??= error;
      })
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  for await (const { index, to } of vault.diff(source, target)) {
    if (failed !== undefined || signal.aborted) break;
    const offset = index * vault.chunkSize;
    const length = Math.min(vault.chunkSize, sizeBytes - offset);
    if (length <= 0) break;
    count++;
    run(writeChunk(vault, writer, offset, length, to).then(onChunk));
    if (underWay.size >= IN_FLIGHT) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  if (failed !== undefined) throw failed;
  if (signal.aborted) throw new EcdError('Cancelled', { reason: 'the service stops' });
  return count;
}

async function writeChunk(
  vault: Vault,
  writer: LayerWriter,
  offset: number,
  length: number,
  name: Buffer,
): Promise<void> {
  if (name.equals(ZERO_NAME)) return writer.zero(offset, length);
  const chunk = await vault.getChunk(name);
  await writer.write(offset, chunk.subarray(0, length));
}
