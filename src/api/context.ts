/** What an operation learns of its request. The abort signal is made only when an operation asks for it. */
import type { ServerResponse } from 'node:http';
import type { RequestContext } from '../operations/operation.ts';

export class DoorContext implements RequestContext {
  readonly requestId: string;
  readonly accessKeyId: string;
  readonly userName: string;
  readonly claim: RequestContext['claim'];
  readonly publicHost: string;
  readonly alsoMade: RequestContext['alsoMade'];
  readonly #response: ServerResponse;
  readonly #stopping: AbortSignal | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    fields: Omit<RequestContext, 'signal'>,
    response: ServerResponse,
    stopping: AbortSignal | undefined,
  ) {
    this.requestId = fields.requestId;
    this.accessKeyId = fields.accessKeyId;
    this.userName = fields.userName;
    this.claim = fields.claim;
    this.publicHost = fields.publicHost;
    this.alsoMade = fields.alsoMade;
    this.#response = response;
    this.#stopping = stopping;
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const gone = new AbortController();
      if (this.#response.destroyed) gone.abort();
      else this.#response.once('close', () => this.#response.writableFinished || gone.abort());
      this.#signal =
        this.#stopping === undefined ? gone.signal : AbortSignal.any([gone.signal, this.#stopping]);
    }
    return this.#signal;
  }
}
