/**
 * Calls as Terraform's provider for this product makes them: rpc-client sends the system parameters in the query and all
 * others in a chunked form, as the provider's own client does. What it waits for is waited for here, without its pauses.
 */
import { expect } from 'vitest';
import type { Fields, Room } from './room.ts';
import { type SdkCall, sdk } from './sdk.ts';

/** A value of a request as the provider builds it: its client makes `X.1` of lists. */
export type Value = string | number | boolean | readonly (string | number)[];
export type Values = Readonly<Record<string, Value>>;

export class Provider {
  readonly #client: SdkCall;

  constructor({ service }: Room) {
    this.#client = sdk('rpc-client', service.host, service.key);
  }

  /** With the RegionId that the provider is set to, if `parameters` have no other. */
  send(action: string, parameters: Values): Promise<Fields> {
    // rpc-client takes values of any kind, whatever its types say.
    return this.#client(action, { RegionId: 'cn-hangzhou', ...parameters } as Record<string, string>);
  }

  /** The first of a list, which is what a resource is read by; undefined: it is gone. */
  async one(action: string, list: string, parameters: Values): Promise<Fields | undefined> {
    return ((await this.send(action, parameters))[list] as Fields[])[0];
  }

  /** All pages, as its data sources read them. */
  async pages(action: string, list: string, parameters: Values, size: number): Promise<Fields[]> {
    const all: Fields[] = [];
    const request: Record<string, Value> = { ...parameters, MaxResults: size };
    for (;;) {
      const answer = await this.send(action, request);
      all.push(...(answer[list] as Fields[]));
      const next = answer['NextToken'];
      if (typeof next !== 'string' || next === '') return all;
      request['NextToken'] = next;
    }
  }
}

/** Reads until the thing is in the state, or gone for ''. */
export async function wait(
  read: () => Promise<Fields | undefined>,
  field: string,
  wanted: string,
): Promise<Fields> {
  for (const deadline = Date.now() + 120_000; ; ) {
    const found = await read();
    if (found === undefined ? wanted === '' : found[field] === wanted) return found ?? {};
    expect(Date.now(), `${field} is ${wanted}: ${JSON.stringify(found)}`).toBeLessThan(deadline);
    await new Promise((done) => setTimeout(done, 200));
  }
}
