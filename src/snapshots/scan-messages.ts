/** What the main thread and a scan's worker threads say to each other: plain data, large buffers transferred. */
import type { ReaderSpec } from '../disks/types.ts';
import type { ErrorCode, ErrorDetails } from '../errors.ts';

export interface WorkerSettings {
  readonly chunkSize: number;
  /** Most chunks of one `hash` call. */
  readonly batchChunks: number;
}

export type Ask =
  /** Opens a connection to the view for scan `scan`. */
  | { readonly kind: 'open'; readonly scan: number; readonly spec: ReaderSpec; readonly timeoutMs: number }
  /** Reads chunks and names them; their content is kept under `batch` until `encode`. */
  | {
      readonly kind: 'hash';
      readonly scan: number;
      readonly batch: number;
      readonly indexes: readonly number[];
    }
  /** Encodes those chunks of the batch (by position in it), into `output` if given, and forgets the batch. */
  | {
      readonly kind: 'encode';
      readonly batch: number;
      readonly wanted: readonly number[];
      readonly output: ArrayBuffer | null;
    }
  /** Closes the connection; reads under way are rejected. */
  | { readonly kind: 'close'; readonly scan: number };

export interface Answers {
  open: undefined;
  /** 32 bytes for each chunk. */
  hash: { readonly names: Uint8Array };
  encode: EncodedBatch;
  close: undefined;
}

/** Encoded chunks one behind the other from the start of one buffer, so that a batch is one transfer. */
export interface EncodedBatch {
  readonly parts: readonly { readonly codec: number; readonly rawLength: number; readonly length: number }[];
  readonly output: ArrayBuffer;
}

export interface Call {
  readonly id: number;
  readonly ask: Ask;
}

export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: Answers[keyof Answers] }
  | { readonly id: number; readonly ok: false; readonly error: WireError };

export interface WireError {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly text: string;
}
