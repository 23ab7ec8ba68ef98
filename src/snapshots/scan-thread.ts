/**
 * The main thread's side of one worker thread: calls with answers.
 *
 * Invariants: every call is answered; when the thread dies all waiting calls fail with Worker.Died, later ones too; an
 * idle thread does not keep the process alive.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { EcdError } from '../errors.ts';
import type { Answers, Ask, Call, Reply, WorkerSettings } from './scan-messages.ts';

/** Heap of a worker without its buffers: far above what a batch needs, far below what would hurt the host. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: EcdError) => void;
}

export class ScanThread {
  /** Batches given to this thread that are not finished. */
  load = 0;
  /** Output buffers that can be given to an `encode` again. */
  readonly spare: ArrayBuffer[] = [];
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #death: EcdError | null = null;

  constructor(settings: WorkerSettings) {
    // The published package carries .js where the checkout has .ts.
    const file = new URL(`./scan-worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(file, { workerData: settings, resourceLimits: LIMITS, execArgv: [] });
    this.#worker.on('message', (reply: Reply) => this.#onReply(reply));
    this.#worker.on('error', (error) => this.#die(error.message, error));
    this.#worker.on('exit', (code) => this.#die(`exit code ${code}`));
    this.#worker.unref();
  }

  get dead(): boolean {
    return this.#death !== null;
  }

  /** Throws what the worker threw, or Worker.Died. */
  call<K extends Ask['kind']>(ask: Extract<Ask, { kind: K }>): Promise<Answers[K]> {
    return new Promise((resolve, reject) => {
      if (this.#death !== null) {
        reject(this.#death);
        return;
      }
      if (this.#waiting.size === 0) this.#worker.ref();
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      const { output = null } = ask as { readonly output?: ArrayBuffer | null };
      this.#worker.postMessage({ id, ask } satisfies Call, output === null ? [] : [output]);
    });
  }

  /** Ends the thread, with whatever it does. */
  async end(): Promise<void> {
    this.#die('the scan pool was closed');
    await this.#worker.terminate();
  }

  #onReply(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (reply.ok) waiting?.resolve(reply.value as never);
    else {
      const { code, details, text } = reply.error;
      waiting?.reject(new EcdError(code, details, new Error(text)));
    }
  }

  #die(reason: string, cause?: unknown): void {
    this.#death ??= new EcdError('Worker.Died', { reason }, cause);
    for (const { reject } of this.#waiting.values()) reject(this.#death);
    this.#waiting.clear();
  }
}
