/**
 * Reads a frozen view from any thread, by the plain data of its `ReaderSpec`.
 *
 * Invariants: what is read is exactly the view, with zeros behind its end; an export of another size than the catalogue
 * knows is refused, so that no disk is ever archived under another one's tree.
 */
import { EcdError } from '../errors.ts';
import { NbdClient } from '../qemu/nbd.ts';
import type { ReaderSpec } from './types.ts';

export interface ReaderOptions {
  /** Deadline of every request in milliseconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface DiskReader {
  readonly sizeBytes: number;
  /** Fills `target` from `offset` on; what lies behind the disk's end reads as zeros. */
  readInto(target: Buffer, offset: number): Promise<void>;
  /** Ends the connection; reads still waiting are rejected. */
  close(): Promise<void>;
}

/** Opens a view for reading. Throws Nbd.Failed or Cancelled. */
export async function openReader(spec: ReaderSpec, options: ReaderOptions = {}): Promise<DiskReader> {
  const client = await NbdClient.connect({
    socket: spec.socket,
    exportName: spec.exportName,
    ...options,
  });
  if (client.size !== spec.sizeBytes) {
    await client.close();
    const reason = `the export has ${client.size} bytes, the disk ${spec.sizeBytes}`;
    throw new EcdError('Nbd.Failed', { operation: 'connect', reason });
  }
  return {
    sizeBytes: client.size,
    async readInto(target, offset) {
      const inside = Math.max(0, Math.min(target.length, client.size - offset));
      target.fill(0, inside);
      if (inside > 0) await client.readInto(target.subarray(0, inside), offset);
    },
    close: () => client.close(),
  };
}
